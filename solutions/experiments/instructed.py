"""The base model fine-tuned to follow instructions, with the loss on the answer or on everything.

`python -m solutions.experiments.instructed` makes all runs anew.
"""

import functools
import math
import sys
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.experiments import base_model as pretraining
from solutions.experiments import fine_tuning, instructions
from solutions.experiments.anew import main
from solutions.experiments.base_model import (
    CONFIGURATION,
    base_model,
    excerpt,
    stream,
    vocabulary,
    weights_digest,
)
from solutions.experiments.fine_tuned import SEEDS, base_loss, start_from
from solutions.experiments.fine_tuning import pad_examples
from solutions.experiments.instructions import Part, Question
from solutions.experiments.loop import Recipe, train, training_device
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.self_supervision import next_token_pairs
from solutions.training import instruction_example
from solutions.transformer import Transformer

STEPS = 240
BATCH = 32  # questions
PEAK = 2e-3
EXAMINED = 200  # questions in each part of the examination
TEMPERATURES = (1.0, 1.5, 2.0, 3.0)
LOOKED_AT = tuple(range(0, STEPS + 1, 40))
PARTS: tuple[tuple[Part, Part], ...] = (  # wordings, words
    ("train", "train"),
    ("train", "held out"),
    ("held out", "train"),
    ("held out", "held out"),
)

Scored = Literal["answer", "whole text"]
SHIPPED: tuple[int, Scored] = (SEEDS[0], "answer")  # of this run the weights are kept


@dataclass(frozen=True)
class Instructed:
    """What a run came to.

    Attributes:
        model: afterwards, in evaluation mode; None where its weights are not shipped.
        exact: for each of `PARTS`, and each of its questions, whether the answer was exact.
        steps, exact_over_time: exact match on new wordings and new words, during training.
        base_bits: bits per byte of the base model's held-out text afterwards.
        left: what `what_is_left` finds of the base model afterwards.
        seconds: how long the updates took.
    """

    model: Transformer | None
    exact: list[list[bool]]
    steps: list[int]
    exact_over_time: list[float]
    base_bits: float
    left: tuple[float, float]
    seconds: float


def examination(wording_part: Part, operand_part: Part) -> list[Question]:
    """Return the questions that every model is examined on; no training draws from this seed."""
    generator = torch.Generator().manual_seed(1_000)
    return instructions.draw_questions(EXAMINED, wording_part, operand_part, generator)


def exact_matches(model: Transformer, questions: list[Question]) -> list[bool]:
    """Say of each question whether the model's answer is the right one, letter for letter."""
    written = instructions.answers(model, vocabulary(), questions)
    return [text == question.answer for text, question in zip(written, questions, strict=True)]


@torch.no_grad()
def what_is_left(model: Transformer) -> tuple[float, float]:
    """Measure a model on the base model's held-out text, forgiving it for being too sure.

    Returns:
        The share of tokens that it holds for the likeliest, which no temperature changes; and bits
        per byte at the best of a few temperatures.
    """
    held_out = excerpt(stream("validation"))
    windows, following = next_token_pairs(held_out, CONFIGURATION.context_length)
    wanted, right, nats = following.flatten(), 0, torch.zeros(len(TEMPERATURES))
    parts = wanted.split(32 * CONFIGURATION.context_length)
    for some, answers in zip(windows.split(32), parts, strict=True):
        logits = model(some).flatten(0, 1)
        right += (logits.argmax(dim=1) == answers).sum().item()
        nats += torch.stack(
            [F.cross_entropy(logits / t, answers, reduction="sum") for t in TEMPERATURES]
        )
    text_bytes = vocabulary().byte_lengths()[wanted].sum().item()
    return right / len(wanted), nats.min().item() / math.log(2) / text_bytes


def _instruct(seed: int, scored: Scored) -> Checkpoint:
    words, device = vocabulary(), training_device()
    generator = torch.Generator().manual_seed(seed)
    model = start_from("base model", seed)
    example = instruction_example if scored == "answer" else instructions.whole_text_example
    unseen = examination("held out", "held out")

    def loss(model: Transformer, step: int) -> Tensor:
        asked = instructions.draw_questions(BATCH, "train", "train", generator)
        encoded = instructions.encode_questions(asked, words)
        examples = [example(prompt, answer, words.end) for prompt, answer in encoded]
        tokens, targets = pad_examples(examples)
        return fine_tuning.answer_loss(model, tokens.to(device), targets.to(device))

    def observe(step: int) -> dict[str, float]:
        matches = exact_matches(model, unseen)
        return {"exact": sum(matches) / len(matches)}

    recipe = Recipe(STEPS, PEAK, warmup_steps=STEPS // 10)
    history = train(model, loss, recipe, observe, LOOKED_AT)
    model.eval()
    record = {
        "exact": [exact_matches(model, examination(*part)) for part in PARTS],
        "steps": history.steps,
        "exact_over_time": history.column("exact"),
        "base_bits": base_loss(model),
        "left": what_is_left(model.cpu()),
        "seconds": history.seconds,
    }
    # a page lets one of them answer; of the others the record is enough
    return Checkpoint(model.state_dict() if (seed, scored) == SHIPPED else {}, record)


def _settings() -> dict[str, Any]:
    return {
        "sizes": (STEPS, BATCH, EXAMINED),
        "peak": PEAK,
        "looked at": LOOKED_AT,
        "seeds": SEEDS,
        "base": weights_digest(base_model().model),
    }


def _model(checkpoint: Checkpoint) -> Transformer:
    model = Transformer(CONFIGURATION, causal=True)
    model.load_state_dict(checkpoint.tensors)
    return model.eval()


def _measure(name: str, checkpoint: Checkpoint) -> dict[str, float]:
    model = _model(checkpoint)
    exact = exact_matches(model, examination("held out", "held out"))
    return {"exact": sum(exact) / len(exact), "base_bits": base_loss(model)}


RUNS = {
    f"loss on the {scored}, seed {seed}": (seed, scored)
    for seed in SEEDS
    for scored in get_args(Scored)
}
MADE_BY = {name: functools.partial(_instruct, *run) for name, run in RUNS.items()}
TRAINING = Training(
    "instructed",
    _settings,
    MADE_BY,
    beginnings={name: MADE_BY[name] for name, (seed, _) in RUNS.items() if seed == SEEDS[0]},
    measure=_measure,
    after=[pretraining.TRAINING],
)


def instruct(seed: int, scored: Scored = "answer") -> Instructed:
    """Return the base model instructed on questions about lists."""
    checkpoint = trained(TRAINING)[f"loss on the {scored}, seed {seed}"]
    return Instructed(_model(checkpoint) if checkpoint.tensors else None, **checkpoint.record)


if __name__ == "__main__":
    sys.exit(main(["instructed"]))
