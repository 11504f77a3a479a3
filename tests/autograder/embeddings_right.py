"""Right solutions to the exercises on embeddings, each written as somebody might write it.

A function's name is that of the exercise, two underscores, and what is particular about it.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

# --- skipgram_pairs


def skipgram_pairs__comprehension(tokens, window):
    n = len(tokens)
    pairs = [
        [tokens[i].item(), tokens[j].item()]
        for i in range(n)
        for j in range(n)
        if 0 < abs(i - j) <= window
    ]
    return torch.tensor(pairs).long() if pairs else torch.zeros((0, 2), dtype=torch.long)


def skipgram_pairs__slices(tokens, window):
    pairs = torch.empty(0, 2, dtype=tokens.dtype)
    for i in range(len(tokens)):
        around = torch.cat([tokens[max(0, i - window) : i], tokens[i + 1 : i + 1 + window]])
        pairs = torch.cat([pairs, torch.stack([tokens[i].expand_as(around), around], dim=1)])
    return pairs


def skipgram_pairs__band_of_ones(tokens, window):
    n = len(tokens)
    band = torch.ones(n, n).tril(window).triu(-window) - torch.eye(n)
    i, j = torch.where(band.bool())
    return torch.stack((tokens[i], tokens[j]), dim=-1)


# --- cbow_pairs


def cbow_pairs__padding_and_slices(tokens, window):
    edge = torch.full((window,), -1, dtype=tokens.dtype)
    padded = torch.cat([edge, tokens, edge])
    rows = []
    for i in range(window, window + len(tokens)):
        rows.append(torch.cat([padded[i - window : i], padded[i + 1 : i + window + 1]]))
    if not rows:
        return torch.zeros(0, 2 * window, dtype=torch.int64), tokens
    return torch.stack(rows), tokens


def cbow_pairs__numpy(tokens, window):
    padded = np.pad(tokens.numpy(), window, constant_values=-1)
    columns = [
        padded[window + k : window + k + len(tokens)] for k in range(-window, window + 1) if k != 0
    ]
    return torch.from_numpy(np.stack(columns, axis=1)), tokens.clone()


def cbow_pairs__appending(tokens, window):
    contexts = []
    words = tokens.tolist()
    for i in range(len(words)):
        row = []
        for j in range(i - window, i + window + 1):
            if j == i:
                continue
            row.append(words[j] if j >= 0 and j < len(words) else -1)
        contexts.append(row)
    return torch.tensor(contexts, dtype=torch.long).reshape(len(words), 2 * window), tokens


# --- noise_distribution


def noise_distribution__torch_pow(counts, power=0.75):
    p = torch.pow(counts.to(torch.float32), power)
    return p / torch.sum(p)


def noise_distribution__numpy(counts, power=0.75):
    p = counts.numpy().astype(np.float64) ** power
    return torch.tensor(p / p.sum(), dtype=torch.float32)


def noise_distribution__frequencies_first(counts, power=0.75):
    frequency = counts / counts.sum()
    return frequency**power / (frequency**power).sum()


# --- negative_sampling_loss


def negative_sampling_loss__bmm(hidden, positive, negative):
    real = torch.bmm(hidden[:, None, :], positive[:, :, None])[:, 0, 0]
    noise = torch.bmm(negative, hidden[:, :, None])[:, :, 0]
    return -torch.mean(F.logsigmoid(real) + torch.sum(F.logsigmoid(-noise), dim=1))


def negative_sampling_loss__stable_by_hand(hidden, positive, negative):
    def minus_log_sigmoid(x):
        return torch.clamp(-x, min=0) + torch.log1p(torch.exp(-x.abs()))

    real = torch.einsum("bw,bw->b", hidden, positive)
    noise = torch.einsum("bw,bnw->bn", hidden, negative)
    return (minus_log_sigmoid(real).sum() + minus_log_sigmoid(-noise).sum()) / hidden.size(0)


def negative_sampling_loss__one_tensor(hidden, positive, negative):
    words = torch.cat([positive.unsqueeze(1), -negative], dim=1)
    return F.softplus(-(words @ hidden.unsqueeze(-1)).squeeze(-1)).sum(dim=-1).mean()


# --- negative_sampling_gradient


def negative_sampling_gradient__one_tensor(hidden, positive, negative):
    words = torch.cat([positive[:, None], negative], dim=1)
    labels = torch.zeros(words.shape[:2], dtype=hidden.dtype)
    labels[:, 0] = 1.0
    error = (torch.sigmoid((words * hidden[:, None]).sum(-1)) - labels) / hidden.shape[0]
    to_words = error[..., None] * hidden[:, None]
    return (error[..., None] * words).sum(1), to_words[:, 0], to_words[:, 1:]


def negative_sampling_gradient__bmm(hidden, positive, negative):
    b = hidden.shape[0]
    p = 1 / (1 + torch.exp(-(hidden * positive).sum(1)))
    q = 1 / (1 + torch.exp(-torch.bmm(negative, hidden.unsqueeze(2)).squeeze(2)))
    d_hidden = (p - 1).unsqueeze(1) * positive + torch.bmm(q.unsqueeze(1), negative).squeeze(1)
    return d_hidden / b, (p - 1).unsqueeze(1) * hidden / b, q.unsqueeze(2) * hidden[:, None] / b


def negative_sampling_gradient__list(hidden, positive, negative):
    size = len(hidden)
    minus = -torch.sigmoid(-torch.linalg.vecdot(hidden, positive))
    plus = torch.sigmoid(torch.linalg.vecdot(negative, hidden[:, None]))
    return [
        (minus[:, None] * positive + (plus[..., None] * negative).sum(dim=-2)) / size,
        minus[:, None] * hidden / size,
        torch.einsum("bn,bw->bnw", plus, hidden) / size,
    ]


# --- nearest_words


def nearest_words__sorted_in_python(query, embeddings, count, exclude):
    similarity = []
    for row in embeddings:
        lengths = row.norm().item() * query.norm().item()
        similarity.append(row.dot(query).item() / lengths if lengths > 0 else 0.0)
    order = sorted(range(len(similarity)), key=lambda i: (-round(similarity[i], 6), i))
    return torch.tensor([i for i in order if i not in exclude][:count], dtype=torch.long)


def nearest_words__unit_vectors(query, embeddings, count, exclude):
    unit = F.normalize(embeddings, dim=1)
    cosine = (unit @ F.normalize(query, dim=0)).double().mul(1e6).round()
    keep = torch.tensor([i for i in range(len(cosine)) if i not in set(exclude)]).long()
    order = torch.sort(cosine[keep], descending=True, stable=True)[1]
    return keep[order[:count]]


def nearest_words__numpy(query, embeddings, count, exclude):
    table, vector = embeddings.double().numpy(), query.double().numpy()
    length = np.linalg.norm(table, axis=1) * np.linalg.norm(vector)
    cosine = np.divide(table @ vector, length, out=np.zeros(len(table)), where=length > 0)
    order = np.argsort(-np.round(cosine, 7), kind="stable")
    return torch.from_numpy(order[~np.isin(order, exclude)][:count])


# --- analogy


def analogy__normalise_everything(first, second, third, embeddings):
    norms = torch.linalg.norm(embeddings, dim=1, keepdim=True)
    unit = embeddings / norms
    goal = unit[second] - unit[first] + unit[third]
    cosine = (unit * goal).sum(dim=1) / goal.norm()
    for word in (first, second, third):
        cosine[word] = -2
    return torch.argmax(cosine).item()


def analogy__topk(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    goal = F.normalize(unit[second] + unit[third] - unit[first], dim=-1)
    best = torch.topk(unit @ goal, 4).indices.tolist()
    return [word for word in best if word not in {first, second, third}][0]  # noqa: RUF015


def analogy__python(first, second, third, embeddings):
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


# --- patchify


def patchify__view_and_transpose(images, patch_size):
    b, c, h, w = images.shape
    if h % patch_size != 0 or w % patch_size != 0:
        raise ValueError("patch_size must divide the image")
    x = images.reshape(b, c, h // patch_size, patch_size, w // patch_size, patch_size)
    x = x.transpose(3, 4)  # b c rows columns size size
    x = x.flatten(2, 3).transpose(1, 2)
    return x.flatten(2)


def patchify__torch_unfold(images, patch_size):
    if images.size(2) % patch_size or images.size(3) % patch_size:
        raise ValueError("no")
    columns = F.unfold(images.double(), kernel_size=patch_size, stride=patch_size)
    return columns.mT.to(images.dtype)


def patchify__assigning(images, patch_size):
    batch, channels, height, width = images.shape
    if height // patch_size * patch_size != height or width // patch_size * patch_size != width:
        raise ValueError("no whole patches")
    across = width // patch_size
    shape = (batch, height // patch_size * across, channels * patch_size * patch_size)
    out = torch.zeros(shape, dtype=images.dtype)
    for n in range(shape[1]):
        top, left = n // across * patch_size, n % across * patch_size
        out[:, n] = images[:, :, top : top + patch_size, left : left + patch_size].reshape(
            batch, -1
        )
    return out


# --- splice_image


def splice_image__where(token_embeddings, tokens, image_embeddings, placeholder):
    out = []
    for b in range(tokens.shape[0]):
        at = torch.where(tokens[b] == placeholder)[0]
        if at.numel() != 1:
            raise ValueError("exactly one placeholder, please")
        at = at.item()
        out.append(
            torch.vstack(
                [token_embeddings[b, :at], image_embeddings[b], token_embeddings[b, at + 1 :]]
            )
        )
    return torch.stack(out)


def splice_image__masked_scatter(token_embeddings, tokens, image_embeddings, placeholder):
    where = tokens == placeholder
    if not torch.equal(where.sum(dim=1), torch.ones(len(tokens), dtype=torch.long)):
        raise ValueError("exactly one placeholder, please")
    repeats = torch.where(where, image_embeddings.shape[1], 1)
    rows = zip(token_embeddings, repeats, strict=True)
    longer = torch.stack([row.repeat_interleave(n, dim=0) for row, n in rows])
    rows = zip(where, repeats, strict=True)
    mask = torch.stack([row.repeat_interleave(n, dim=0) for row, n in rows])
    return longer.masked_scatter(mask[..., None], image_embeddings)


def splice_image__empty_then_filled(token_embeddings, tokens, image_embeddings, placeholder):
    if any(row.count(placeholder) != 1 for row in tokens.tolist()):
        raise ValueError("exactly one placeholder, please")
    batch, length, width = token_embeddings.shape
    patches = image_embeddings.shape[1]
    out = torch.empty(batch, length + patches - 1, width, dtype=token_embeddings.dtype)
    for b, row in enumerate(tokens.tolist()):
        k = row.index(placeholder)
        out[b, :k] = token_embeddings[b, :k]
        out[b, k : k + patches] = image_embeddings[b]
        out[b, k + patches :] = token_embeddings[b, k + 1 :]
    return out


# --- and a few more ways


def skipgram_pairs__distances(tokens, window):
    place = torch.arange(len(tokens))
    apart = (place[:, None] - place).abs()
    token, neighbor = ((apart > 0) & (apart <= window)).nonzero(as_tuple=True)
    return torch.stack([tokens[token], tokens[neighbor]], 1)


def noise_distribution__softmax_of_logarithms(counts, power=0.75):
    return (power * counts.double().log()).softmax(0).float()


def negative_sampling_loss__binary_cross_entropy(hidden, positive, negative):
    words = torch.cat([positive[:, None], negative], 1)
    scores = torch.einsum("bw,bkw->bk", hidden, words)
    real = torch.zeros_like(scores)
    real[:, 0] = 1
    loss = F.binary_cross_entropy_with_logits(scores, real, reduction="sum")
    return loss / len(hidden)


def negative_sampling_gradient__sigmoid_of_minus_the_score(hidden, positive, negative):
    count = hidden.shape[0]
    real = -torch.sigmoid(-torch.einsum("bw,bw->b", hidden, positive)) / count
    noise = torch.sigmoid(torch.einsum("bw,bkw->bk", hidden, negative)) / count
    of_hidden = real[:, None] * positive + torch.einsum("bk,bkw->bw", noise, negative)
    return of_hidden, real[:, None] * hidden, torch.einsum("bk,bw->bkw", noise, hidden)


def nearest_words__takes_the_best_and_repeats(query, embeddings, count, exclude):
    cosine = F.cosine_similarity(embeddings, query.expand_as(embeddings), dim=1).tolist()
    left, taken = [word for word in range(len(cosine)) if word not in exclude], []
    while left and len(taken) < count:
        taken.append(max(left, key=lambda word: (cosine[word], -word)))
        left.remove(taken[-1])
    return torch.tensor(taken, dtype=torch.int64)


def analogy__sum_of_three_cosines(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    nearness = unit @ unit[second] - unit @ unit[first] + unit @ unit[third]
    left = [word for word in range(len(unit)) if word not in (first, second, third)]
    return left[int(nearness[left].argmax())]


def patchify__table_of_indices(images, patch_size):
    batch, channels, height, width = images.shape
    if height % patch_size or width % patch_size:
        raise ValueError("no whole patches")
    pixel = torch.arange(height * width)
    pixel = pixel.view(height // patch_size, patch_size, width // patch_size, patch_size)
    pixel = pixel.transpose(1, 2).reshape(-1, patch_size**2)
    return images.reshape(batch, channels, -1)[:, :, pixel].transpose(1, 2).flatten(2)


def splice_image__sorted_places(token_embeddings, tokens, image_embeddings, placeholder):
    hit = tokens == placeholder
    if (hit.sum(1) != 1).any():
        raise ValueError("not exactly one placeholder")
    length, patches = tokens.shape[1], image_embeddings.shape[1]
    place = torch.arange(length).repeat(len(tokens), 1).double().masked_fill(hit, math.inf)
    patch = hit.int().argmax(1, keepdim=True) + torch.arange(patches).double() / (2 * patches)
    order = torch.argsort(torch.cat([place, patch], 1), dim=1)[:, :-1, None]
    both = torch.cat([token_embeddings, image_embeddings], 1)
    return both.gather(1, order.expand(-1, -1, both.shape[2]))
