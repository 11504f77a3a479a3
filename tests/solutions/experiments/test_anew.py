"""Training anew: what is interrupted carries on, and comes to the same as without."""

import pytest
import torch

from solutions.experiments import anew
from solutions.experiments.loop import Recipe, at_most, train
from solutions.materials import checkpoints
from solutions.materials.checkpoints import Checkpoint, NotTrainedError, Training, trained


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "trained")
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)


def fit(steps=30, stop_at=None):
    """Fit a line; may be interrupted."""
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)

    def loss(model, step):
        if step == stop_at:
            raise KeyboardInterrupt
        inputs = torch.randn(8, 3, generator=generator)
        return (model(inputs) - inputs.sum(dim=1, keepdim=True)).square().mean()

    history = train(
        model, loss, Recipe(steps, 0.1), lambda step: {"at": step}, (0, 10, steps), generator
    )
    record = {"losses": history.losses, "seen": history.column("at")}
    return Checkpoint(model.state_dict(), record)


def training(**runs):
    return Training("line", lambda: {"rate": 0.1}, runs, {"line": fit})


def test_a_training_carries_on_in_the_middle_of_a_run(monkeypatch):
    monkeypatch.setattr("solutions.experiments.loop.KEPT_EVERY", 0)
    with pytest.raises(KeyboardInterrupt):
        anew.train(training(line=lambda: fit(stop_at=20)))
    began = []

    def carried_on():
        made = fit()
        began.append(made)
        return made

    anew.train(training(line=carried_on))
    (run,) = trained(training(line=None)).values()
    whole = checkpoints.as_shipped(fit())
    assert run.record == whole.record
    assert all(torch.equal(run.tensors[name], whole.tensors[name]) for name in whole.tensors)


def test_runs_that_were_finished_are_not_made_again():
    made = []

    def run(name, stop=False):
        if stop:
            raise KeyboardInterrupt
        made.append(name)
        return Checkpoint({}, {"name": name})

    with pytest.raises(KeyboardInterrupt):
        anew.train(training(one=lambda: run("one"), two=lambda: run("two", stop=True)))
    anew.train(training(one=lambda: run("one"), two=lambda: run("two")))
    assert made == ["one", "two"]
    shipped = trained(training(one=None, two=None))
    assert [one.record["name"] for one in shipped.values()] == ["one", "two"]


def test_the_next_time_everything_is_made_anew():
    made = []

    def run():
        made.append(1)
        return Checkpoint({}, {})

    for _ in range(2):
        anew.train(training(one=run))
    assert len(made) == 2


def test_the_beginning_is_what_the_first_updates_give():
    begun = anew.beginning(training(line=fit), "line")
    assert begun["losses"] == checkpoints.shortened(fit().record["losses"][: anew.FIRST_UPDATES])
    assert begun["record"]["seen"] == [0, anew.FIRST_UPDATES]


def test_a_training_that_is_ended_early_gives_its_losses_and_its_last_look():
    with at_most(5) as losses:
        made = fit()
    assert made.record["losses"] == losses == fit().record["losses"][:5]


def test_another_rate_begins_otherwise():
    with at_most(8) as losses:
        fit()
    with at_most(8) as other:
        train_at_another_rate()
    assert losses[0] == other[0]
    assert losses[1:] != other[1:]


def train_at_another_rate():
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)

    def loss(model, step):
        inputs = torch.randn(8, 3, generator=generator)
        return (model(inputs) - inputs.sum(dim=1, keepdim=True)).square().mean()

    train(model, loss, Recipe(30, 0.11), generator=generator)


def test_where_ci_is_true_nothing_is_trained_and_the_command_is_named(monkeypatch):
    monkeypatch.setattr(anew, "trainings", lambda: [training(line=fit)])
    monkeypatch.setenv("CI", "true")
    with pytest.raises(NotTrainedError, match="make train line"):
        anew.train_missing()


def test_only_what_is_missing_is_trained(monkeypatch, capsys):
    monkeypatch.setattr(anew, "trainings", lambda: [training(line=fit)])
    anew.train_missing()
    assert "line does not fit its settings, so it is trained now" in capsys.readouterr().out
    anew.train_missing()
    assert capsys.readouterr().out == ""


def test_an_unknown_training_is_named_with_those_there_are(capsys):
    assert anew.main(["grocking"]) == 1
    said = capsys.readouterr().err
    assert "'grocking'" in said
    assert "grokking" in said


def test_every_training_comes_after_those_it_begins_from():
    names = [training.name for training in anew.trainings()]
    assert len(names) == len(set(names))
    for one in anew.trainings():
        assert all(names.index(before.name) < names.index(one.name) for before in one.after)
