"""A family of tasks to instruct a small model on: questions about a short list of words.

What is asked is said in many wordings, and some wordings and some words are held out, so that a
question can be new in its wording, in its words, in both or in neither.
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from solutions.base_model import Vocabulary, vocabulary
from solutions.transformer import Transformer, generate

Part = Literal["train", "held out"]

LENGTHS = (3, 4, 5, 6)
NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six"}
# of each task the last three wordings are held out; {word} is one word
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
    "count": (
        "How many words are in this list?",
        "Count the words.",
        "Say how many words you read here.",
        "What is the number of words?",
        "Give me the number of words in the list.",
        "Write how many words there are.",
        "How long is this list?",
        "Look at the list and count. How many words?",
        "Tell me how many words there are.",
        "Count the words in this list.",
        "Give me the number of these words.",
    ),
    "contains": (
        "Is {word} in this list?",
        "Does the list say {word}?",
        "Look for {word}. Is it there?",
        "Is one of these words {word}?",
        "Can you find {word} here?",
        "Say if {word} is in the list.",
        "Do you read {word} here?",
        "Tell me if you find {word}.",
        "Is {word} one of these words?",
        "Can you read {word} in this list?",
        "Tell me if the list does say {word}.",
    ),
}
HELD_OUT_WORDINGS = 3


@dataclass(frozen=True)
class Question:
    """One task about one list.

    Attributes:
        task: a key of `WORDINGS`.
        prompt: what is asked, the list, and `Answer:`.
        answer: the right one, without the space that it begins with.
        choices: every answer that would be of the right kind, the right one among them.
        words: the list.
    """

    task: str
    prompt: str
    answer: str
    choices: tuple[str, ...]
    words: tuple[str, ...]


@functools.cache
def operands(part: Part) -> list[str]:
    """Return the words that lists are made of, three quarters of them for training.

    They are the base model's tokens that are a space and at least two letters: words, and
    beginnings of words. Which part one belongs to depends on its SHA-256 digest. Words of the
    answers `yes`, `no` and the numbers are not among them.
    """
    words = [
        token[1:].decode()
        for token in vocabulary().tokens
        if token[:1] == b" " and token[1:].isalpha() and len(token) > 2
    ]
    held_out = {word: hashlib.sha256(word.encode()).digest()[0] < 64 for word in words}
    taken = {"yes", "no", *NUMBERS.values()}
    return [word for word in words if word not in taken and held_out[word] == (part != "train")]


def wordings(task: str, part: Part) -> tuple[str, ...]:
    """Return the wordings of a task that are trained on, or those that are held out."""
    every = WORDINGS[task]
    return every[:-HELD_OUT_WORDINGS] if part == "train" else every[-HELD_OUT_WORDINGS:]


def ask(task: str, wording: str, words: Sequence[str], word: str = "") -> Question:
    """Write a question and its answer.

    Args:
        task: a key of `WORDINGS`.
        wording: with `{word}` where the task is about a word.
        words: the list, all different.
        word: what `{word}` is; for "after" a word of the list that is not its last.
    """
    choices = tuple(words)
    if task == "count":
        choices = tuple(NUMBERS.values())
    elif task == "contains":
        choices = ("yes", "no")
    answers = {
        "first": words[0],
        "last": words[-1],
        "after": words[words.index(word) + 1] if task == "after" else "",
        "count": NUMBERS.get(len(words), ""),
        "contains": "yes" if word in words else "no",
    }
    prompt = f"{wording.format(word=word)} {', '.join(words)}\nAnswer:"
    return Question(task, prompt, answers[task], choices, tuple(words))


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
        length = LENGTHS[draw(len(LENGTHS))]
        places = torch.randint(len(pool), (4 * length,), generator=generator).tolist()
        *words, absent = list(dict.fromkeys(pool[place] for place in places))[: length + 1]
        choices = wordings(task, wording_part)
        about = words[draw(length - 1)] if task == "after" else words[draw(length)]
        if task == "contains" and draw(2):
            about = absent
        questions.append(ask(task, choices[draw(len(choices))], words, about))
    return questions


@torch.no_grad()
def answers(model: Transformer, words: Vocabulary, questions: Sequence[Question]) -> list[str]:
    """Let a model answer each question, the likeliest token at a time, until it ends.

    Args:
        model: causal, with an output.
        words: its tokens.
        questions: at least one.

    Returns:
        What it wrote before the end token, or all of it where there is none, without the space
        that it begins with.
    """
    device = next(model.parameters()).device
    prompts = [words.encode(question.prompt) for question in questions]
    longest = max(map(len, prompts))
    tokens = torch.tensor([[0] * (longest - len(row)) + row for row in prompts], device=device)
    lengths = torch.tensor([[len(row)] for row in prompts])
    real = (torch.arange(longest) >= longest - lengths).to(device)
    # an answer is one word, then the end; a few tokens more, so that too long a one shows
    written = generate(model, tokens, 8, temperature=0, stop=[words.end], mask=real[:, None, None])
    new = [row[longest:].tolist() for row in written]
    texts = [words.decode(row[: [*row, words.end].index(words.end)]) for row in new]
    return [text.removeprefix(" ") for text in texts]


@torch.no_grad()
def chosen_answers(
    model: Transformer, words: Vocabulary, questions: Sequence[Question]
) -> list[str]:
    """Give, of each question's choices, the one whose first token the model holds likeliest.

    A model that does not know how to answer can still be asked which of the possible answers it
    would give.
    """
    picked = []
    for question in questions:
        tokens = torch.tensor([words.encode(question.prompt)])
        logits = model(tokens.to(next(model.parameters()).device))[0, -1].cpu()
        first = [words.encode(" " + choice)[0] for choice in question.choices]
        picked.append(question.choices[int(logits[first].argmax())])
    return picked


def chance(questions: Sequence[Question]) -> float:
    """Give how often a blind choice among the possible answers is right, on average."""
    return sum(1 / len(question.choices) for question in questions) / len(questions)


def encode_question(question: Question, words: Vocabulary) -> tuple[list[int], list[int]]:
    """Turn prompt and answer into ids, each for itself, so that no token holds some of both."""
    return words.encode(question.prompt), words.encode(" " + question.answer)


def whole_text_example(
    prompt: Sequence[int], answer: Sequence[int], end: int
) -> tuple[Tensor, Tensor]:
    """Do as `training.instruction_example`, but forget to mask: the prompt is scored as well."""
    sequence = torch.tensor([*prompt, *answer, end])
    return sequence[:-1], sequence[1:]
