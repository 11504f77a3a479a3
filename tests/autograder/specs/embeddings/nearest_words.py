"""Further solutions to `embeddings.nearest_words`, right and wrong."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import embeddings as reference


def right__sorted_in_python(query, embeddings, count, exclude):
    similarity = []
    for row in embeddings:
        lengths = row.norm().item() * query.norm().item()
        similarity.append(row.dot(query).item() / lengths if lengths > 0 else 0.0)
    order = sorted(range(len(similarity)), key=lambda i: (-round(similarity[i], 6), i))
    return torch.tensor([i for i in order if i not in exclude][:count], dtype=torch.long)


def right__unit_vectors(query, embeddings, count, exclude):
    unit = F.normalize(embeddings, dim=1)
    cosine = (unit @ F.normalize(query, dim=0)).double().mul(1e6).round()
    keep = torch.tensor([i for i in range(len(cosine)) if i not in set(exclude)]).long()
    order = torch.sort(cosine[keep], descending=True, stable=True)[1]
    return keep[order[:count]]


def right__numpy(query, embeddings, count, exclude):
    table, vector = embeddings.double().numpy(), query.double().numpy()
    length = np.linalg.norm(table, axis=1) * np.linalg.norm(vector)
    cosine = np.divide(table @ vector, length, out=np.zeros(len(table)), where=length > 0)
    order = np.argsort(-np.round(cosine, 7), kind="stable")
    return torch.from_numpy(order[~np.isin(order, exclude)][:count])


def right__takes_the_best_and_repeats(query, embeddings, count, exclude):
    cosine = F.cosine_similarity(embeddings, query.expand_as(embeddings), dim=1).tolist()
    left, taken = [word for word in range(len(cosine)) if word not in exclude], []
    while left and len(taken) < count:
        taken.append(max(left, key=lambda word: (cosine[word], -word)))
        left.remove(taken[-1])
    return torch.tensor(taken, dtype=torch.int64)


def wrong__words_and_cosines(query, embeddings, count, exclude):
    found = reference.nearest_words(query, embeddings, count, exclude)
    return found, F.cosine_similarity(embeddings[found], query[None])


def wrong__topk(query, embeddings, count, exclude):
    cosine = torch.nan_to_num(embeddings @ query / embeddings.norm(dim=1))
    cosine[exclude] = -2
    return cosine.topk(min(count, len(cosine))).indices


def wrong__divided_by_squared_length(query, embeddings, count, exclude):
    score = torch.nan_to_num(embeddings @ query / embeddings.norm(dim=1) ** 2)
    order = score.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude))][:count]


def wrong__normalised_by_columns(query, embeddings, count, exclude):
    return reference.nearest_words(query, F.normalize(embeddings, dim=0), count, exclude)


def wrong__smallest_id_first(query, embeddings, count, exclude):
    return reference.nearest_words(query, embeddings, count, exclude).sort().values


def wrong__one_less(query, embeddings, count, exclude):
    return reference.nearest_words(query, embeddings, max(count - 1, 0), exclude)


def wrong__centred(query, embeddings, count, exclude):
    mean = embeddings.mean(0)
    return reference.nearest_words(query - mean, embeddings - mean, count, exclude)


def wrong__city_block_length(query, embeddings, count, exclude):
    score = torch.nan_to_num(embeddings @ query / embeddings.abs().sum(1))
    order = score.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude))][:count]


def _first(query, embeddings, nearness, count, exclude):
    order = sorted(range(len(embeddings)), key=lambda word: (-nearness[word].item(), word))
    return torch.tensor([word for word in order if word not in exclude][:count], dtype=torch.int64)


def wrong__distance_of_unit_vectors(query, embeddings, count, exclude):
    apart = (F.normalize(embeddings, dim=1) - F.normalize(query, dim=0)).norm(dim=1)
    return _first(query, embeddings, -apart, count, exclude)


def wrong__left_out_at_minus_one(query, embeddings, count, exclude):
    cosine = F.normalize(embeddings, dim=1) @ F.normalize(query, dim=0)
    cosine[exclude] = -1.0
    left = len(cosine) - len(set(exclude))
    return cosine.argsort(descending=True, stable=True)[: min(count, left)]


def wrong__zeros_come_last(query, embeddings, count, exclude):
    cosine = F.normalize(embeddings.double(), dim=1) @ F.normalize(query.double(), dim=0)
    cosine[embeddings.norm(dim=1) == 0] = -2.0
    return _first(query, embeddings, cosine, count, exclude)
