"""The training loop beside transformers' GPT-2 trained by plain PyTorch, at the base model's size.

With learned positions in both, since GPT-2 has no others.

Both start from the same weights, see the same batches and follow the same recipe: warm-up and
cosine, clipping, AdamW without decay on biases and norms. Their losses must agree before they are
timed. transformers runs with its fused attention (`sdpa`), its fastest here.

Beside the tokens per second stands what the machine's arithmetic would allow: its speed at a large
product of matrices, divided by the multiplications and additions that a token needs.
"""

import copy
import math
import statistics
import time
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.timing import in_turns, report, speed_ratio
from solutions.experiments import counterparts
from solutions.experiments.base_model import BATCH
from solutions.experiments.base_model import CONFIGURATION as BASE
from solutions.experiments.loop import Recipe, token_loss, train
from solutions.training import learning_rate
from solutions.transformer import Configuration, Transformer

GOAL = 1.0
CONFIGURATION = replace(BASE, positions="learned")
RECIPE = Recipe(steps=8, peak=3e-3, warmup_steps=2)
TURNS = 11


def draw_batches() -> list[tuple[Tensor, Tensor]]:
    """Draw a batch for each step; what the tokens say makes no difference to the time."""
    shape = (RECIPE.steps, BATCH, CONFIGURATION.context_length + 1)
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(CONFIGURATION.vocabulary_size, shape, generator=generator)
    return [(batch[:, :-1], batch[:, 1:]) for batch in tokens]


def train_ours(model: Transformer, batches: list[tuple[Tensor, Tensor]]) -> list[float]:
    """Train in the course's loop; the losses."""

    def loss(model: nn.Module, step: int) -> Tensor:
        inputs, targets = batches[step]
        return token_loss(model(inputs), targets)

    return train(model, loss, RECIPE).losses


def train_theirs(model: nn.Module, batches: list[tuple[Tensor, Tensor]]) -> list[float]:
    """Train as one would in plain PyTorch; the losses."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": RECIPE.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=RECIPE.betas)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: learning_rate(step, RECIPE.peak, RECIPE.warmup_steps, RECIPE.steps),
    )
    losses = []
    for inputs, targets in batches:
        logits = model(inputs, use_cache=False).logits
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), RECIPE.maximum_norm)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def check(ours: list[float], theirs: list[float]) -> None:
    """Refuse to time two trainings that differ."""
    if not all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(ours, theirs, strict=True)):
        raise AssertionError(f"the two trainings differ: losses {ours} and {theirs}")


def operations_per_token(configuration: Configuration) -> int:
    """Count the multiplications and additions of a GPT-2's training step, for each token.

    Two for each weight of a matrix that the token is multiplied by, the output's included, and in
    each layer two for each entry of the scores and of the weighted average, of which a causal
    model needs only half; then twice as many for the backward pass (Kaplan et al. 2020, section
    2.1). Norms, activations and the softmax are left out.
    """
    width = configuration.width
    inner = configuration.feed_forward_width or 4 * width
    weights = configuration.layers * (4 * width**2 + 2 * width * inner)
    weights += width * configuration.vocabulary_size
    seen = (configuration.context_length + 1) / 2  # positions, on average
    attention = configuration.layers * 2 * 2 * width * seen
    return round(3 * (2 * weights + attention))


def operations_per_second() -> float:
    """Measure how many a product of two large matrices gets done, at best."""
    size = 1_024
    first, second = torch.randn(2, size, size)
    taken = []
    for _ in range(7):
        began = time.perf_counter()
        first @ second
        taken.append(time.perf_counter() - began)
    return 2 * size**3 / min(taken)


def main() -> None:
    """Compare both, and both with what the machine could do."""
    model = Transformer(CONFIGURATION, causal=True, generator=torch.Generator().manual_seed(0))
    theirs = counterparts.gpt2(model, "sdpa").train()
    batches = draw_batches()
    check(train_ours(copy.deepcopy(model), batches), train_theirs(copy.deepcopy(theirs), batches))
    times = in_turns(
        {
            "ours": lambda: train_ours(model, batches),
            "theirs": lambda: train_theirs(theirs, batches),
        },
        repeats=TURNS,
    )
    tokens = sum(inputs.numel() for inputs, _ in batches)
    our_rate, their_rate = (tokens / statistics.median(taken) for taken in times.values())
    per_token, per_second = operations_per_token(CONFIGURATION), operations_per_second()
    limit = per_second / per_token
    print(
        f"arithmetic limit: {per_second / 1e9:.0f} billion operations a second, measured, over "
        f"{per_token / 1e6:.1f} million a token = {limit:,.0f} tokens/s"
    )
    for name, rate in (("ours", our_rate), ("transformers + PyTorch", their_rate)):
        print(f"{name:23} {rate:7,.0f} tokens/s, {100 * rate / limit:.0f} % of the limit")
    report("training", speed_ratio(times["ours"], times["theirs"]), GOAL)


if __name__ == "__main__":
    main()
