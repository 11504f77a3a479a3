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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from solutions.training import IGNORED, learning_rate


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
    observations: list[dict[str, float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def column(self, name: str) -> list[float]:
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
    observe: Callable[[int], dict[str, float]] | None = None,
    observed_steps: Iterator[int] | range | None = None,
) -> History:
    """Train a model in place and return what was seen on the way.

    Args:
        model: any module; only parameters that require a gradient are trained.
        loss: takes the model and the number of the step (from 0), draws a batch and returns
            the loss to be lowered, a 0-d tensor.
        recipe: how long and how fast.
        observe: called with the number of updates made so far, without gradients.
        observed_steps: when to call it; by default before the first and after the last update.

    Raises:
        FloatingPointError: as soon as a loss is not finite. The message says at which step.
    """
    optimizer = torch.optim.AdamW(
        parameter_groups(model, recipe.weight_decay), lr=recipe.peak, betas=recipe.betas, fused=True
    )
    trainable = [p for p in model.parameters() if p.requires_grad]
    observed = {0, recipe.steps} if observed_steps is None else set(observed_steps)
    history = History()

    def look(step: int) -> None:
        if observe is not None and step in observed:
            with torch.no_grad():
                history.steps.append(step)
                history.observations.append(observe(step))

    for step in range(recipe.steps):
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
    look(recipe.steps)
    return history
