"""Leaks made on purpose, to measure by how much each lowers a loss without anything being learned.

Overlapping windows: `cut_windows`. Documents that see each other: `packed_surprise`. Test text in
training: `contaminate`. The course's own texts are split without any (`corpora`).

`packed`, `copies` and `contaminated` return what came out. `python -m solutions.experiments.leaks`
measures anew.
"""

import copy
import functools
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.experiments import base_model
from solutions.experiments.anew import main
from solutions.experiments.base_model import measure_bits_per_byte
from solutions.experiments.loop import Recipe, train
from solutions.experiments.ngrams import NGramModel
from solutions.materials import corpora, pretrained
from solutions.materials.checkpoints import Checkpoint, Training, trained
from solutions.self_supervision import (
    cross_entropy,
    document_mask,
    pack_documents,
    sample_batch,
)
from solutions.transformer import Transformer

Sees = Literal["itself", "the end before it", "all"]  # what a packed document sees of its row
SEES: tuple[Sees, ...] = get_args(Sees)
KINDS: tuple[corpora.ReviewKind, ...] = ("movies", "products", "editorials")
SEED = 0  # of the order of documents
COPIED = 36  # sentences that stand twice in a row
SHORT = 4_000  # characters of a document that is leaked
LEAKED = 10_000  # tokens of each half
UNITS = 10_000  # in a nat, so that sums of nats are kept as whole numbers


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


def _packed(kind: corpora.ReviewKind, most: int | None = None) -> Checkpoint:
    base, words = base_model.base_model().model, base_model.vocabulary()
    sentences = [review.sentence for review in corpora.reviews(kind, "test")][:most]
    rows = words.encode_each(sentences)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(SEED))
    mixed = [rows[i] for i in order]
    ways = torch.stack([packed_surprise(base, mixed, words.end, sees) for sees in SEES])
    nats = (ways[..., order.argsort()] * UNITS).round().to(torch.int32)
    mean = (ways[:, 0].sum(dim=1) / ways[:, 1].sum(dim=1)).tolist()
    return Checkpoint({"nats": nats}, {"mean": mean})


def _copies(sentences: int = COPIED) -> Checkpoint:
    model, tokenizer = pretrained.load_smollm2(), pretrained.smollm2_tokenizer()
    end = tokenizer.token_to_id("<|endoftext|>")
    texts = [review.sentence for review in corpora.reviews("movies", "test")][:sentences]
    twice = [tokenizer.encode(text).ids for text in texts for _ in range(2)]
    found = {}
    for sees in SEES:
        each = packed_surprise(model, twice, end, sees)
        nats, count = each.unflatten(1, (-1, 2)).sum(dim=1)
        found[sees] = (nats / count).tolist()
    return Checkpoint({}, found)


def _halves() -> tuple[Tensor, Tensor]:
    short = [text for text in base_model.documents("validation") if len(text) < SHORT]
    order = torch.randperm(len(short), generator=torch.Generator().manual_seed(SEED)).tolist()
    mixed, words = [short[i] for i in order], base_model.vocabulary()
    one, other = (base_model.to_stream(half, words)[:LEAKED] for half in (mixed[::2], mixed[1::2]))
    return one, other


def _contaminated(leaked: int) -> Checkpoint:
    halves = _halves()
    run = contaminate(
        base_model.base_model().model,
        base_model.stream("train"),
        halves[leaked],
        halves[1 - leaked],
        base_model.vocabulary().byte_lengths(),
    )
    return Checkpoint({}, asdict(run))


def _measure(run: str, checkpoint: Checkpoint) -> dict[str, float]:
    ways = checkpoint.tensors["nats"].double()
    return {
        sees: (way[0].sum() / way[1].sum()).item() for sees, way in zip(SEES, ways, strict=True)
    }


def _settings() -> dict[str, Any]:
    return {
        "kinds": KINDS,
        "seed": SEED,
        "sizes": (COPIED, SHORT, LEAKED),
        "base": base_model.weights_digest(base_model.base_model().model),
    }


CONTAMINATED = {f"half {half} leaked": functools.partial(_contaminated, half) for half in (0, 1)}
TRAINING = Training(
    "leaks",
    _settings,
    {
        **{f"packed {kind}": functools.partial(_packed, kind) for kind in KINDS},
        "copies": _copies,
        **CONTAMINATED,
    },
    beginnings={
        "packed": functools.partial(_packed, KINDS[0], 60),
        "copies": functools.partial(_copies, 4),
        "half 0 leaked": CONTAMINATED["half 0 leaked"],
    },
    measure=_measure,
    after=[base_model.TRAINING],
)


def packed(kind: corpora.ReviewKind) -> Tensor:
    """Give what each held-out sentence of a kind costs the base model where it is packed.

    Returns:
        (3, 2, sentences), float64: for each of `SEES` the nats, and of how many tokens.
    """
    return trained(TRAINING)[f"packed {kind}"].tensors["nats"].double() / UNITS


def copies() -> dict[str, list[float]]:
    """Give SmolLM2's nats per token of first and of second copies, for each of `SEES`."""
    return trained(TRAINING)["copies"].record


def contaminated() -> list[Contamination]:
    """Return both runs: one half of the test text leaked, and the other."""
    made = trained(TRAINING)
    return [Contamination(**made[name].record) for name in CONTAMINATED]


if __name__ == "__main__":
    sys.exit(main(["leaks"]))
