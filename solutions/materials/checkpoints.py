"""What was trained, shipped with the course: found by its name and its settings.

`solutions/materials/trained/NAME.json` has the settings, what was recorded of every run, and where
and how it was made; `NAME.safetensors` the weights that a page loads, in float16. Nothing here
looks at source: that the code still does what it did when these were made is held by a test, which
repeats the beginning of a training and measures the shipped weights again.
"""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from solutions.materials import packages

SHIPPED = Path(__file__).parent / "trained"


class NotTrainedError(LookupError):
    """Nothing that was trained with these settings is there; the message names the command."""


@dataclass(frozen=True)
class Checkpoint:
    """Tensors and what was recorded while they were made (anything JSON can hold)."""

    tensors: dict[str, Tensor]
    record: dict[str, Any]


@dataclass(frozen=True)
class Training:
    """Something that is trained once, in one run or several, and shipped.

    Attributes:
        name: of its module in `solutions.experiments`, with hyphens.
        settings: what the results depend on besides code; JSON.
        runs: for the name of each run what makes it, on one thread.
        beginnings: what a test repeats, for a name what makes it; every training loop in it ends
            after a few updates.
        measure: measures the weights of a run, as they are shipped; None where none are.
        after: trainings whose results this one begins from.
    """

    name: str
    settings: Callable[[], dict[str, Any]]
    runs: Mapping[str, Callable[[], Checkpoint]]
    beginnings: Mapping[str, Callable[[], Checkpoint]]
    measure: Callable[[str, Checkpoint], dict[str, float]] | None = None
    after: Sequence["Training"] = ()

    @property
    def command(self) -> str:
        """What makes it anew."""
        return f"make train {self.name}"


def trained(training: Training) -> dict[str, Checkpoint]:
    """Return the shipped runs of a training by their names, weights in float32.

    Raises:
        NotTrainedError: there are none, or they were made with other settings.
    """
    shipped = record_of(training)
    weights = _read_weights(SHIPPED / f"{training.name}.safetensors")
    return {
        run: Checkpoint(_without_prefix(f"{run}/", weights), shipped["runs"][run]["record"])
        for run in training.runs
    }


def record_of(training: Training) -> dict[str, Any]:
    """Return what the shipped file of a training says.

    Raises:
        NotTrainedError: there is none, or it was made with other settings.
    """
    file = SHIPPED / f"{training.name}.json"
    if not file.is_file():
        raise NotTrainedError(f"{training.name} has not been trained: {training.command}")
    shipped = json.loads(file.read_text("utf-8"))
    here = as_json(training.settings())
    if shipped["settings"] != here:
        other = [key for key in here if shipped["settings"].get(key) != here[key]]
        other += [key for key in shipped["settings"] if key not in here]
        raise NotTrainedError(
            f"{training.name} was trained with another {', '.join(other)}: {training.command}"
        )
    return shipped


def is_trained(training: Training) -> bool:
    """Whether the shipped file has what these settings ask for."""
    try:
        record_of(training)
    except NotTrainedError:
        return False
    return True


def ship(training: Training, made: Mapping[str, Checkpoint], details: dict[str, Any]) -> None:
    """Write all runs of a training, and what is said of them besides, for the course to read."""
    file = SHIPPED / f"{training.name}.safetensors"
    weights = {
        f"{run}/{key}": tensor.half() if tensor.is_floating_point() else tensor
        for run, one in made.items()
        for key, tensor in one.tensors.items()
    }
    if weights:
        write_tensors(file, weights)
    else:
        file.unlink(missing_ok=True)
    content = {
        "settings": as_json(training.settings()),
        "command": training.command,
        "machine": machine(),
        "weights": weights_hash(training),
        **details,
    }
    text = json.dumps(shortened(as_json(content)), ensure_ascii=False, indent=1)
    _write_whole(SHIPPED / f"{training.name}.json", lambda path: path.write_text(text + "\n"))


def weights_hash(training: Training) -> str | None:
    """Give the SHA-256 of the file of weights, or None where there is none."""
    file = SHIPPED / f"{training.name}.safetensors"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def as_shipped(checkpoint: Checkpoint) -> Checkpoint:
    """Round what was made to what is kept of it: float16 weights, seven digits of a number."""
    rounded = {
        name: tensor.half().float() if tensor.is_floating_point() else tensor
        for name, tensor in checkpoint.tensors.items()
    }
    return Checkpoint(rounded, shortened(as_json(checkpoint.record)))


def shortened(value: Any) -> Any:
    """Round every float in some JSON to seven digits, which is what float32 has."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return value


def as_json(value: Any) -> Any:
    """Turn tuples into lists and keys into text, as a file would."""
    return json.loads(json.dumps(value))


def machine() -> str:
    """Say in a few words on what something is trained."""
    names = [
        line.partition(":")[2].strip()
        for line in _lines(Path("/proc/cpuinfo"))
        if line.startswith("model name")
    ]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, one thread, PyTorch {torch.__version__.partition('+')[0]}"


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.is_file() else []


def made_once(name: str, inputs: bytes, make: Callable[[], Tensor]) -> Tensor:
    """Return a tensor that is quickly computed, from the cache if the same inputs gave it before.

    Args:
        name: what it is called in the cache.
        inputs: everything it is computed from.
        make: computes it.
    """
    digest = hashlib.sha256(inputs).hexdigest()[:16]
    path = packages.cache_folder() / "computed" / f"{name}-{digest}.safetensors"
    found = _read_weights(path)
    if not found:
        found = {"tensor": make()}
        write_tensors(path, found)
    return found["tensor"]


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors so that a reader sees all of them or nothing."""
    kept = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    _write_whole(path, lambda unfinished: save_file(kept, unfinished))


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(unfinished)
        unfinished.chmod(0o644)  # which safetensors keeps from everybody else
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Read tensors, floats as float32; none where there is no file or a damaged one."""
    if not path.is_file():
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError:
        return {}
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def _without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
