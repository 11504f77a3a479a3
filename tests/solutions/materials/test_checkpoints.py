"""Checkpoints are made once, whole, and never mistaken for those of another version."""

import pytest
import torch

from solutions.materials import checkpoints
from solutions.materials.checkpoints import Checkpoint, cached


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", str(tmp_path))
    return tmp_path


class Maker:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Checkpoint:
        self.calls += 1
        return Checkpoint({"weight": torch.arange(3.0)}, {"loss": [1.5, 0.5]})


def test_a_checkpoint_is_made_once_and_comes_back_as_it_was():
    maker = Maker()
    for _ in range(2):
        checkpoint = cached("model", {"seed": 1}, [Maker], maker)
        assert torch.equal(checkpoint.tensors["weight"], torch.arange(3.0))
        assert checkpoint.record == {"loss": [1.5, 0.5]}
    assert maker.calls == 1


def test_other_settings_make_another_checkpoint():
    maker = Maker()
    cached("model", {"seed": 1}, [Maker], maker)
    cached("model", {"seed": 2}, [Maker], maker)
    assert maker.calls == 2


def test_other_code_makes_another_checkpoint():
    settings = {"seed": 1}
    assert checkpoints.digest(settings, [Maker]) != checkpoints.digest(settings, [Checkpoint])


def test_words_about_the_code_do_not_count_and_what_it_does_counts():
    source = 'def f(x):\n    """Say."""\n    return x + 1  # why\n'
    assert checkpoints.instructions(source) == checkpoints.instructions(
        'def f(x):\n    """Say more."""\n\n    return (x + 1)\n'
    )
    assert checkpoints.instructions(source) != checkpoints.instructions(
        'def f(x):\n    """Say."""\n    return x + 2  # why\n'
    )


def test_it_is_remade_when_asked():
    maker = Maker()
    cached("model", {}, [Maker], maker)
    cached("model", {}, [Maker], maker, remake=True)
    assert maker.calls == 2


def test_a_damaged_checkpoint_is_remade(cache):
    maker = Maker()
    cached("model", {}, [Maker], maker)
    (path,) = cache.glob("checkpoints/*")
    path.write_bytes(path.read_bytes()[:-7])
    cached("model", {}, [Maker], maker)
    assert maker.calls == 2


def test_an_interrupted_run_leaves_nothing_behind(cache):
    def interrupted() -> Checkpoint:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached("model", {}, [Maker], interrupted)
    assert not list(cache.glob("checkpoints/*"))


def test_a_write_that_fails_leaves_nothing_behind(cache, monkeypatch):
    def full(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(OSError, match="No space"):
        cached("model", {}, [Maker], Maker())
    assert not list(cache.glob("checkpoints/*"))
