"""What is shipped is found by its name and settings, and is read as it was made."""

import json

import pytest
import torch

from solutions.materials import checkpoints
from solutions.materials.checkpoints import (
    Checkpoint,
    NotTrainedError,
    Training,
    as_shipped,
    is_trained,
    made_once,
    ship,
    trained,
)


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "trained")
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "trained"


def training(**settings) -> Training:
    return Training("small", lambda: settings, {"run": None}, {})


def made(values=(1.0, 2.0)) -> dict[str, Checkpoint]:
    return {"run": as_shipped(Checkpoint({"weight": torch.tensor(values)}, {"loss": (0.1, 1 / 3)}))}


def put(training: Training, **details) -> None:
    runs = {"run": {"record": made()["run"].record}}
    ship(training, made(), {"runs": runs, "seconds": 1.5, **details})


def test_what_was_made_comes_back_as_it_was():
    put(training(seed=1))
    (run,) = trained(training(seed=1)).values()
    assert torch.equal(run.tensors["weight"], torch.tensor([1.0, 2.0]))
    assert run.tensors["weight"].dtype == torch.float32
    assert run.record == {"loss": [0.1, 0.3333333]}


def test_weights_are_rounded_when_made_so_that_remade_and_shipped_agree():
    third = made([1 / 3])["run"].tensors["weight"]
    assert third.dtype == torch.float32
    assert torch.equal(third, torch.tensor([1 / 3]).half().float())
    assert not torch.equal(third, torch.tensor([1 / 3]))
    counts = as_shipped(Checkpoint({"right": torch.ones(2, dtype=torch.uint8)}, {}))
    assert counts.tensors["right"].dtype == torch.uint8


def test_settings_may_be_tuples_as_well_as_lists():
    put(training(sizes=(1, 2)))
    assert is_trained(training(sizes=[1, 2]))


@pytest.mark.parametrize("settings", [{"seed": 2}, {"seed": 1, "rate": 0.1}, {}])
def test_other_settings_are_not_trained_and_one_line_names_the_command(settings):
    put(training(seed=1))
    with pytest.raises(NotTrainedError, match=r"another (seed|rate): make train small"):
        trained(training(**settings))


def test_what_was_never_trained_says_so(shipped):
    with pytest.raises(NotTrainedError, match="small has not been trained: make train small"):
        trained(training())


def test_the_file_says_what_it_took(shipped):
    put(training(seed=1))
    said = json.loads((shipped / "small.json").read_text())
    assert said["command"] == "make train small"
    assert said["seconds"] == 1.5
    assert "PyTorch" in said["machine"]
    assert said["weights"] == checkpoints.weights_hash(training())


def test_a_write_that_fails_leaves_what_was_there(shipped, monkeypatch):
    put(training(seed=1))

    def full(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        put(training(seed=2))
    assert is_trained(training(seed=1))
    assert sorted(path.name for path in shipped.iterdir()) == ["small.json", "small.safetensors"]


def test_what_is_quickly_computed_is_computed_once_for_the_same_inputs():
    calls = []

    def make():
        calls.append(1)
        return torch.arange(3)

    for inputs in (b"a", b"a", b"b"):
        assert made_once("numbers", inputs, make).tolist() == [0, 1, 2]
    assert len(calls) == 2


def test_a_damaged_file_is_computed_again(tmp_path):
    made_once("numbers", b"a", lambda: torch.arange(3))
    (path,) = (tmp_path / "cache/computed").iterdir()
    path.write_bytes(path.read_bytes()[:-7])
    assert made_once("numbers", b"a", lambda: torch.arange(3)).tolist() == [0, 1, 2]
