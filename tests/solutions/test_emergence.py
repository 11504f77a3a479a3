"""The measures of emergence equal other implementations and draw as they promise."""

import math

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from scipy import stats

from solutions import emergence


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_second_half_repeats_the_first():
    sequences = emergence.repeated_sequences(300, 20, 7, seeded())
    assert torch.equal(sequences[:, :20], sequences[:, 20:])
    counts = torch.bincount(sequences[:, :20].flatten(), minlength=7)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-6


def test_a_perfect_induction_head_scores_one_and_a_uniform_one_does_not():
    period = 5
    perfect = torch.eye(2 * period)
    queries = torch.arange(period, 2 * period)
    perfect[queries] = 0
    perfect[queries, queries - period + 1] = 1
    uniform = torch.full((10, 10), 1 / 10)
    weights = torch.stack([perfect, uniform]).expand(3, 2, 10, 10)
    scores = emergence.prefix_matching_score(weights, period)
    torch.testing.assert_close(scores, torch.tensor([1.0, 0.1]))


def test_weights_of_another_length_are_refused():
    with pytest.raises(ValueError, match="period"):
        emergence.prefix_matching_score(torch.zeros(1, 1, 9, 9), 5)


def test_the_in_context_score_is_negative_where_context_helps():
    losses = torch.tensor([[5.0, 4.0, 1.0], [5.0, 2.0, 2.0]])
    assert emergence.in_context_learning_score(losses, 1, 2).item() == pytest.approx(-1.5)


@pytest.mark.parametrize(("early", "late"), [(-1, 2), (2, 2), (1, 3)])
def test_positions_outside_the_sequence_are_refused(early, late):
    with pytest.raises(ValueError, match="positions"):
        emergence.in_context_learning_score(torch.zeros(2, 3), early, late)


def test_a_prompt_ends_with_the_arrow_and_no_space():
    prompt = emergence.few_shot_prompt([("hot", "cold"), ("up", "down")], "big")
    assert prompt == "hot -> cold\nup -> down\nbig ->"
    assert emergence.few_shot_prompt([], "big", arrow=":") == "big:"


def test_shuffled_labels_take_every_order_equally_often():
    orders = [tuple(emergence.shuffle_labels(["a", "b", "c"], seeded(i))) for i in range(1_200)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-6


def test_exact_match_ignores_outer_white_space_and_nothing_else():
    assert emergence.exact_match([" a ", "A", "b"], ["a", "a", "b\n"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("predictions", "references"), [([], []), (["a"], ["a", "b"])])
def test_exact_match_refuses_lists_that_do_not_pair(predictions, references):
    with pytest.raises(ValueError, match="equally many"):
        emergence.exact_match(predictions, references)


def test_token_accuracy_weighs_tokens_not_sequences():
    predictions = torch.tensor([[1, 2, 3], [4, 5, 6]])
    targets = torch.tensor([[1, -100, -100], [4, 0, 0]])
    assert emergence.token_accuracy(predictions, targets) == pytest.approx(2 / 4)


def test_token_accuracy_needs_a_target():
    with pytest.raises(ValueError, match="target"):
        emergence.token_accuracy(torch.zeros(2), torch.full((2,), -100))


@given(first=st.text(alphabet="abc", max_size=9), second=st.text(alphabet="abc", max_size=9))
def test_edit_distance_equals_rapidfuzz(first, second):
    assert emergence.edit_distance(first, second) == Levenshtein.distance(first, second)


def test_independent_tokens_predict_the_product_of_their_accuracies():
    accuracies = torch.tensor([[0.9, 0.9, 0.9], [1.0, 0.5, 0.2]])
    torch.testing.assert_close(
        emergence.predicted_exact_match(accuracies), torch.tensor([0.9**3, 0.1])
    )


def test_the_bootstrap_interval_equals_scipys():
    values = torch.rand(40, generator=seeded(), dtype=torch.double) ** 3
    low, high = emergence.bootstrap_interval(values, seeded(1), 0.9, 20_000)
    theirs = stats.bootstrap(
        (values.numpy(),),
        numpy.mean,
        confidence_level=0.9,
        n_resamples=20_000,
        method="percentile",
        rng=numpy.random.default_rng(0),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=0.03 * width)
    assert high == pytest.approx(theirs.high, abs=0.03 * width)


def test_the_addition_table_is_split_whole():
    training, test = emergence.modular_addition(13, 0.4, seeded())
    assert len(training) == round(0.4 * 169)
    table = torch.cat([training, test]).tolist()
    assert sorted(table) == [[a, b, (a + b) % 13] for a in range(13) for b in range(13)]


def test_every_pair_is_equally_likely_to_be_trained_on():
    trained = torch.zeros(9)
    for seed in range(2_000):
        training, _ = emergence.modular_addition(3, 1 / 3, seeded(seed))
        trained[training[:, 0] * 3 + training[:, 1]] += 1
    deviation = math.sqrt(2_000 * (1 / 3) * (2 / 3))
    assert (trained - 2_000 / 3).abs().max() < 5 * deviation


def test_the_grokking_delay_runs_from_first_fit_to_first_solution():
    steps = [0, 100, 200, 300, 400]
    trained = [0.1, 0.96, 0.5, 1.0, 1.0]
    solved = [0.0, 0.0, 0.2, 0.95, 0.1]
    assert emergence.grokking_delay(steps, trained, solved) == 200
    assert emergence.grokking_delay(steps, solved, trained) == -200


def test_a_task_never_solved_has_no_delay():
    assert emergence.grokking_delay([0, 1], [1.0, 1.0], [0.0, 0.9]) is None
