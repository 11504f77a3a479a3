"""Further solutions to `embeddings.skipgram_pairs`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import embeddings as reference


def right__comprehension(tokens, window):
    n = len(tokens)
    pairs = [
        [tokens[i].item(), tokens[j].item()]
        for i in range(n)
        for j in range(n)
        if 0 < abs(i - j) <= window
    ]
    return torch.tensor(pairs).long() if pairs else torch.zeros((0, 2), dtype=torch.long)


def right__slices(tokens, window):
    pairs = torch.empty(0, 2, dtype=tokens.dtype)
    for i in range(len(tokens)):
        around = torch.cat([tokens[max(0, i - window) : i], tokens[i + 1 : i + 1 + window]])
        pairs = torch.cat([pairs, torch.stack([tokens[i].expand_as(around), around], dim=1)])
    return pairs


def right__band_of_ones(tokens, window):
    n = len(tokens)
    band = torch.ones(n, n).tril(window).triu(-window) - torch.eye(n)
    i, j = torch.where(band.bool())
    return torch.stack((tokens[i], tokens[j]), dim=-1)


def right__distances(tokens, window):
    place = torch.arange(len(tokens))
    apart = (place[:, None] - place).abs()
    token, neighbor = ((apart > 0) & (apart <= window)).nonzero(as_tuple=True)
    return torch.stack([tokens[token], tokens[neighbor]], 1)


def wrong__window_one_too_wide(tokens, window):
    return reference.skipgram_pairs(tokens, window + 1)


def wrong__each_pair_once(tokens, window):
    pairs = [p for p in reference.skipgram_pairs(tokens, window).tolist() if p[0] <= p[1]]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def wrong__without_repetitions(tokens, window):
    pairs = list(dict.fromkeys(map(tuple, reference.skipgram_pairs(tokens, window).tolist())))
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def wrong__all_pairs(tokens, window):
    return reference.skipgram_pairs(tokens, max(len(tokens), 1))


def wrong__two_rows(tokens, window):
    return reference.skipgram_pairs(tokens, window).T


def wrong__floats(tokens, window):
    return reference.skipgram_pairs(tokens, window).float()


def wrong__sorted(tokens, window):
    return torch.tensor(
        sorted(reference.skipgram_pairs(tokens, window).tolist()), dtype=torch.int64
    ).reshape(-1, 2)


def wrong__last_word_left_out(tokens, window):
    return reference.skipgram_pairs(tokens[:-1], window)


def wrong__last_token_as_padding(tokens, window):
    pairs = reference.skipgram_pairs(F.pad(tokens, (0, 1), value=0), window)
    return pairs[(pairs != 0).all(1)]
