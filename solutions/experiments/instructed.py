"""The base model fine-tuned to follow instructions, with the loss on the answer or on everything.

`python -m solutions.experiments.instructed` makes all runs anew and prints what came out.
"""

import argparse
import sys
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from solutions.experiments import fine_tuning, instructions
from solutions.experiments.base_model import CONFIGURATION, base_model, vocabulary
from solutions.experiments.fine_tuned import SEEDS, base_loss, kept_run, start_from
from solutions.experiments.fine_tuning import pad_examples
from solutions.experiments.instructions import Part, Question
from solutions.experiments.loop import Recipe, train, training_device
from solutions.materials.checkpoints import Checkpoint
from solutions.training import instruction_example
from solutions.transformer import Transformer

STEPS = 240
BATCH = 32  # questions
PEAK = 2e-3
EXAMINED = 200  # questions in each part of the examination
LOOKED_AT = tuple(range(0, STEPS + 1, 40))
PARTS: tuple[tuple[Part, Part], ...] = (  # wordings, words
    ("train", "train"),
    ("train", "held out"),
    ("held out", "train"),
    ("held out", "held out"),
)

Scored = Literal["answer", "whole text"]


@dataclass(frozen=True)
class Instructed:
    """What a run came to.

    Attributes:
        model: afterwards, in evaluation mode.
        exact: for each of `PARTS`, and each of its questions, whether the answer was exact.
        steps, exact_over_time: exact match on new wordings and new words, during training.
        base_bits: bits per byte of the base model's held-out text afterwards.
        seconds: how long the updates took.
    """

    model: Transformer
    exact: list[list[bool]]
    steps: list[int]
    exact_over_time: list[float]
    base_bits: float
    seconds: float


def examination(wording_part: Part, operand_part: Part) -> list[Question]:
    """Return the questions that every model is examined on; no training draws from this seed."""
    generator = torch.Generator().manual_seed(1_000)
    return instructions.draw_questions(EXAMINED, wording_part, operand_part, generator)


def exact_matches(model: Transformer, questions: list[Question]) -> list[bool]:
    """Say of each question whether the model's answer is the right one, letter for letter."""
    written = instructions.answers(model, vocabulary(), questions)
    return [text == question.answer for text, question in zip(written, questions, strict=True)]


def instruct(seed: int, scored: Scored = "answer", *, remake: bool = False) -> Instructed:
    """Instruct the base model on questions about lists, or return the run from the cache."""
    settings = {
        "scored": scored,
        "seed": seed,
        "sizes": (STEPS, BATCH, EXAMINED),
        "peak": PEAK,
        "looked at": LOOKED_AT,
    }

    def run() -> Checkpoint:
        return _instruct(seed, scored)

    made_by = (instructions, instruction_example, exact_matches, examination, _instruct)
    name = f"instructed, loss on the {scored}, seed {seed}"
    checkpoint = kept_run(name, settings, made_by, run, remake=remake)
    model = Transformer(CONFIGURATION, causal=True)
    model.load_state_dict(checkpoint.tensors)
    return Instructed(model.eval(), **checkpoint.record)


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
        "seconds": history.seconds,
    }
    return Checkpoint(model.cpu().state_dict(), record)


def main() -> int:
    """Make every run anew, or with `--keep` only those that are missing."""
    parser = argparse.ArgumentParser(
        prog="python -m solutions.experiments.instructed", description=__doc__
    )
    parser.add_argument("--keep", action="store_true", help="make only what is missing")
    remake = not parser.parse_args().keep
    base_model()
    for seed in SEEDS:
        for scored in get_args(Scored):
            run = instruct(seed, scored, remake=remake)
            exact = ", ".join(f"{sum(part) / len(part):.2f}" for part in run.exact)
            print(
                f"loss on the {scored}, seed {seed}: exact {exact}, {run.seconds:.0f} s, "
                f"{run.base_bits:.2f} bits per byte",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
