"""Further solutions to `embeddings.analogy`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import embeddings as reference


def right__normalise_everything(first, second, third, embeddings):
    norms = torch.linalg.norm(embeddings, dim=1, keepdim=True)
    unit = embeddings / norms
    goal = unit[second] - unit[first] + unit[third]
    cosine = (unit * goal).sum(dim=1) / goal.norm()
    for word in (first, second, third):
        cosine[word] = -2
    return torch.argmax(cosine).item()


def right__topk(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    goal = F.normalize(unit[second] + unit[third] - unit[first], dim=-1)
    best = torch.topk(unit @ goal, 4).indices.tolist()
    return [word for word in best if word not in {first, second, third}][0]  # noqa: RUF015


def right__python(first, second, third, embeddings):
    rows = embeddings.tolist()
    unit = [[x / math.hypot(*row) for x in row] for row in rows]
    goal = [b - a + c for a, b, c in zip(unit[first], unit[second], unit[third], strict=True)]
    best, answer = -math.inf, -1
    for word, row in enumerate(unit):
        if word in (first, second, third):
            continue
        score = sum(x * y for x, y in zip(row, goal, strict=True))
        if score > best:
            best, answer = score, word
    return answer


def right__sum_of_three_cosines(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    nearness = unit @ unit[second] - unit @ unit[first] + unit @ unit[third]
    left = [word for word in range(len(unit)) if word not in (first, second, third)]
    return left[int(nearness[left].argmax())]


def _answer(embeddings, goal, exclude):
    cosine = embeddings @ goal / embeddings.norm(dim=1)
    cosine[exclude] = -torch.inf
    return int(cosine.argmax())


def wrong__first_not_left_out(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    return _answer(embeddings, unit[second] - unit[first] + unit[third], [second, third])


def wrong__second_not_left_out(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    return _answer(embeddings, unit[second] - unit[first] + unit[third], [first, third])


def wrong__third_is_the_start(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    return _answer(embeddings, unit[third] - unit[second] + unit[first], [first, second, third])


def wrong__step_scaled_to_length_one(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    step = F.normalize(unit[second] - unit[first], dim=0)
    return _answer(embeddings, step + unit[third], [first, second, third])


def wrong__nearest_to_the_third(first, second, third, embeddings):
    return _answer(embeddings, embeddings[third], [first, second, third])


def wrong__multiplied(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    cosine = (1 + unit @ unit.T) / 2
    score = cosine[second] * cosine[third] / (cosine[first] + 1e-3)
    score[[first, second, third]] = -torch.inf
    return int(score.argmax())


def wrong__only_the_third_scaled(first, second, third, embeddings):
    goal = embeddings[second] - embeddings[first] + F.normalize(embeddings[third], dim=0)
    return _answer(embeddings, goal, [first, second, third])


def wrong__a_list_of_one(first, second, third, embeddings):
    return [reference.analogy(first, second, third, embeddings)]


def _cosines(first, second, third, embeddings):
    unit = F.normalize(embeddings.double(), dim=1)
    return unit @ (unit[second] - unit[first] + unit[third])


def wrong__question_set_to_zero(first, second, third, embeddings):
    nearness = _cosines(first, second, third, embeddings)
    nearness[[first, second, third]] = 0.0
    return int(nearness.argmax())


def wrong__question_set_to_minus_one(first, second, third, embeddings):
    nearness = _cosines(first, second, third, embeddings)
    nearness[[first, second, third]] = -1.0
    return int(nearness.argmax())


def wrong__last_of_the_equally_near(first, second, third, embeddings):
    nearness = _cosines(first, second, third, embeddings)
    nearness[[first, second, third]] = -torch.inf
    return len(nearness) - 1 - int(nearness.flip(0).argmax())
