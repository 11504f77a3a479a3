"""The base model fine-tuned, again and again: every run of the chapter on training stages.

Each run is kept by itself, so an interrupted series goes on where it stopped. `python -m
solutions.fine_tuned` makes all of them anew and prints what came out.
"""

import argparse
import copy
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions import corpora, fine_tuning, instructions, loop, transformer
from solutions.base_model import (
    CONFIGURATION,
    base_model,
    excerpt,
    measure_bits_per_byte,
    stream,
    vocabulary,
    weights_digest,
)
from solutions.checkpoints import Checkpoint, cached
from solutions.fine_tuning import (
    Classifier,
    Method,
    batches_of_like_length,
    pad_examples,
    pad_right,
)
from solutions.instructions import Part, Question
from solutions.loop import Recipe, one_thread, train, training_device
from solutions.training import instruction_example, last_token_features, lora_forward, lora_merge
from solutions.transformer import Transformer

SEEDS = (0, 1, 2)
SOURCES = (
    *(corpora, fine_tuning, instructions, loop, transformer, measure_bits_per_byte, excerpt),
    *(instruction_example, last_token_features, lora_forward, lora_merge),
)

Start = Literal["base model", "random weights"]


def start_from(start: Start, seed: int) -> Transformer:
    """Return a copy of the base model, or its configuration with random weights."""
    if start == "base model":
        model = copy.deepcopy(base_model().model)
    else:
        generator = torch.Generator().manual_seed(seed)
        model = Transformer(CONFIGURATION, causal=True, generator=generator)
    return model.to(training_device()).train()


def base_loss(model: Transformer) -> float:
    """Measure a model at what it was pretrained for: bits per byte of the held-out excerpt."""
    held_out = excerpt(stream("validation"))
    return measure_bits_per_byte(model, held_out, vocabulary().byte_lengths())


def _kept(
    name: str,
    settings: dict[str, Any],
    sources: tuple[Callable[..., Any], ...],
    make: Callable[[], Checkpoint],
    remake: bool,
) -> Checkpoint:
    everything = {
        **settings,
        "base": weights_digest(base_model().model),
        "device": training_device().type,
    }

    def on_one_thread() -> Checkpoint:
        print(f"{name}: training", flush=True)
        with one_thread():
            return make()

    name = name.replace(" ", "-").lower()
    made_by = (*SOURCES, *sources, start_from, base_loss)
    return cached(name, everything, made_by, on_one_thread, remake=remake)


# --- (a) classifying review sentences --------------------------------------------------------

LABELS = 2_500  # sentences to learn from
SENTENCE_TOKENS = 96
EPOCHS = 2
BATCH = 16
PEAKS: dict[Method, float] = {"full": 1e-3, "last block": 2e-3, "head": 1e-2, "LoRA": 4e-3}
WAYS: tuple[tuple[Start, Method], ...] = (
    ("base model", "full"),
    ("base model", "last block"),
    ("base model", "head"),
    ("base model", "LoRA"),
    ("random weights", "full"),
)


@dataclass(frozen=True)
class Sentences:
    """Movie-review sentences, with label 1 where people's mean score is above zero, else 0."""

    texts: list[str]
    labels: Tensor  # (n,), int64


def sentences(split: corpora.Split) -> Sentences:
    """Return every movie-review sentence of a split with its label."""
    reviews = corpora.reviews("movies", split)
    return Sentences(
        [review.sentence for review in reviews],
        torch.tensor([int(review.score > 0) for review in reviews]),
    )


def test_documents() -> list[str]:
    """Return the review that each test sentence comes from."""
    return [review.document for review in corpora.reviews("movies", "test")]


def drawn_labels(seed: int, count: int = LABELS) -> list[int]:
    """Draw which training sentences are labeled; another seed draws others."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(len(sentences("train").texts), generator=generator)[:count].tolist()


def labeled_sentences(seed: int) -> Sentences:
    """Return the training sentences that a seed draws, with their labels."""
    every, chosen = sentences("train"), drawn_labels(seed)
    return Sentences([every.texts[i] for i in chosen], every.labels[chosen])


@dataclass(frozen=True)
class Classified:
    """What a run of classification came to.

    Attributes:
        right: for each test sentence, whether its class was found.
        trained: how many numbers were trained.
        seconds: how long the updates took.
        base_bits: bits per byte of the base model's held-out excerpt afterwards; for LoRA with
            the adapters in place.
    """

    right: list[bool]
    trained: int
    seconds: float
    base_bits: float


def classify(start: Start, method: Method, seed: int, *, remake: bool = False) -> Classified:
    """Fine-tune a classifier of review sentences, or return the run from the cache."""
    settings = {
        "start": start,
        "method": method,
        "seed": seed,
        "labels": LABELS,
        "tokens": SENTENCE_TOKENS,
        "epochs": EPOCHS,
        "batch": BATCH,
        "peak": PEAKS[method],
    }

    def run() -> Checkpoint:
        return Checkpoint({}, asdict(_classify(start, method, seed)))

    name = f"classifier {start} {method} {seed}"
    made_by = (_classify, drawn_labels, labeled_sentences, predicts, sentences)
    return Classified(**_kept(name, settings, made_by, run, remake).record)


def _classify(start: Start, method: Method, seed: int) -> Classified:
    words, device = vocabulary(), training_device()
    generator = torch.Generator().manual_seed(seed)
    classifier = Classifier(start_from(start, seed), 2, generator).to(device)
    fine_tuning.prepare(classifier, method, generator=generator)
    data = labeled_sentences(seed)
    rows = [words.encode(text)[:SENTENCE_TOKENS] for text in data.texts]
    lengths = [len(row) for row in rows]
    batches = [
        batch for _ in range(EPOCHS) for batch in batches_of_like_length(lengths, BATCH, generator)
    ]

    def loss(model: Classifier, step: int) -> Tensor:
        chosen = batches[step]
        tokens, real = pad_right([rows[i] for i in chosen], SENTENCE_TOKENS)
        return F.cross_entropy(
            model(tokens.to(device), real.to(device)), data.labels[chosen].to(device)
        )

    peak = PEAKS[method]
    history = train(classifier, loss, Recipe(len(batches), peak, len(batches) // 10))
    classifier.eval()
    return Classified(
        right=predicts(classifier, sentences("test")),
        trained=fine_tuning.count_trained(classifier),
        seconds=history.seconds,
        base_bits=base_loss(classifier.body),
    )


@torch.no_grad()
def predicts(classifier: Classifier, data: Sentences) -> list[bool]:
    """Say of each sentence whether the classifier gives it its label."""
    words, device = vocabulary(), next(classifier.parameters()).device
    rows = [words.encode(text) for text in data.texts]
    right: list[bool] = []
    for start in range(0, len(rows), 64):
        tokens, real = pad_right(rows[start : start + 64], SENTENCE_TOKENS)
        found = classifier(tokens.to(device), real.to(device)).argmax(dim=1).cpu()
        right += (found == data.labels[start : start + 64]).tolist()
    return right


# --- (b) following instructions --------------------------------------------------------------

Scored = Literal["answer", "whole text"]

STEPS = 400
QUESTIONS = 32  # in a batch
INSTRUCTION_PEAK = 2e-3
EXAMINED = 240  # questions in each part of the examination
PARTS: tuple[tuple[Part, Part], ...] = (
    ("train", "train"),
    ("train", "held out"),
    ("held out", "train"),
    ("held out", "held out"),
)
LOOKED_AT = tuple(range(0, STEPS + 1, 50))


@dataclass(frozen=True)
class Instructed:
    """What a run of instruction came to.

    Attributes:
        model: afterwards, in evaluation mode.
        exact: for each of `PARTS`, and each of its questions, whether the answer was exact.
        steps, exact_over_time: exact match on new wordings and new words, during training.
        base_bits: bits per byte of the base model's held-out excerpt afterwards.
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


def instruct(
    seed: int, scored: Scored = "answer", start: Start = "base model", *, remake: bool = False
) -> Instructed:
    """Instruct a model on questions about lists, or return the run from the cache."""
    settings = {
        "start": start,
        "scored": scored,
        "seed": seed,
        "steps": STEPS,
        "questions": QUESTIONS,
        "peak": INSTRUCTION_PEAK,
        "examined": EXAMINED,
        "looked at": LOOKED_AT,
    }

    def run() -> Checkpoint:
        return _instruct(seed, scored, start)

    name = f"instructed {start} {scored} {seed}"
    made_by = (_instruct, exact_matches, examination)
    checkpoint = _kept(name, settings, made_by, run, remake)
    model = Transformer(CONFIGURATION, causal=True)
    model.load_state_dict(checkpoint.tensors)
    return Instructed(model.eval(), **checkpoint.record)


def _instruct(seed: int, scored: Scored, start: Start) -> Checkpoint:
    words, device = vocabulary(), training_device()
    generator = torch.Generator().manual_seed(seed)
    model = start_from(start, seed)
    example = instruction_example if scored == "answer" else instructions.whole_text_example
    unseen = examination("held out", "held out")

    def loss(model: Transformer, step: int) -> Tensor:
        asked = instructions.draw_questions(QUESTIONS, "train", "train", generator)
        encoded = [instructions.encode_question(question, words) for question in asked]
        tokens, targets = pad_examples(
            [example(prompt, answer, words.end) for prompt, answer in encoded]
        )
        return fine_tuning.answer_loss(model, tokens.to(device), targets.to(device))

    def observe(step: int) -> dict[str, float]:
        matches = exact_matches(model, unseen)
        return {"exact": sum(matches) / len(matches)}

    history = train(model, loss, Recipe(STEPS, INSTRUCTION_PEAK, STEPS // 10), observe, LOOKED_AT)
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
    parser = argparse.ArgumentParser(prog="python -m solutions.fine_tuned", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="make only what is missing")
    remake = not parser.parse_args().keep
    for seed in SEEDS:
        for start, method in WAYS:
            run = classify(start, method, seed, remake=remake)
            accuracy = sum(run.right) / len(run.right)
            print(
                f"classified, {start}, {method}, seed {seed}: accuracy {accuracy:.3f}, "
                f"{run.trained:,} trained, {run.seconds:.0f} s, {run.base_bits:.2f} bits per byte",
                flush=True,
            )
        for scored in get_args(Scored):
            told = instruct(seed, scored, remake=remake)
            exact = ", ".join(f"{sum(part) / len(part):.2f}" for part in told.exact)
            print(
                f"instructed, loss over {scored}, seed {seed}: exact {exact}, "
                f"{told.seconds:.0f} s, {told.base_bits:.2f} bits per byte",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
