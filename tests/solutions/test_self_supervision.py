"""The parts of self-supervision equal PyTorch's and transformers', and draw as they promise."""

import itertools
import math

import pytest
import torch
from torch.nn import functional

from solutions import self_supervision


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def assert_frequency(hits: int, draws: int, probability: float) -> None:
    """Five standard deviations of a binomial: a right function fails once in two million."""
    deviation = math.sqrt(draws * probability * (1 - probability))
    assert abs(hits - draws * probability) <= 5 * deviation


def test_windows_do_not_overlap_and_every_input_has_its_next_token():
    inputs, targets = self_supervision.next_token_pairs(torch.arange(10), 4)
    assert inputs.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert targets.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


@pytest.mark.parametrize(("length", "windows"), [(0, 0), (1, 0), (4, 0), (5, 1), (8, 1), (9, 2)])
def test_only_whole_windows_are_kept(length, windows):
    inputs, targets = self_supervision.next_token_pairs(torch.arange(length), 4)
    assert inputs.shape == targets.shape == (windows, 4)


def test_every_start_of_a_window_is_equally_likely_the_last_one_included():
    inputs, targets = self_supervision.sample_batch(torch.arange(9), 8_000, 5, seeded())
    assert torch.equal(targets, inputs + 1)
    assert torch.equal(inputs, inputs[:, :1] + torch.arange(5))
    for hits in torch.bincount(inputs[:, 0], minlength=4).tolist():
        assert_frequency(hits, 8_000, 1 / 4)


def test_a_text_too_short_for_a_window_is_refused():
    with pytest.raises(ValueError, match="context_length"):
        self_supervision.sample_batch(torch.arange(5), 1, 5, seeded())


def test_bigram_counts_equal_a_plain_count():
    tokens = torch.randint(6, (500,), generator=seeded())
    counts = self_supervision.bigram_counts(tokens, 7)
    expected = torch.zeros(7, 7, dtype=torch.long)
    for first, second in itertools.pairwise(tokens.tolist()):
        expected[first, second] += 1
    assert torch.equal(counts, expected)


@pytest.mark.parametrize("tokens", [[], [3]])
def test_a_text_without_pairs_has_no_bigrams(tokens):
    counts = self_supervision.bigram_counts(torch.tensor(tokens, dtype=torch.long), 4)
    assert torch.equal(counts, torch.zeros(4, 4, dtype=torch.long))


def test_bigram_probabilities_add_smoothing_to_every_count():
    probabilities = self_supervision.bigram_probabilities(torch.tensor([[3, 1], [0, 0]]), 1.0)
    torch.testing.assert_close(probabilities, torch.tensor([[4 / 6, 2 / 6], [0.5, 0.5]]))


def test_a_token_never_followed_is_uniform_without_smoothing():
    probabilities = self_supervision.bigram_probabilities(torch.tensor([[3, 1], [0, 0]]))
    torch.testing.assert_close(probabilities, torch.tensor([[0.75, 0.25], [0.5, 0.5]]))


def test_cross_entropy_equals_pytorchs_also_at_extreme_logits():
    logits = torch.randn(2, 5, 7, generator=seeded()) * 1e3
    targets = torch.randint(7, (2, 5), generator=seeded())
    expected = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(self_supervision.cross_entropy(logits, targets), expected)


def test_the_bigram_gradient_equals_autograd():
    weights = torch.randn(6, 6, generator=seeded(), dtype=torch.double, requires_grad=True)
    inputs, targets = torch.randint(5, (2, 40), generator=seeded())
    functional.cross_entropy(weights[inputs], targets).backward()
    gradient = self_supervision.bigram_gradient(weights.detach(), inputs, targets)
    torch.testing.assert_close(gradient, weights.grad)
    assert torch.equal(gradient[5], torch.zeros(6, dtype=torch.double))


def test_tokens_are_masked_at_berts_rates():
    tokens = torch.full((400, 500), 7)
    inputs, targets = self_supervision.mask_tokens(tokens, 3, 20, seeded(), rate=0.2)
    chosen = targets != -100
    assert torch.equal(targets[chosen], tokens[chosen])
    assert torch.equal(inputs[~chosen], tokens[~chosen])
    draws = int(chosen.sum())
    assert_frequency(draws, tokens.numel(), 0.2)
    assert_frequency(int((inputs[chosen] == 3).sum()), draws, 0.8 + 0.1 / 20)
    assert_frequency(int((inputs[chosen] == 7).sum()), draws, 0.1 + 0.1 / 20)
    for other in (0, 19):
        assert_frequency(int((inputs[chosen] == other).sum()), draws, 0.1 / 20)


def test_masking_leaves_its_argument_alone():
    tokens = torch.arange(100)
    self_supervision.mask_tokens(tokens, 3, 100, seeded(), rate=0.9)
    assert torch.equal(tokens, torch.arange(100))


def test_documents_are_packed_end_to_end_and_numbered():
    tokens, numbers = self_supervision.pack_documents([[5, 6], [], [7, 8, 9]], end=0, length=4)
    assert tokens.tolist() == [[5, 6, 0, 0], [7, 8, 9, 0]]
    assert numbers.tolist() == [[0, 0, 0, 1], [2, 2, 2, 2]]


def test_what_does_not_fill_a_row_is_dropped():
    tokens, numbers = self_supervision.pack_documents([[5, 6]], end=0, length=4)
    assert tokens.shape == numbers.shape == (0, 4)


def test_a_token_sees_earlier_tokens_of_its_own_document_only():
    mask = self_supervision.document_mask(torch.tensor([[0, 0, 1]]))
    expected = [[True, False, False], [True, True, False], [False, False, True]]
    assert mask.tolist() == [[expected]]


def test_bits_per_byte_counts_bytes_not_characters():
    assert self_supervision.bits_per_byte(math.log(2) * 6, "é") == pytest.approx(3.0)
    assert self_supervision.bits_per_byte(math.log(256) * 4, "text") == pytest.approx(8.0)


def test_copies_of_a_text_stand_on_one_side():
    documents = [f"Text number {i}" for i in range(400)]
    copies = [f"  text\nNUMBER   {i} " for i in range(400)]
    training, test = self_supervision.split_without_leaks(documents + copies, 0.25)
    assert sorted(training + test) == list(range(800))
    assert {i % 400 for i in training}.isdisjoint({i % 400 for i in test})
    assert_frequency(len(test) // 2, 400, 0.25)


def test_later_documents_move_nobody_to_the_other_side():
    documents = [f"Text number {i}" for i in range(50)]
    _, test = self_supervision.split_without_leaks(documents, 0.5)
    _, later = self_supervision.split_without_leaks([*documents, "one more"], 0.5)
    assert test == [i for i in later if i < 50]


@pytest.mark.parametrize(("fraction", "tested"), [(0.0, 0), (1.0, 50)])
def test_the_extreme_fractions_put_everything_on_one_side(fraction, tested):
    documents = [f"Text number {i}" for i in range(50)]
    assert len(self_supervision.split_without_leaks(documents, fraction)[1]) == tested
