"""Leaks made on purpose, to measure by how much each lowers a loss without anything being learned.

Overlapping windows: `cut_windows`. Documents that see each other: `packed_surprise`. Test text in
training: `contaminate`. The course's own texts are split without any (`corpora`).
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.experiments.base_model import measure_bits_per_byte
from solutions.experiments.loop import Recipe, train
from solutions.experiments.ngrams import NGramModel
from solutions.self_supervision import (
    cross_entropy,
    document_mask,
    pack_documents,
    sample_batch,
)
from solutions.transformer import Transformer

Sees = Literal["itself", "the end before it", "all"]  # what a packed document sees of its row
SEES: tuple[Sees, ...] = get_args(Sees)


def cut_windows(tokens: Tensor, length: int, stride: int) -> Tensor:
    """Cut a text into windows that begin every `stride` tokens, (windows, length).

    Windows overlap where `stride` is below `length`. Only whole windows are kept.
    """
    return tokens.unfold(0, length, stride)


def windows_bits_per_byte(model: NGramModel, windows: Tensor, byte_lengths: Tensor) -> float:
    """Measure an n-gram model on each window by itself; a window's first token is given.

    Args:
        model: made by `ngrams.fit`.
        windows: int64 (windows, length).
        byte_lengths: bytes of text that each id stands for, (vocabulary_size,).
    """
    nats = -torch.stack([model.log_probabilities(window)[1:].sum() for window in windows]).sum()
    return nats.item() / math.log(2) / byte_lengths[windows[:, 1:]].sum().item()


@torch.no_grad()
def packed_surprise(
    model: Transformer, documents: Sequence[Sequence[int]], end: int, sees: Sees
) -> Tensor:
    """Measure each document where it stands in rows of packed documents.

    The first token of a document is left out, since nothing of its own comes before it, and so is
    the first of a row.

    Args:
        model: causal; a row has at most 128 tokens, or its context length.
        documents: token ids of each document, packed in this order.
        end: the id that ends a document; counted as its last token.
        sees: only itself, by `document_mask`; the end token before it as well; or all before it.

    Returns:
        (2, documents), float64: the sum of each document's nats, and of how many tokens. Zeros for
        one that fell behind the last whole row.
    """
    length = min(128, model.configuration.context_length)
    rows, numbers = pack_documents(documents, end, length)
    sums = torch.zeros(2, len(documents), dtype=torch.double)
    for tokens, document in zip(rows.split(8), numbers.split(8), strict=True):
        # one more at an end: it then belongs to the document after it
        own = document + (tokens == end) if sees == "the end before it" else document
        logits = model(tokens, mask=None if sees == "all" else document_mask(own))
        nats = F.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none").double()
        inside = document[:, 1:] == document[:, :-1]
        sums[0].index_add_(0, document[:, 1:][inside], nats[inside])
        sums[1].index_add_(0, document[:, 1:][inside], torch.ones_like(nats[inside]))
    return sums


@dataclass(frozen=True)
class Contamination:
    """What a model's loss on a text does while that text stands among its training text.

    Attributes:
        exposures: how often each token of the leaked text had been trained on, at each point.
        seen: bits per byte on the leaked text.
        unseen: bits per byte on the other text, which never was in training.
    """

    exposures: list[float]
    seen: list[float]
    unseen: list[float]


def contaminate(
    model: Transformer,
    clean: Tensor,
    leaked: Tensor,
    unseen: Tensor,
    byte_lengths: Tensor,
    *,
    exposures: float = 4.0,
    points: int = 4,
    batch: int = 16,
    share: float = 0.5,
    rate: float = 1e-3,
    seed: int = 0,
) -> Contamination:
    """Train a model further on text of which a share is test text, and watch both halves of it.

    Args:
        model: causal, trained; not changed.
        clean: training text, int64 (n,).
        leaked: test text that has got into the training text.
        unseen: test text that has not.
        byte_lengths: bytes of text that each id stands for, (vocabulary_size,).
        exposures: how often each leaked token is trained on, in the mean.
        points: how many measurements are made after the first.
        batch: windows in a step.
        share: the share of a batch's windows that come from the leaked text.
        rate: the learning rate at the start; it falls to a tenth.
        seed: of the windows drawn.
    """
    model = copy.deepcopy(model)
    length = model.configuration.context_length
    generator = torch.Generator().manual_seed(seed)
    from_leaked = round(batch * share)
    steps = round(exposures * len(leaked) / (from_leaked * length))
    every = max(1, steps // points)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(clean, batch - from_leaked, length, generator)
        more, wanted = sample_batch(leaked, from_leaked, length, generator)
        return cross_entropy(model(torch.cat((inputs, more))), torch.cat((targets, wanted)))

    def observe(step: int) -> dict[str, float]:
        model.eval()
        return {
            "seen": measure_bits_per_byte(model, leaked, byte_lengths),
            "unseen": measure_bits_per_byte(model, unseen, byte_lengths),
        }

    recipe = Recipe(steps=steps, peak=rate, floor=rate / 10)
    history = train(model, loss, recipe, observe, {*range(0, steps, every), steps})
    exposed = [step * from_leaked * length / len(leaked) for step in history.steps]
    return Contamination(exposed, history.column("seen"), history.column("unseen"))
