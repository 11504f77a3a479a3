"""What `embeddings.analogy` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.embeddings.embedding_tables import table


def planted(draw: Draw, noise: float = 0.05) -> tuple[list[int], Tensor]:
    """Return three words and embeddings in which a fourth completes them, lengths being equal."""
    width, words = draw.integer(8, 12), draw.integer(10, 16)
    ids = torch.randperm(words, generator=draw.generator)[:4].tolist()
    embeddings = F.normalize(draw.normal(words, width), dim=-1)
    goal = embeddings[ids[1]] - embeddings[ids[0]] + embeddings[ids[2]]
    embeddings[ids[3]] = F.normalize(goal + noise * draw.normal(width), dim=-1)
    return ids[:3], embeddings


def clear_analogies(draw: Draw) -> list[Call]:
    calls = []
    for count in range(6):
        ids, embeddings = planted(draw)
        calls.append(Call((*ids, embeddings), tries=f"a planted analogy of unit vectors, {count}"))
    return calls


def analogies_of_unequal_lengths(draw: Draw) -> list[Call]:
    calls = []
    for count in range(20):
        words, width = draw.integer(12, 20), draw.integer(4, 8)
        ids = torch.randperm(words, generator=draw.generator)[:3].tolist()
        embeddings = table(draw, words, width)
        if count % 2:
            embeddings = embeddings.double()
        calls.append(Call((*ids, embeddings), tries="vectors of very different lengths"))
    # exact in the machine: the goal is (-1, 1, 1)
    axes = torch.tensor([[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 4, 0], [0, 0, 2], [0, 8, 0]])
    calls.append(Call((1, 2, 0, axes.float()), tries="words that are equally near"))
    away = torch.cat([torch.eye(3), torch.tensor([1.0, -1.0, -1.0]) + 0.2 * draw.normal(5, 3)])
    calls.append(Call((0, 1, 2, away), tries="all words point away from the goal"))
    return calls


def analogies_near_the_question(draw: Draw) -> list[Call]:
    calls = []
    for _ in range(10):
        words, width = draw.integer(10, 14), draw.integer(4, 6)
        embeddings = draw.normal(words, width)
        first, second, third = torch.randperm(words, generator=draw.generator)[:3].tolist()
        # second is near first, so the goal is near third; and the other way around
        embeddings[second] = embeddings[first] + 0.1 * draw.normal(width)
        near = embeddings.clone()
        calls.append(Call((first, second, third, near), tries="the goal is near the third"))
        calls.append(Call((first, third, second, near), tries="the goal is near the second"))
        embeddings[[first, third]] = embeddings[second] + 0.1 * draw.normal(2, width)
        calls.append(Call((first, second, third, embeddings), tries="all three near each other"))
    return calls


analogy = Exercise(
    "embeddings.analogy",
    parts=[
        Part("planted analogies", 1, clear_analogies, Same(), public=True),
        Part("unequal lengths", 1, analogies_of_unequal_lengths, Same()),
        Part("words of the question", 1, analogies_near_the_question, Same()),
    ],
    equivalent={"int(cosine.argmax()) -> cosine.argmax()": "a tensor of one number is a number"},
)


def answered(embeddings, goal, exclude):
    """Return the word whose embedding has the largest cosine with the goal."""
    cosine = F.normalize(embeddings, dim=-1) @ goal
    cosine[list(exclude)] = -torch.inf
    return int(cosine.argmax())


@analogy.misconception(
    "The words of the question can be the answer. They are often nearest, and have to be left out."
)
def analogy_with_the_question(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[second] - unit[first] + unit[third], [])


@analogy.misconception(
    "Only the third word is left out; none of the three words of the question may be the answer."
)
def analogy_without_the_third(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[second] - unit[first] + unit[third], [third])


@analogy.misconception(
    "The direction is turned around: second - first + third, not first - second + third."
)
def analogy_backwards(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[first] - unit[second] + unit[third], [first, second, third])


@analogy.misconception("All three vectors are added; the first one is subtracted.")
def analogy_by_adding(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[first] + unit[second] + unit[third], [first, second, third])


@analogy.misconception("The third word is forgotten: second - first is only the direction.")
def analogy_without_a_start(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[second] - unit[first], [first, second, third])


@analogy.misconception(
    "The vectors of the question are used as they are. Scale each to length 1 first, or a long one "
    "drowns the others."
)
def analogy_of_raw_vectors(first, second, third, embeddings):
    goal = embeddings[second] - embeddings[first] + embeddings[third]
    return answered(embeddings, goal, [first, second, third])


@analogy.misconception(
    "The answer is the word with the largest dot product, so long vectors win; take the cosine."
)
def analogy_by_dot_product(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    product = embeddings @ (unit[second] - unit[first] + unit[third])
    product[[first, second, third]] = -torch.inf
    return int(product.argmax())


@analogy.misconception(
    "The answer is the nearest point; the angle is asked for, so take the cosine."
)
def analogy_by_distance(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    distance = (embeddings - (unit[second] - unit[first] + unit[third])).norm(dim=-1)
    distance[[first, second, third]] = torch.inf
    return int(distance.argmin())


@analogy.alternative
def analogy_by_cosine_similarity(first, second, third, embeddings):
    a, b, c = (embeddings[i] / embeddings[i].norm() for i in (first, second, third))
    score = F.cosine_similarity(embeddings, (b - a + c).unsqueeze(0))
    order = score.argsort(descending=True)
    return next(word for word in order.tolist() if word not in (first, second, third))


@analogy.alternative
def analogy_by_three_cosines(first, second, third, embeddings):
    unit = embeddings / embeddings.norm(dim=-1, keepdim=True)
    score = unit @ unit[second] - unit @ unit[first] + unit @ unit[third]
    asked = {first, second, third}
    return max((w for w in range(len(unit)) if w not in asked), key=lambda w: score[w].item())
