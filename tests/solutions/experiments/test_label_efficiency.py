"""Curves of labels are drawn, resampled and read as they promise."""

import math

import pytest
import torch

from solutions.experiments.label_efficiency import (
    accuracies,
    draw_subsets,
    labels_needed,
    labels_worth,
    logistic_regression,
    resampled,
)


def test_smaller_subsets_lie_within_larger_ones_and_draws_differ():
    subsets = draw_subsets(100, (5, 20, 100), draws=3)
    for small, middle, everything in subsets:
        assert set(small.tolist()) < set(middle.tolist())
        assert sorted(everything.tolist()) == list(range(100))
    assert len({tuple(small.tolist()) for small, *_ in subsets}) == 3
    again = draw_subsets(100, (5, 20, 100), draws=3)
    assert all(torch.equal(a, b) for a, b in zip(subsets[0], again[0], strict=True))


def test_accuracies_say_which_test_sentences_are_right():
    subsets = draw_subsets(10, (1, 2), draws=2)
    right = accuracies(
        lambda some: torch.tensor([len(some) - 1, 0, 1]), torch.tensor([1, 0, 0]), subsets
    )
    assert right.shape == (2, 2, 3)
    assert right[0].tolist() == [[0, 1, 0], [1, 1, 0]]


@pytest.mark.parametrize("scale", [True, False])
def test_logistic_regression_learns_from_the_labeled_rows_only(scale):
    x = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    labels = (x[:, 0] > 0).long()
    wrong = torch.cat([labels[:200], 1 - labels[200:]])
    classify = logistic_regression(x, wrong, x, 10.0, scale=scale)
    guesses = classify(torch.arange(200))
    assert (guesses == labels).float().mean() > 0.97


def test_texts_become_words_and_pairs_of_words():
    texts = ["not good", "good not", "not bad", "bad not"] * 10
    labels = torch.tensor([0, 1, 1, 0] * 10)
    classify = logistic_regression(texts, labels, texts[:4], 1e4, scale=False)
    assert torch.equal(classify(torch.arange(40)), labels[:4])


def test_the_bootstraps_center_is_the_accuracy_and_documents_widen_it():
    right = (torch.rand(1, 4, 1, 600, generator=torch.Generator().manual_seed(0)) < 0.7).float()
    # a document's sentences stand or fall together
    together = right[..., :20].repeat_interleave(30, dim=-1)
    documents = [str(i // 30) for i in range(600)]
    narrow = resampled(right, [str(i) for i in range(600)])
    wide = resampled(together, documents)
    assert narrow.shape == (2_000, 1, 1)
    assert narrow.mean().item() == pytest.approx(right.mean().item(), abs=0.005)
    assert wide.std() > 2 * narrow.std()


def test_two_ways_meet_the_same_draws_and_documents():
    one = (torch.rand(1, 3, 2, 50, generator=torch.Generator().manual_seed(1)) < 0.7).float()
    samples = resampled(torch.cat([one, one]), [str(i) for i in range(50)], samples=50)
    torch.testing.assert_close(samples[:, 0], samples[:, 1])


def test_labels_needed_are_read_between_the_points_in_the_logarithm():
    curve = torch.tensor([0.5, 0.7, 0.6, 0.8])
    sizes = (10, 100, 1_000, 10_000)
    assert labels_needed(curve, sizes, 0.6) == pytest.approx(math.sqrt(10 * 100))
    assert labels_needed(curve, sizes, 0.75) == pytest.approx(math.sqrt(1_000 * 10_000), rel=1e-5)
    assert labels_needed(curve, sizes, 0.4) == 10
    assert labels_needed(curve, sizes, 0.81) == math.inf


def test_labels_worth_is_how_many_times_more_the_other_way_needs():
    better = torch.tensor([[0.6, 0.7, 0.9]])
    other = torch.tensor([[0.5, 0.6, 0.7]])
    ratios = labels_worth(better, other, (10, 100, 1_000))
    assert ratios[0].tolist() == [pytest.approx(10), pytest.approx(10), math.inf]
