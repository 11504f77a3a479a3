"""What `embeddings.nearest_words` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import embeddings as reference


def around(draw: Draw, query: Tensor, words: int) -> Tensor:
    """Return embeddings whose cosines with the query are far enough apart to be told apart."""
    direction = F.normalize(query.double(), dim=0)
    cosine = torch.linspace(-0.95, 0.95, words, dtype=torch.float64)
    cosine = cosine[torch.randperm(words, generator=draw.generator)]
    aside = draw.normal(words, len(query), dtype=torch.float64)
    aside = F.normalize(aside - (aside @ direction)[:, None] * direction, dim=1)
    unit = cosine[:, None] * direction + (1 - cosine**2).sqrt()[:, None] * aside
    lengths = 10 ** (2 * draw.normal(words, dtype=torch.float64).tanh())
    return (lengths[:, None] * unit).to(query.dtype)


def nearest_to_a_vector(draw: Draw) -> list[Call]:
    words, count = draw.integer(8, 12), draw.integer(2, 5)
    query = draw.normal(draw.integer(3, 6))
    plane = torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 1.0], [-9.0, 1.0]])
    # angles and dot products have other orders here: the long vector points aside
    aside = torch.tensor([[1.0, 0.1], [9.0, 9.0], [2.0, 0.0], [3.0, -3.1]])
    double = query.double()
    return [
        Call((torch.tensor([2.0, 0.0]), plane, 3, []), tries="four words in a plane"),
        Call((torch.tensor([0.5, 0.0]), aside, 4, []), tries="a long vector that points aside"),
        Call((query, around(draw, query, words), count, []), tries="random embeddings"),
        Call((query * 40, around(draw, query, 60), 60, []), tries="60 words in order"),
        Call((double, around(draw, double, words), 2, []), tries="float64"),
    ]


def nearest_except_some(draw: Draw) -> list[Call]:
    words, word = draw.integer(9, 14), draw.integer(0, 8)
    query = draw.normal(draw.integer(3, 6))
    embeddings = around(draw, query, words)
    embeddings[word] = query
    order = reference.nearest_words(query, embeddings, words, []).tolist()
    return [
        Call((query, embeddings, 3, [word]), tries="the word itself is left out"),
        Call((query, embeddings, 4, order[1:4:2]), tries="two near words are left out"),
        Call((query, embeddings, words, order[2:5]), tries="more words than are left"),
        Call((query, embeddings, 0, []), tries="no words are asked for"),
        Call((query, embeddings, 2, list(range(words))), tries="all words left out"),
    ]


def equally_near(draw: Draw) -> list[Call]:
    width, repeats = draw.integer(2, 4), draw.integer(3, 5)
    axis = torch.zeros(width)
    axis[draw.integer(0, width - 1)] = 1.0
    # powers of 2, so that cosines are equal to the last bit
    same = torch.stack([axis * 2.0**n for n in range(repeats)] + [-axis, axis * 0.25])
    same = torch.cat([-axis[None], same])
    zeros = torch.cat([torch.zeros(1, width), same[:3], torch.zeros(1, width), -axis[None]])
    many = torch.cat([-axis.repeat(20, 1), axis.repeat(20, 1)])
    right = torch.tensor([1.0, 0.0])
    plane = torch.tensor([[1.0, 3.0], [0.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    cross = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    return [
        Call((axis * 3, same, repeats, []), tries="several words in the same direction"),
        Call((axis, many, 30, [21]), tries="many words in two directions"),
        Call((axis, zeros, 6, []), tries="embeddings of zeros"),
        Call((right, plane, 4, []), tries="an embedding of zeros, and others at many angles"),
        Call((right, cross, 3, [0]), tries="the opposite of the query, and a word left out"),
        Call((torch.zeros(width), same, 3, [1]), tries="a query of zeros: all are equally near"),
    ]


nearest_words = Exercise(
    "embeddings.nearest_words",
    parts=[
        Part("near in angle", 1, nearest_to_a_vector, Same(), public=True),
        Part("words left out", 1, nearest_except_some, Same()),
        Part("equally near", 1, equally_near, Same()),
    ],
)


def nearest_by(score, embeddings, count, exclude):
    """Return the words of highest score."""
    order = score.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude, dtype=torch.int64))][:count]


def cosines(query, embeddings):
    """Return cosines, 0 where a vector has no length."""
    return torch.nan_to_num(F.normalize(embeddings, dim=-1, eps=0) @ query)


@nearest_words.misconception(
    "Nearness is the dot product here, so long vectors win. Divide by the lengths: the cosine."
)
def nearest_by_dot_product(query, embeddings, count, exclude):
    return nearest_by(embeddings @ query, embeddings, count, exclude)


@nearest_words.misconception(
    "Nearness is the distance between the points here; the angle is asked for: the cosine."
)
def nearest_by_distance(query, embeddings, count, exclude):
    return nearest_by(-(embeddings - query).norm(dim=-1), embeddings, count, exclude)


@nearest_words.misconception("The words furthest away come first; the nearest have to.")
def nearest_reversed(query, embeddings, count, exclude):
    return nearest_by(-cosines(query, embeddings), embeddings, count, exclude)


@nearest_words.misconception("The excluded words are returned as well.")
def nearest_with_excluded(query, embeddings, count, exclude):
    return nearest_by(cosines(query, embeddings), embeddings, count, [])


@nearest_words.misconception(
    "The first `count` words are taken before the excluded ones are removed, so too few are left."
)
def nearest_removed_afterwards(query, embeddings, count, exclude):
    order = nearest_by(cosines(query, embeddings), embeddings, count, [])
    return nearest_by(cosines(query, embeddings), embeddings, len(embeddings), exclude)[
        : int((~torch.isin(order, torch.tensor(exclude, dtype=torch.int64))).sum())
    ]


@nearest_words.misconception(
    "The nearest word is always left out, as if it were the query itself; only `exclude` is."
)
def nearest_without_the_first(query, embeddings, count, exclude):
    order = nearest_by(cosines(query, embeddings), embeddings, len(embeddings), exclude)
    return order[1 : count + 1]


@nearest_words.misconception("The sign of the cosine is lost: opposite directions are not near.")
def nearest_by_absolute_cosine(query, embeddings, count, exclude):
    return nearest_by(cosines(query, embeddings).abs(), embeddings, count, exclude)


@nearest_words.misconception(
    "Excluded words are given the score -infinity but stay in the list: where too few others are "
    "left, they come back. The list gets shorter instead."
)
def nearest_with_too_many(query, embeddings, count, exclude):
    score = cosines(query, embeddings).clone()
    score[exclude] = -torch.inf
    return score.sort(descending=True, stable=True).indices[:count]


@nearest_words.misconception(
    "Of equally near words the one of higher id comes first; the lower id has to."
)
def nearest_last_first(query, embeddings, count, exclude):
    order = cosines(query, embeddings).sort(stable=True).indices.flip(0)
    return order[~torch.isin(order, torch.tensor(exclude, dtype=torch.int64))][:count]


@nearest_words.misconception(
    "A vector of zeros has no direction and 0 divided by 0 is NaN; its cosine counts as 0."
)
def nearest_with_nan(query, embeddings, count, exclude):
    length = embeddings.norm(dim=-1) * query.norm()
    return nearest_by(embeddings @ query / length, embeddings, count, exclude)


@nearest_words.alternative
def nearest_by_cosine_similarity(query, embeddings, count, exclude):
    # rounded, as cosines of parallel vectors differ in the last bit
    cosine = F.cosine_similarity(embeddings, query[None], dim=-1, eps=1e-12)
    kept = [word for word in range(len(embeddings)) if word not in exclude]
    ranked = sorted(kept, key=lambda word: (-round(float(cosine[word]), 6), word))
    return torch.tensor(ranked[:count], dtype=torch.int64)


@nearest_words.alternative
def nearest_by_argsort(query, embeddings, count, exclude):
    length = embeddings.norm(dim=1) * query.norm()
    cosine = torch.where(length > 0, embeddings @ query / length.clamp(min=1e-30), 0)
    order = torch.argsort(-cosine, stable=True)
    keep = torch.ones(len(embeddings), dtype=torch.bool)
    keep[exclude] = False
    return order[keep[order]][:count]


@nearest_words.alternative
def nearest_by_loop(query, embeddings, count, exclude):
    score = cosines(query, embeddings).clone()
    left = len(score) - len(set(exclude))
    score[exclude] = -torch.inf
    found = []
    for _ in range(min(count, left)):
        found.append(int(score.argmax()))
        score[found[-1]] = -torch.inf
    return torch.tensor(found, dtype=torch.int64)
