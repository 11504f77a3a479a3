"""A family of tasks to instruct a small model on: questions about a list of four words.

What is asked is said in many wordings, and some wordings and some words are held out, so that a
question can be new in its wording, in its words, in both or in neither. Every word is one token
that was common enough in the pretraining text to be known.
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from solutions.base_model import Vocabulary, stream, vocabulary
from solutions.transformer import Transformer, generate

Part = Literal["train", "held out"]

LIST_LENGTH = 4
# of each task the last three wordings are held out; {word} is a word of the list
WORDINGS: dict[str, tuple[str, ...]] = {
    "first": (
        "What is the first word of this list?",
        "Which word comes first?",
        "Name the word at the beginning of the list.",
        "Give me the first of these words.",
        "Write the word that begins this list.",
        "Say the first word that you read here.",
        "One word begins the list. Which is it?",
        "Look at the beginning of the list. What does it say?",
        "Tell me which of these words is the first.",
        "Name the word that comes first.",
        "What is the word at the beginning?",
    ),
    "last": (
        "What is the last word of this list?",
        "Which word comes last?",
        "Name the word at the end of the list.",
        "Give me the last of these words.",
        "Write the word that ends this list.",
        "Say the last word that you read here.",
        "One word ends the list. Which is it?",
        "Look at the end of the list. What does it say?",
        "Tell me which of these words is the last.",
        "Name the word that comes last.",
        "What is the word at the end?",
    ),
    "after": (
        "Which word comes after {word}?",
        "Name the word that follows {word}.",
        "What stands right after {word}?",
        "Find {word} and give me the next word.",
        "Write the word after {word}.",
        "Say what follows {word} in this list.",
        "Look for {word}. Which word is next?",
        "One word follows {word}. Which is it?",
        "Tell me which word follows {word}.",
        "Name the word that comes after {word}.",
        "What is the word next after {word}?",
    ),
    "before": (
        "Which word comes before {word}?",
        "Name the word that leads to {word}.",
        "What stands right before {word}?",
        "Find {word} and go back one word.",
        "Write the word before {word}.",
        "Say what leads to {word} in this list.",
        "Look for {word}. Which word is before it?",
        "One word leads to {word}. Which is it?",
        "Tell me which word leads to {word}.",
        "Name the word that comes before {word}.",
        "What is the word back before {word}?",
    ),
    "copy": (
        "Repeat the list.",
        "Write all these words again.",
        "Say the words again, in the same order.",
        "Copy this list.",
        "Give me the same list again.",
        "Name all the words in this order.",
        "Read the list and repeat all of it.",
        "Tell me all the words again.",
        "Copy all the words.",
        "Give me all these words again.",
        "Repeat the words in the same order.",
    ),
    "reverse": (
        "Turn the list around.",
        "Write all these words backward.",
        "Say the words again, in the other order.",
        "Reverse this list.",
        "Give me the list from the end.",
        "Name all the words, the last one first.",
        "Read the list and turn it around.",
        "Tell me all the words backward.",
        "Reverse all the words.",
        "Give me all these words backward.",
        "Turn the words around, the last one first.",
    ),
}
HELD_OUT_WORDINGS = 3
ONE_WORD_TASKS = ("first", "last", "after", "before")


@dataclass(frozen=True)
class Question:
    """One task about one list.

    Attributes:
        task: a key of `WORDINGS`.
        prompt: what is asked, the list, and `Answer:`.
        answer: what is right, with the space that it begins with.
        words: the list.
    """

    task: str
    prompt: str
    answer: str
    words: tuple[str, ...]


@functools.cache
def operands(part: Part) -> list[str]:
    """Return the words that lists are made of, three quarters of them for training.

    They are the tokens that are a space and at least three small letters, and that in the base
    model's training text, nine times out of ten, are followed by no further letter: whole words.
    Which part a word belongs to depends on its SHA-256 digest.
    """
    tokens, text = vocabulary().tokens, stream("train")
    goes_on = torch.tensor([token[:1].isalpha() for token in tokens])
    occurrences = torch.bincount(text[:-1], minlength=len(tokens))
    continued = torch.bincount(text[:-1], goes_on[text[1:]].double(), minlength=len(tokens))
    words = [
        token[1:].decode()
        for number, token in enumerate(tokens)
        if token[:1] == b" " and token[1:].isalpha() and token[1:].islower() and len(token) > 3
        if 10 * continued[number] <= occurrences[number]
    ]
    held_out = [hashlib.sha256(word.encode()).digest()[0] < 64 for word in words]
    return [word for word, held in zip(words, held_out, strict=True) if held == (part != "train")]


def wordings(task: str, part: Part) -> tuple[str, ...]:
    """Return the wordings of a task that are trained on, or those that are held out."""
    every = WORDINGS[task]
    return every[:-HELD_OUT_WORDINGS] if part == "train" else every[-HELD_OUT_WORDINGS:]


def ask(task: str, wording: str, words: Sequence[str], place: int) -> Question:
    """Write a question and its answer.

    Args:
        task: a key of `WORDINGS`.
        wording: with `{word}` where the task is about one of the words.
        words: the list.
        place: which word `{word}` is; for "after" not the last, for "before" not the first.
    """
    answers = {
        "first": words[:1],
        "last": words[-1:],
        "after": words[place + 1 : place + 2],
        "before": words[place - 1 : place],
        "copy": words,
        "reverse": words[::-1],
    }
    prompt = f"{wording.format(word=words[place])} {', '.join(words)}\nAnswer:"
    return Question(task, prompt, " " + ", ".join(answers[task]), tuple(words))


def draw_questions(
    count: int, wording_part: Part, operand_part: Part, generator: torch.Generator
) -> list[Question]:
    """Draw questions, the tasks in turn, everything else at random.

    Args:
        count: how many.
        wording_part: which wordings to ask in.
        operand_part: which words to make lists of; those of one list differ.
        generator: the only source of randomness.
    """

    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    pool = operands(operand_part)
    questions = []
    for i in range(count):
        task = list(WORDINGS)[i % len(WORDINGS)]
        chosen = torch.randperm(len(pool), generator=generator)[:LIST_LENGTH].tolist()
        choices = wordings(task, wording_part)
        place = draw(LIST_LENGTH - 1) + (task == "before")
        wording = choices[draw(len(choices))]
        questions.append(ask(task, wording, [pool[word] for word in chosen], place))
    return questions


@torch.no_grad()
def answers(model: Transformer, words: Vocabulary, questions: Sequence[Question]) -> list[str]:
    """Let a model answer each question, the likeliest token at a time, until it ends.

    Args:
        model: causal, with an output.
        words: its tokens.
        questions: at least one.

    Returns:
        What it wrote before the end token, or all of it where there is none.
    """
    device = next(model.parameters()).device
    prompts = [words.encode(question.prompt) for question in questions]
    longest = max(map(len, prompts))
    tokens = torch.tensor([[0] * (longest - len(row)) + row for row in prompts], device=device)
    lengths = torch.tensor([[len(row)] for row in prompts])
    real = (torch.arange(longest) >= longest - lengths).to(device)
    # a comma after each word, then the end; a few more, so that too long an answer shows
    written = generate(
        model,
        tokens,
        2 * LIST_LENGTH + 4,
        temperature=0,
        stop=[words.end],
        mask=real[:, None, None],
    )
    new = [row[longest:].tolist() for row in written]
    return [words.decode(row[: [*row, words.end].index(words.end)]) for row in new]


@torch.no_grad()
def chosen_words(model: Transformer, words: Vocabulary, questions: Sequence[Question]) -> list[str]:
    """Give, of each question's four words, the one the model holds likeliest as the next token.

    A model that does not know how to answer can still be asked which of the words it would say:
    guessing is right once in four. Only for tasks whose answer is one word.
    """
    picked = []
    for question in questions:
        tokens = torch.tensor([words.encode(question.prompt)])
        logits = model(tokens.to(next(model.parameters()).device))[0, -1]
        choices = torch.tensor([words.encode(" " + word)[0] for word in question.words])
        picked.append(question.words[int(logits.cpu()[choices].argmax())])
    return picked


def encode_question(question: Question, words: Vocabulary) -> tuple[list[int], list[int]]:
    """Turn prompt and answer into ids, each for itself, so that no token holds some of both."""
    return words.encode(question.prompt), words.encode(question.answer)


def whole_text_example(
    prompt: Sequence[int], answer: Sequence[int], end: int
) -> tuple[Tensor, Tensor]:
    """Do as `training.instruction_example`, but forget to mask: the prompt is scored as well."""
    sequence = torch.tensor([*prompt, *answer, end])
    return sequence[:-1], sequence[1:]
