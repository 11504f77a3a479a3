"""What `emergence.shuffle_labels` accepts."""

import random

import torch

from autograder.spec import Call, Draw, Exercise, Part, Repeatable, Same, Shuffled
from autograder.specs.emergence.seeded_generators import its_seed, seed, twice
from solutions import emergence as reference

THREE = ("yes", "no", "maybe")
FOUR = ("d", "a", "c", "b")
TWO_TWICE = ("a", "b", "b", "a")
LONG = tuple(f"label {number:03}" for number in range(400))


def label_list(call: Call) -> list[str]:
    return list(call.arguments[0])


def nothing_to_shuffle(draw: Draw) -> list[Call]:
    return [
        Call((["a"], seed(draw)), tries="a single label"),
        Call((["yes"] * 5, seed(draw)), tries="five equal labels"),
        Call(([], seed(draw)), tries="no labels"),
    ]


def some_labels(draw: Draw) -> list[Call]:
    words = [draw.choice("positive", "negative", "東京", " a", "a ", "A", "") for _ in range(9)]
    return [
        Call((["a", "b"], seed(draw)), tries="two labels"),
        Call((["positive", "negative", "positive"], seed(draw)), tries="a label that comes twice"),
        Call((words, seed(draw)), tries="nine labels"),
        Call((["a"] * 6 + ["b"], seed(draw)), tries="one that is rare"),
        Call((tuple("abcdef"), seed(draw)), tries="a tuple of labels"),
    ] + [Call((list("abcabcab"), seed(draw)), tries="three kinds of labels") for _ in range(6)]


def many_shuffles(draw: Draw) -> list[Call]:
    several = [(THREE, 200), (TWO_TWICE, 100), (FOUR, 150), (LONG, 40)]
    return [
        Call((list(labels), seed(draw)), tries=f"{len(labels)} labels, {times} times")
        for labels, times in several
        for _ in range(times)
    ]


shuffle_labels = Exercise(
    "emergence.shuffle_labels",
    parts=[
        Part("nothing to shuffle", 0.5, nothing_to_shuffle, Same(), public=True),
        Part("the same labels", 0.5, some_labels, Shuffled(), expect=label_list),
        Part("every order equally likely", 0.5, many_shuffles, Shuffled(), expect=label_list),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, list(LONG[:50]), None),
            Repeatable(),
            expect=its_seed,
        ),
    ],
    equivalent={
        "torch.randperm(len(labels), generator=generator).tolist()"
        " -> torch.randperm(len(labels), generator=generator)": "a list also takes a tensor "
        "without dimensions as index",
    },
)


@shuffle_labels.misconception(
    "Each label is drawn anew, so one can come more often than before and another not at all. Deal "
    "out the labels that are there, each once."
)
def shuffled_with_replacement(labels, generator):
    chosen = torch.randint(max(len(labels), 1), (len(labels),), generator=generator)
    return [labels[i] for i in chosen]


@shuffle_labels.misconception(
    "Each label is drawn anew, so one can come more often than before and another not at all. Deal "
    "out the labels that are there, each once."
)
def shuffled_from_the_set(labels, generator):
    kinds = sorted(set(labels))
    return [kinds[int(torch.randint(len(kinds), (), generator=generator))] for _ in labels]


@shuffle_labels.misconception(
    "The labels are in the same order as before: `random.shuffle` and its like change a list in "
    "place, what is returned has to be the shuffled one."
)
def shuffled_not_at_all(labels, generator):
    torch.randperm(len(labels), generator=generator)
    return list(labels)


@shuffle_labels.misconception("The list that was passed in is changed; shuffle a copy.")
def shuffled_in_place(labels, generator):
    if isinstance(labels, tuple):
        labels = list(labels)
    order = torch.randperm(len(labels), generator=generator).tolist()
    labels[:] = [labels[i] for i in order]
    return labels


@shuffle_labels.misconception(
    "The generator is not used, so a seed does not fix the order: pass it on as "
    "`generator=generator`."
)
def shuffled_without_the_generator(labels, generator):
    return random.sample(list(labels), len(labels))


@shuffle_labels.misconception(
    "The original order never comes, or no label keeps its place. That is not a random order: the "
    "labels would tell that they are wrong."
)
def shuffled_without_fixed_points(labels, generator):
    order = list(range(len(labels)))
    for last in range(len(order) - 1, 0, -1):
        other = int(torch.randint(last, (), generator=generator))
        order[last], order[other] = order[other], order[last]
    return [labels[i] for i in order]


@shuffle_labels.misconception(
    "The original order never comes, or no label keeps its place. That is not a random order: the "
    "labels would tell that they are wrong."
)
def shuffled_until_different(labels, generator):
    for _ in range(50):
        order = reference.shuffle_labels(labels, generator)
        if order != list(labels):
            break
    return order


@shuffle_labels.misconception(
    "Every label moves by the same number of places, so few of all orders are possible. Each order "
    "has to be as likely as any other."
)
def shuffled_by_rotation(labels, generator):
    if not labels:
        return []
    by = int(torch.randint(len(labels), (), generator=generator))
    return [*labels[by:], *labels[:by]]


@shuffle_labels.misconception(
    "Each place is exchanged with any other, which makes some orders more likely than others "
    "(n^n equally likely ways cannot make n! equally likely orders). Exchange only with places "
    "not done yet, or use `torch.randperm`."
)
def shuffled_naively(labels, generator):
    labels = list(labels)
    for place in range(len(labels)):
        other = int(torch.randint(len(labels), (), generator=generator))
        labels[place], labels[other] = labels[other], labels[place]
    return labels


@shuffle_labels.misconception("The labels are sorted or reversed, not shuffled: nothing was drawn.")
def shuffled_by_reversing(labels, generator):
    return list(labels)[::-1]


@shuffle_labels.alternative
def shuffled_by_sorting(labels, generator):
    keys = torch.rand(len(labels), generator=generator, dtype=torch.float64).argsort()
    return [labels[int(i)] for i in keys]


@shuffle_labels.alternative
def shuffled_by_fisher_and_yates(labels, generator):
    labels = list(labels)
    for last in range(len(labels) - 1, 0, -1):
        other = torch.randint(last + 1, (1,), generator=generator).item()
        labels[last], labels[other] = labels[other], labels[last]
    return labels


@shuffle_labels.alternative
def shuffled_by_multinomial(labels, generator):
    if not labels:
        return []
    order = torch.multinomial(torch.ones(len(labels)), len(labels), generator=generator)
    return tuple(labels[i] for i in order.tolist())


@shuffle_labels.alternative
def shuffled_by_python(labels, generator):
    number = int(torch.randint(2**62, (), generator=generator))
    copy = list(labels)
    random.Random(number).shuffle(copy)
    return copy
