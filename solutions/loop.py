"""The training loop, the same for every model of the course.

PyTorch's fused AdamW and its gradient clipping do what `training.adamw_step` and
`training.clip_gradients` write out; the schedule is `training.learning_rate`.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from solutions.training import learning_rate


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
