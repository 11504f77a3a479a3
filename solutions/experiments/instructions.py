"""A family of tasks to instruct a small model on: questions about a short list of words.

Three of them ask for what the list is like: how many words, which mark between them, which at the
end. The fourth asks for a word of it, so its answer may be one that no training asked for.

What is asked is said in many wordings, each a frame and a name for what is wanted. Some pairs of
the two are held out, and so are some words, so that a question can be new in its wording, in its
words, in both or in neither. Every frame, every name and, as far as words are not held out, every
word is met in training.
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from solutions.experiments.base_model import Vocabulary, stream, vocabulary
from solutions.experiments.fine_tuning import pad_examples
from solutions.training import IGNORED, instruction_example
from solutions.transformer import Transformer, generate

Part = Literal["train", "held out"]

NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six"}  # of words in a list
BETWEEN = {",": ", ", ";": "; ", ":": ": ", "-": " - "}  # a mark and how it is set between words
END = (".", "!", "?")
FRAMES = (
    "Give me {}.",
    "Name {}.",
    "Tell me {}.",
    "Say {}.",
    "Write {}.",
    "Find {}.",
    "What is {}?",
    "Can you see {}?",
)
WANTED: dict[str, tuple[str, ...]] = {
    "count": (
        "the number of words",
        "the number of these words",
        "the length of this list",
        "the length of the list in words",
    ),
    "between": (
        "the mark between the words",
        "the sign between two words",
        "the mark that parts the words",
        "the sign that stands between them",
    ),
    "end": (
        "the mark at the end",
        "the last sign",
        "the mark after the words",
        "the sign that ends the list",
    ),
    "first": (
        "the first word",
        "the word that comes first",
        "the word at the beginning",
        "the first of these words",
    ),
}
WORDS = 64  # in each part


@dataclass(frozen=True)
class Question:
    """One task about one list.

    Attributes:
        task: a key of `WANTED`.
        prompt: what is asked, the list, and the end of the line.
        answer: the right one, without the space that it begins with.
        choices: the answers a blind choice would be among: numbers, marks, or the list's words.
        words: the list.
    """

    task: str
    prompt: str
    answer: str
    choices: tuple[str, ...]
    words: tuple[str, ...]


@functools.cache
def operands(part: Part) -> list[str]:
    """Return the words that lists are made of: `WORDS` for training, as many others held out.

    They are the base model's tokens that are a space and at least four small letters and that, in
    its training text, no further letter follows nine times out of ten: whole words. Those that
    stand in wordings or are numbers are left out. The order of their SHA-256 digests decides
    which are taken.
    """
    said = {word for texts in (FRAMES, *WANTED.values()) for text in texts for word in text.split()}
    tokens, text = vocabulary().tokens, stream("train")
    letter = torch.tensor([token[:1].isalpha() for token in tokens])
    occurs = torch.bincount(text[:-1], minlength=len(tokens))
    goes_on = torch.bincount(text[:-1], letter[text[1:]].double(), minlength=len(tokens))
    words = [
        token[1:].decode()
        for number, token in enumerate(tokens)
        if token[:1] == b" " and token[1:].isalpha() and token.islower() and len(token) > 4
        if 10 * goes_on[number] <= occurs[number]
    ]
    words = [word for word in words if word not in said and word not in NUMBERS.values()]
    words.sort(key=lambda word: hashlib.sha256(word.encode()).digest())
    return words[:WORDS] if part == "train" else words[WORDS : 2 * WORDS]


def wordings(task: str, part: Part) -> list[str]:
    """Return the wordings of a task that are trained on, or those that are held out: a quarter."""
    return [
        frame.format(wanted)
        for i, frame in enumerate(FRAMES)
        for j, wanted in enumerate(WANTED[task])
        if ((i + j) % 4 == 0) == (part != "train")
    ]


def ask(task: str, wording: str, words: Sequence[str], between: str, end: str) -> Question:
    """Write a question and its answer.

    Args:
        task: a key of `WANTED`.
        wording: what is asked.
        words: the list, three to six.
        between: the mark between its words, a key of `BETWEEN`.
        end: the mark after it, one of `END`.
    """
    answer, choices = {
        "count": (NUMBERS[len(words)], NUMBERS.values()),
        "between": (between, BETWEEN),
        "end": (end, END),
        "first": (words[0], words),
    }[task]
    prompt = f"{wording} {BETWEEN[between].join(words)}{end}\n"
    return Question(task, prompt, answer, tuple(choices), tuple(words))


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
        task = list(WANTED)[i % len(WANTED)]
        length = list(NUMBERS)[draw(len(NUMBERS))]
        places = torch.randperm(len(pool), generator=generator)[:length].tolist()
        choices = wordings(task, wording_part)
        wording = choices[draw(len(choices))]
        between, end = list(BETWEEN)[draw(len(BETWEEN))], END[draw(len(END))]
        questions.append(ask(task, wording, [pool[place] for place in places], between, end))
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
    prompts = words.encode_each(question.prompt for question in questions)
    longest = max(map(len, prompts))
    tokens = torch.tensor([[0] * (longest - len(row)) + row for row in prompts], device=device)
    lengths = torch.tensor([[len(row)] for row in prompts])
    real = (torch.arange(longest) >= longest - lengths).to(device)
    # an answer is one or two tokens, then the end; a few more, so that too long a one shows
    written = generate(model, tokens, 8, temperature=0, stop=[words.end], mask=real[:, None, None])
    new = [row[longest:].tolist() for row in written]
    texts = [words.decode(row[: [*row, words.end].index(words.end)]) for row in new]
    return [text.removeprefix(" ") for text in texts]


@torch.no_grad()
def chosen_answers(
    model: Transformer, words: Vocabulary, questions: Sequence[Question]
) -> list[str]:
    """Give, of each question's choices, the one that the model holds likeliest to come next.

    A model that does not know how to answer can still be asked which of the possible answers it
    would give. The likelihood is that of all tokens of the choice together.
    """
    device = next(model.parameters()).device
    picked = []
    for question in questions:
        texts = (question.prompt, *(" " + choice for choice in question.choices))
        prompt, *possible = words.encode_each(texts)
        # no end is asked of it: each choice's own last token takes the end's place
        examples = [instruction_example(prompt, [*ids[:-1]], ids[-1]) for ids in possible]
        tokens, targets = pad_examples(examples)
        logits = model(tokens.to(device)).cpu().transpose(1, 2)
        losses = cross_entropy(logits, targets, ignore_index=IGNORED, reduction="none").sum(dim=1)
        picked.append(question.choices[int(losses.argmin())])
    return picked


def chance(questions: Sequence[Question]) -> float:
    """Give how often a blind choice among the possible answers is right, on average."""
    return sum(1 / len(question.choices) for question in questions) / len(questions)


def encode_questions(
    questions: Sequence[Question], words: Vocabulary
) -> list[tuple[list[int], list[int]]]:
    """Turn prompts and answers into ids, each for itself, so that no token holds some of both."""
    prompts = words.encode_each(question.prompt for question in questions)
    answers = words.encode_each(" " + question.answer for question in questions)
    return list(zip(prompts, answers, strict=True))


def whole_text_example(
    prompt: Sequence[int], answer: Sequence[int], end: int
) -> tuple[Tensor, Tensor]:
    """Do as `training.instruction_example`, but forget to mask: the prompt is scored as well."""
    sequence = torch.tensor([*prompt, *answer, end])
    return sequence[:-1], sequence[1:]
