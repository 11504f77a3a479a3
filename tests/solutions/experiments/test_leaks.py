"""The leaks made on purpose are the leaks that the chapter speaks of."""

import pytest
import torch

from solutions.experiments import ngrams
from solutions.experiments.leaks import (
    contaminate,
    cut_windows,
    packed_surprise,
    windows_bits_per_byte,
)
from solutions.transformer import Configuration, Transformer

BYTES = torch.full((16,), 2)


def text(count: int, seed: int) -> torch.Tensor:
    return torch.randint(16, (count,), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("stride", "windows"), [(4, 2), (2, 4), (1, 7)])
def test_windows_begin_every_stride_tokens(stride, windows):
    cut = cut_windows(torch.arange(10), 4, stride)
    assert cut.shape == (windows, 4)
    assert cut[:, 0].tolist() == [stride * i for i in range(windows)]


def test_a_windows_first_token_is_given_and_windows_do_not_see_each_other():
    model = ngrams.fit(text(500, 0), 3, 16)
    one, other = text(8, 1), text(8, 2)
    alone = [ngrams.bits_per_byte(model, window, BYTES) for window in (one, other)]
    together = windows_bits_per_byte(model, torch.stack([one, other]), BYTES)
    assert together == pytest.approx(sum(alone) / 2)


def test_leaked_text_gets_easier_and_other_text_does_not():
    generator = torch.Generator().manual_seed(0)
    configuration = Configuration(
        vocabulary_size=16, context_length=8, layers=1, width=32, heads=2, positions="rotary"
    )
    model = Transformer(configuration, causal=True, generator=generator)
    before = [weight.clone() for weight in model.parameters()]
    seen = contaminate(
        model, text(2_000, 0), text(100, 1), text(100, 2), BYTES, exposures=60, rate=1e-2
    )
    assert seen.exposures[0] == 0
    assert seen.exposures[-1] == pytest.approx(60, rel=0.05)
    assert seen.seen[-1] < 0.85 * seen.seen[0]
    assert seen.unseen[-1] > 0.95 * seen.unseen[0]
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.fixture
def relative() -> Transformer:
    """A model to which only distances count, so a document may stand anywhere in a row."""
    configuration = Configuration(
        vocabulary_size=16, context_length=12, layers=2, width=32, heads=2, positions="rotary"
    )
    model = Transformer(
        configuration, causal=True, generator=torch.Generator().manual_seed(0)
    ).eval()
    for weight in model.parameters():
        weight.data *= 5
    return model


@pytest.mark.parametrize(("sees", "before"), [("itself", []), ("the end before it", [0])])
def test_documents_apart_cost_what_each_costs_by_itself(relative, sees, before):
    documents = [[3, 1, 4], [1, 5, 9, 2], [6], [5, 3, 5]]
    nats, counts = packed_surprise(relative, documents, 0, sees)
    # two rows of twelve hold 15 tokens only once: the last document falls behind the first row
    assert counts.tolist() == [3, 4, 1, 0]
    for i, document in enumerate(documents[:3]):
        seen = before if i else []  # nothing stands before the first
        tokens = torch.tensor([[*seen, *document, 0]])
        with torch.no_grad():
            logits = relative(tokens)[:, len(seen) : -1]
        targets = tokens[0, len(seen) + 1 :]
        expected = torch.nn.functional.cross_entropy(logits[0], targets, reduction="sum")
        assert nats[i].item() == pytest.approx(expected.item(), rel=1e-4)


def test_documents_that_are_not_apart_see_those_before(relative):
    one, other = (
        packed_surprise(relative, [first, [1, 5, 9, 2], [7, 7, 7]], 0, "all")
        for first in ([3, 1, 4], [8, 8, 2])
    )
    assert one[0, 1] != pytest.approx(other[0, 1].item(), rel=1e-3)
    apart = packed_surprise(relative, [[3, 1, 4], [1, 5, 9, 2], [7, 7, 7]], 0, "itself")
    again = packed_surprise(relative, [[8, 8, 2], [1, 5, 9, 2], [7, 7, 7]], 0, "itself")
    torch.testing.assert_close(apart[0, 1], again[0, 1])
