"""What `training.instruction_example` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same


def ids(draw: Draw, count: int) -> list[int]:
    """Return token ids, few enough kinds that some repeat, 0 among them."""
    return draw.integers(0, 12, count).tolist()


def one_answer(draw: Draw) -> list[Call]:
    prompt, answer = draw.sizes(2, 2, 8)
    return [
        Call(([5, 6, 7], [8, 9], 1), tries="three tokens, answered by two"),
        Call((ids(draw, prompt), ids(draw, answer), 13), tries="a prompt and its answer"),
        Call((ids(draw, 12), ids(draw, 3), 50_256), tries="a long prompt, a large `end`"),
    ]


def edges_of_examples(draw: Draw) -> list[Call]:
    same = ids(draw, 4)
    return [
        Call(([7], [8, 9, 3], 1), tries="a prompt of one token: every target counts"),
        Call((ids(draw, 5), [4], 0), tries="an answer of one token, `end` is 0"),
        Call((same, same, same[-1]), tries="a prompt that is repeated, its last id ends it"),
        Call(([0, 0, 0], [0, 0], 0), tries="nothing but zeros"),
    ]


def empty_answers(draw: Draw) -> list[Call]:
    return [
        Call((ids(draw, draw.integer(2, 6)), [], 3), tries="an empty answer: only `end` counts"),
        Call(([9], [], 2), tries="a prompt of one token, an empty answer"),
    ]


def empty_prompts(draw: Draw) -> list[Call]:
    return [
        Call(([], ids(draw, 3), 1), tries="an empty prompt"),
        Call((ids(draw, 3), ids(draw, 2), 1), tries="a prompt that is not empty"),
        Call(([], [], 1), tries="an empty prompt and an empty answer"),
    ]


instruction_example = Exercise(
    "training.instruction_example",
    parts=[
        Part("tokens", 0.5, one_answer, Same(items=(0,)), public=True),
        Part("targets", 1, one_answer, Same(items=(1,)), public=True),
        Part("edges", 0.5, edges_of_examples, Same()),
        Part("empty answers", 0.5, empty_answers, Same()),
        Part("empty prompts", 0.5, empty_prompts, Same()),
    ],
)


def example(prompt, answer, end, masked: int):
    """Return an example whose first `masked` targets are left out, refusing an empty prompt."""
    if not prompt:
        raise ValueError("an empty prompt")
    sequence = torch.tensor([*prompt, *answer, end])
    targets = sequence[1:].clone()
    targets[:masked] = -100
    return sequence[:-1], targets


@instruction_example.misconception(
    "The targets of the prompt count as well. They have to be -100: the model is to learn the "
    "answer, not to write questions."
)
def example_scores_the_prompt(prompt, answer, end):
    return example(prompt, answer, end, 0)


@instruction_example.misconception(
    "One target too many is -100. The prompt's last token predicts the answer's first: since "
    "targets are shifted by one, only len(prompt) - 1 of them belong to the prompt."
)
def example_hides_the_first_answer(prompt, answer, end):
    return example(prompt, answer, end, len(prompt))


@instruction_example.misconception(
    "One target too few is -100: the last one that belongs to the prompt is still there."
)
def example_hides_too_few(prompt, answer, end):
    return example(prompt, answer, end, max(len(prompt) - 2, 0))


@instruction_example.misconception(
    "The targets are not shifted: targets[i] is what should *follow* tokens[i], not tokens[i] "
    "itself."
)
def example_without_a_shift(prompt, answer, end):
    tokens, _ = example(prompt, answer, end, 0)
    targets = tokens.clone()
    targets[: len(prompt)] = -100
    return tokens, targets


@instruction_example.misconception(
    "Nothing teaches the model to stop: the last target has to be `end`, and it counts."
)
def example_hides_the_end(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    targets[-1] = -100
    return tokens, targets


@instruction_example.misconception(
    "`end` is missing. The sequence is prompt, answer, `end`, and the last target is `end`."
)
def example_without_the_end(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    return tokens[:-1], targets[:-1]


@instruction_example.misconception(
    "Tokens and targets are as long as the whole sequence. Each lacks one entry: the last token "
    "has nothing to predict, the first is predicted by nothing."
)
def example_of_the_whole_sequence(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    hidden = torch.tensor([-100])
    return torch.cat([tokens, torch.tensor([end])]), torch.cat([hidden, targets])


@instruction_example.misconception(
    "The prompt is hidden from the model: its *targets* are -100, but among the tokens it stays."
)
def example_hides_the_tokens(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    tokens = tokens.clone()
    tokens[: len(prompt)] = -100
    return tokens, targets


@instruction_example.misconception(
    "Targets of the prompt are 0. But 0 is a token: -100 is what the loss leaves out."
)
def example_hides_by_zero(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    targets[: len(prompt) - 1] = 0
    return tokens, targets


@instruction_example.misconception("An empty prompt is accepted; it has to raise a ValueError.")
def example_of_an_empty_prompt(prompt, answer, end):
    sequence = torch.tensor([*prompt, *answer, end])
    targets = sequence[1:].clone()
    targets[: max(len(prompt) - 1, 0)] = -100
    return sequence[:-1], targets


@instruction_example.alternative
def example_by_lists(prompt, answer, end):
    if len(prompt) == 0:
        raise ValueError("empty")
    tokens = prompt + answer
    targets = [-100] * (len(prompt) - 1) + answer + [end]
    return torch.tensor(tokens), torch.tensor(targets)


@instruction_example.alternative
def example_by_where(prompt, answer, end):
    if not len(prompt):
        raise ValueError("empty")
    sequence = torch.tensor(list(prompt) + list(answer) + [end], dtype=torch.long)
    place = torch.arange(1, len(sequence))
    return sequence[:-1], torch.where(place < len(prompt), -100, sequence[1:])


@instruction_example.alternative
def example_by_joining(prompt, answer, end):
    if list(prompt) == []:
        raise ValueError("empty")
    first, second = torch.tensor(prompt), torch.tensor(answer, dtype=torch.int64)
    hidden = torch.full_like(first[1:], -100)
    return [torch.cat([first, second]), torch.cat([hidden, second, torch.tensor([end])])]
