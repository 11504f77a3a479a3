"""What examples in a prompt are worth to SmolLM2, with true labels and with random ones.

`few_shot()` returns the answers. `python -m solutions.experiments.few_shot` asks anew.
"""

import functools
import sys
import time
from typing import Any

import torch

from solutions.experiments.anew import main
from solutions.experiments.in_context import Answers, answer, draw_prompts, tasks
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.materials.pretrained import load_smollm2, smollm2_tokenizer

PROMPTS = 32  # for each task
SEED = 1  # the same for both kinds of labels, so that they meet the same questions
TASKS = ("antonym", "capital", "past tense", "plural", "first letter", "sentiment")


@functools.cache
def _asked() -> tuple[Any, Any, Any]:
    tokenizer = smollm2_tokenizer()
    return load_smollm2(), tokenizer, tasks(tokenizer)


def ask(name: str, random_labels: bool, prompts: int = PROMPTS) -> Answers:
    """Let SmolLM2 answer the questions of one task."""
    model, tokenizer, every_task = _asked()
    draw = torch.Generator().manual_seed(SEED)
    drawn = draw_prompts(every_task[name], prompts, draw, random_labels=random_labels)
    return answer(model, tokenizer, drawn)


def _run(name: str, random_labels: bool, prompts: int = PROMPTS) -> Checkpoint:
    began = time.perf_counter()
    found = ask(name, random_labels, prompts)
    seconds = time.perf_counter() - began
    tensors = {"said": found.said.to(torch.uint8), "chosen": found.chosen.to(torch.uint8)}
    right = {key: tensor.tolist() for key, tensor in tensors.items()}
    return Checkpoint(tensors, {"right": right if prompts < PROMPTS else {}, "seconds": seconds})


def _measure(run: str, checkpoint: Checkpoint) -> dict[str, float]:
    return {key: tensor.float().mean().item() for key, tensor in checkpoint.tensors.items()}


def _settings() -> dict[str, Any]:
    return {"prompts": PROMPTS, "seed": SEED, "tasks": TASKS}


RUNS = {
    f"{name}, {'random' if random else 'true'} labels": (name, random)
    for random in (False, True)
    for name in TASKS
}
TRAINING = Training(
    "few-shot",
    _settings,
    {name: functools.partial(_run, *run) for name, run in RUNS.items()},
    beginnings={"two prompts": functools.partial(_run, "antonym", True, 2)},
    measure=_measure,
)


def few_shot() -> tuple[dict[str, Answers], dict[str, Answers], float]:
    """Return the answers by task, after true labels and after random ones, and the seconds."""
    found: tuple[dict[str, Answers], dict[str, Answers]] = ({}, {})
    seconds = 0.0
    for run, checkpoint in trained(TRAINING).items():
        name, random_labels = RUNS[run]
        answers = Answers(**{key: tensor.bool() for key, tensor in checkpoint.tensors.items()})
        found[random_labels][name] = answers
        seconds += checkpoint.record["seconds"]
    return *found, seconds


if __name__ == "__main__":
    sys.exit(main(["few-shot"]))
