"""Train what is shipped, run by run, so that what is interrupted carries on where it was.

`make train` makes everything anew, `make train NAME` one training. What is finished lies in the
cache until all runs of a training are there; then they are written to where the course reads them.
"""

import hashlib
import importlib
import json
import os
import pkgutil
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from solutions import experiments
from solutions.experiments.loop import at_most, kept_in, one_thread
from solutions.materials import packages
from solutions.materials.checkpoints import (
    Checkpoint,
    NotTrainedError,
    Training,
    as_json,
    as_shipped,
    is_trained,
    ship,
    shortened,
)

FIRST_UPDATES = 8
NOT_REPEATED = ("seconds",)  # of what a run records: another machine takes another time


def trainings() -> list[Training]:
    """Return every training of `solutions.experiments`, each after those it begins from."""
    ordered: dict[str, Training] = {}

    def add(training: Training) -> None:
        for earlier in training.after:
            add(earlier)
        ordered.setdefault(training.name, training)

    for module in pkgutil.iter_modules(experiments.__path__):
        found = importlib.import_module(f"{experiments.__name__}.{module.name}")
        if training := getattr(found, "TRAINING", None):
            add(training)
    return list(ordered.values())


def beginning(training: Training, name: str) -> dict[str, Any]:
    """Repeat the first updates of a training; gives their losses and what was recorded then."""
    with one_thread(), torch.enable_grad(), at_most(FIRST_UPDATES) as losses:
        made = training.beginnings[name]()
    record = {key: value for key, value in made.record.items() if key not in NOT_REPEATED}
    return shortened(as_json({"losses": losses, "record": record}))


def measured(training: Training, run: str, checkpoint: Checkpoint) -> dict[str, float]:
    """Measure a run's weights, rounded as they are shipped."""
    if training.measure is None or not checkpoint.tensors:
        return {}
    with one_thread(), torch.no_grad():
        return shortened(training.measure(run, checkpoint))


def train(training: Training) -> None:
    """Make all runs of a training that are not in the cache yet, and ship them."""
    began = time.perf_counter()
    finished = {run: _made(training, run, place) for place, run in enumerate(training.runs, 1)}
    made = {run: checkpoint for run, (checkpoint, _) in finished.items()}
    details = {
        "runs": {
            run: {"record": one.record, "measured": measured(training, run, one)}
            for run, one in made.items()
        },
        "beginnings": {name: beginning(training, name) for name in training.beginnings},
        "seconds": sum(seconds for _, seconds in finished.values()),
    }
    ship(training, made, details)
    shutil.rmtree(_unfinished(training))
    print(f"{training.name}: shipped after {time.perf_counter() - began:.0f} s", flush=True)


def _made(training: Training, run: str, place: int) -> tuple[Checkpoint, float]:
    """Make a run, or take what an interrupted training left of it; gives the seconds it took."""
    folder = _unfinished(training) / f"{place:03}"
    which = f"{training.name}: run {place} of {len(training.runs)}, {run}"
    if (folder / "finished.json").is_file():
        print(f"{which}: finished before", flush=True)
        return _read(folder)
    print(which, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with one_thread(), torch.enable_grad(), kept_in(folder / "state.pt"):
        made = as_shipped(training.runs[run]())
    torch.save(made.tensors, folder / "tensors.pt")
    seconds = time.perf_counter() - began
    finished = {"record": made.record, "seconds": seconds}
    unfinished = folder / "finishing.json"
    unfinished.write_text(json.dumps(finished))
    unfinished.replace(folder / "finished.json")
    return made, seconds


def _read(folder: Path) -> tuple[Checkpoint, float]:
    tensors = torch.load(folder / "tensors.pt", weights_only=True)
    finished = json.loads((folder / "finished.json").read_text())
    return Checkpoint(tensors, finished["record"]), finished["seconds"]


def _unfinished(training: Training) -> Path:
    """The folder of a training's runs until all are there; other settings have another one."""
    settings = json.dumps(training.settings(), sort_keys=True)
    digest = hashlib.sha256(settings.encode()).hexdigest()[:16]
    return packages.cache_folder() / "training" / f"{training.name}-{digest}"


def train_all() -> None:
    """Train everything anew; what an interrupted call has finished is not made again."""
    finished = packages.cache_folder() / "training" / "finished"
    done = finished.read_text().split() if finished.is_file() else []
    for training in trainings():
        if training.name in done:
            print(f"{training.name}: finished before the interruption", flush=True)
            continue
        train(training)
        done.append(training.name)
        finished.write_text("\n".join(done))
    finished.unlink()


def missing() -> Iterator[Training]:
    """Give what is not there with today's settings, each when those before have been made."""
    return (training for training in trainings() if not is_trained(training))


def train_missing() -> None:
    """Train what somebody's change of settings left without a result.

    Raises:
        NotTrainedError: something is missing and CI=true, where nothing is trained.
    """
    for training in missing():
        if os.environ.get("CI") == "true":
            raise NotTrainedError(f"{training.name} does not fit its settings: {training.command}")
        print(f"{training.name} does not fit its settings, so it is trained now", flush=True)
        train(training)


def named(name: str) -> Training:
    """Return a training by its name.

    Raises:
        NotTrainedError: there is none of that name; the message lists them.
    """
    known = {training.name: training for training in trainings()}
    if name not in known:
        raise NotTrainedError(f"there is no training {name!r}; there are {', '.join(known)}")
    return known[name]


def main(arguments: Sequence[str]) -> int:
    """Train all, or those named, or with `--missing` what does not fit its settings."""
    try:
        if list(arguments) == ["--missing"]:
            train_missing()
        elif arguments:
            for training in [named(name) for name in arguments]:
                train(training)
        else:
            train_all()
    except NotTrainedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next run carries on here.", file=sys.stderr)
        return 130
    return 0
