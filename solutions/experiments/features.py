"""Sentences as fixed vectors: what a model has learned, taken as it is and not trained further.

A frozen model's features are computed once; a classifier on top of them then trains in a second.
"""

import functools
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from solutions.materials import corpora, pretrained
from solutions.materials.corpora import Split
from solutions.transformer import Transformer

BATCH = 32
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@torch.no_grad()
def mean_features(model: Transformer, rows: Sequence[Sequence[int]]) -> Tensor:
    """Give each text the mean of its positions' last hidden states.

    Texts of like length are computed together, so little of a batch is padding.

    Args:
        model: causal or not; it sees the text's own positions only.
        rows: token ids of each text, at least one; what exceeds the context length is cut off.

    Returns:
        (texts, width), float32, in the order of `rows`.
    """
    longest = model.configuration.context_length
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    features = torch.empty(len(rows), model.configuration.width)
    for start in range(0, len(rows), BATCH):
        chosen = order[start : start + BATCH]
        tokens = [torch.tensor(rows[i][:longest]) for i in chosen]
        real = pad_sequence([torch.ones_like(row, dtype=torch.bool) for row in tokens], True)
        hidden = model.hidden_states(pad_sequence(tokens, True), mask=real[:, None, None])
        hidden = hidden.masked_fill(~real[..., None], 0.0)
        features[chosen] = hidden.sum(dim=1) / real.sum(dim=1, keepdim=True)
    return features


@functools.cache
def minilm_features(split: Split) -> Tensor:
    """Give MiniLM's vector of every movie-review sentence of a split; a minute for all of them.

    Returns:
        (sentences, 384), float32, in the order of `corpora.reviews("movies", split)`.
    """
    tokenizer = pretrained.minilm_tokenizer()
    sentences = [review.sentence for review in corpora.reviews("movies", split)]
    rows = [tokenizer.encode(sentence).ids for sentence in sentences]
    return mean_features(pretrained.load_minilm(), rows)
