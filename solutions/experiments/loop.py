"""The training loop, the same for every model of the course.

PyTorch's fused AdamW, its gradient clipping and its cross-entropy do what `training.adamw_step`,
`training.clip_gradients` and `training.masked_cross_entropy` write out; the schedule is
`training.learning_rate`.

Models are trained on the CPU, where the same seeds give the same bits. Set the environment variable
`INSIDE_LANGUAGE_MODELS_DEVICE` to `cuda` or `mps` for another device, or to `auto` for a GPU where
there is one.
"""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from solutions.training import IGNORED, learning_rate

KEPT_EVERY = 30  # seconds, where a training can be carried on


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to train.

    Attributes:
        steps: the number of updates.
        peak: the highest learning rate.
        warmup_steps: updates until the peak.
        floor: the learning rate at the end.
        weight_decay: applied to matrices and embeddings, not to biases and norms.
        betas: AdamW's two decay rates.
        maximum_norm: gradients are clipped to this joint norm.
    """

    steps: int
    peak: float = 1e-3
    warmup_steps: int = 0
    floor: float = 0.0
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    maximum_norm: float = 1.0


@dataclass
class History:
    """What a run left behind, one entry for each time the observer was called.

    Attributes:
        steps: updates made before the observation, so 0 is the untrained model.
        observations: what the observer returned.
        losses: the training loss of every update.
        seconds: the time spent in updates, observations not counted.
    """

    steps: list[int] = field(default_factory=list)
    observations: list[dict[str, Any]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def column(self, name: str) -> list[Any]:
        """Return one observed quantity over time."""
        return [observation[name] for observation in self.observations]


def training_device() -> torch.device:
    """Say where models are trained: on the CPU, or where the environment variable says.

    Raises:
        ValueError: PyTorch does not know, or cannot use, the device it names.
    """
    name = os.environ.get("INSIDE_LANGUAGE_MODELS_DEVICE", "cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            f"INSIDE_LANGUAGE_MODELS_DEVICE is {name!r}, which PyTorch cannot use here: "
            "say cpu, cuda, mps or auto"
        ) from error
    return device


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, since sums split between threads differ in their last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


_MOST_UPDATES: ContextVar[tuple[float, list[float]]] = ContextVar(
    "most updates", default=(math.inf, [])
)
_KEPT_IN: ContextVar[Path | None] = ContextVar("kept in", default=None)


@contextlib.contextmanager
def at_most(updates: int) -> Iterator[list[float]]:
    """End every training inside after so many updates, as if it had been interrupted there.

    Gives a list to which the losses of these updates are added.
    """
    losses: list[float] = []
    token = _MOST_UPDATES.set((updates, losses))
    try:
        yield losses
    finally:
        _MOST_UPDATES.reset(token)


@contextlib.contextmanager
def kept_in(file: Path) -> Iterator[None]:
    """Keep the state of a long training inside in a file, from which the next one carries on."""
    token = _KEPT_IN.set(file)
    try:
        yield
    finally:
        _KEPT_IN.reset(token)
    file.unlink(missing_ok=True)


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Give what `training.masked_cross_entropy` gives, in one kernel.

    Args:
        logits: (..., vocabulary_size).
        targets: (...), int64; -100 marks a position to leave out. At least one is not left out.
    """
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORED)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Divide the trainable parameters: matrices decay, vectors (biases, norms) do not."""
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.dim() < 2], "weight_decay": 0.0},
    ]


def train(
    model: nn.Module,
    loss: Callable[[nn.Module, int], Tensor],
    recipe: Recipe,
    observe: Callable[[int], dict[str, Any]] | None = None,
    observed_steps: Iterable[int] | None = None,
    generator: torch.Generator | None = None,
) -> History:
    """Train a model in place and return what was seen on the way.

    Args:
        model: any module; only parameters that require a gradient are trained.
        loss: takes the model and the number of the step (from 0), draws a batch and returns
            the loss to be lowered, a 0-d tensor.
        recipe: how long and how fast.
        observe: called with the number of updates made so far, without gradients.
        observed_steps: when to call it; by default before the first and after the last update.
        generator: the only source of randomness of `loss`. With it the training can be carried on
            from the file that `kept_in` names.

    Raises:
        FloatingPointError: as soon as a loss is not finite. The message says at which step.
    """
    optimizer = torch.optim.AdamW(
        parameter_groups(model, recipe.weight_decay), lr=recipe.peak, betas=recipe.betas, fused=True
    )
    trainable = [p for p in model.parameters() if p.requires_grad]
    observed = {0, recipe.steps} if observed_steps is None else set(observed_steps)
    most, told = _MOST_UPDATES.get()
    steps = int(min(recipe.steps, most))
    run = _Run(model, optimizer, generator, _KEPT_IN.get() if generator else None)
    history = run.history

    def look(step: int, as_step: int | None = None) -> None:
        if observe is None or (step if as_step is None else as_step) not in observed:
            return
        if step not in history.steps:  # else a run that carries on has seen it
            with torch.no_grad():
                history.steps.append(step)
                history.observations.append(observe(step))

    for step in range(run.carry_on(), steps):
        look(step)
        started = time.perf_counter()
        rate = learning_rate(step, recipe.peak, recipe.warmup_steps, recipe.steps, recipe.floor)
        for group in optimizer.param_groups:
            group["lr"] = rate
        value = loss(model, step)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(trainable, recipe.maximum_norm)
        history.losses.append(value.item())
        if not math.isfinite(history.losses[-1]):
            raise FloatingPointError(
                f"the loss is {history.losses[-1]} at step {step}: lower the learning rate"
            )
        optimizer.step()
        history.seconds += time.perf_counter() - started
        run.keep_now_and_then()
    look(steps, as_step=recipe.steps)
    told += history.losses if math.isfinite(most) else []
    return history


class _Run:
    """A training under way, kept in a file every now and then."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        generator: torch.Generator | None,
        file: Path | None,
    ) -> None:
        """Begin with nothing seen."""
        self.model, self.optimizer, self.generator = model, optimizer, generator
        self.file, self.kept_at = file, time.monotonic()
        self.history = History()

    def carry_on(self) -> int:
        """Take up what the file has; gives how many updates have been made."""
        if self.file is None or not self.file.is_file():
            return 0
        kept = torch.load(self.file, weights_only=True)
        self.model.load_state_dict(kept["model"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.generator.set_state(kept["generator"])
        for name, value in kept["history"].items():
            setattr(self.history, name, value)
        print(f"carrying on after {len(self.history.losses):,} updates", flush=True)
        return len(self.history.losses)

    def keep_now_and_then(self) -> None:
        """Write the state of the training if the last time is a while ago."""
        if self.file is None or time.monotonic() - self.kept_at < KEPT_EVERY:
            return
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "history": vars(self.history),
        }
        unfinished = self.file.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(self.file)
        self.kept_at = time.monotonic()
