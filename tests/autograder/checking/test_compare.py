"""What comparators accept, and what they say of the rest."""

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checking.compare import Average, Close, Frequencies, Same
from autograder.checking.values import ARRAY_DTYPES, TENSOR_DTYPES

RIGHT = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, -6.0]])


def message(comparator, expected, found):
    difference = comparator.first_difference([expected], [found])
    return None if difference is None else difference[1].message


def test_rounding_is_forgiven_and_more_is_not():
    assert message(Close(), RIGHT, RIGHT * (1 + 1e-5)) is None
    assert message(Close(), RIGHT, RIGHT * (1 + 1e-3)) is not None


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_zeros_never_pass_however_small_the_values_are(scale):
    assert "all values are 0" in message(Close(), RIGHT * scale, torch.zeros(2, 3))


def test_where_zeros_are_expected_only_zeros_pass():
    assert message(Close(), torch.zeros(2, 3), torch.zeros(2, 3)) is None
    assert message(Close(), torch.zeros(2, 3), torch.full((2, 3), 1e-9)) is not None


def test_nan_is_reported_with_its_share():
    found = RIGHT.clone()
    found[0, :] = math.nan
    assert "3 of 6 values (50%) are NaN" in message(Close(), RIGHT, found)
    assert "NaN" in message(Same(), RIGHT, found)


def test_infinity_is_reported():
    found = RIGHT.clone()
    found[0, 0] = math.inf
    assert "1 of 6 values (17%) is infinite" in message(Close(), RIGHT, found)


def test_nan_and_infinity_are_right_where_they_are_expected():
    expected = torch.tensor([math.nan, -math.inf, 1.0])
    assert message(Close(), expected, expected.clone()) is None
    assert message(Same(), expected, expected.clone()) is None
    assert message(Close(), expected, torch.tensor([math.nan, math.inf, 1.0])) is not None
    assert message(Close(), expected, torch.tensor([0.0, -math.inf, 1.0])) is not None
    assert message(Close(), expected, torch.tensor([math.nan, -math.inf, math.nan])) is not None


@pytest.mark.parametrize(
    ("found", "expected_message"),
    [
        (None, "return"),
        (RIGHT.T, "dimensions 0 and 1 are swapped"),
        (RIGHT[None], "a dimension of size 1 too many"),
        (RIGHT.flatten(), "as many numbers, arranged another way"),
        (RIGHT[:, :2], "look at dimension 1"),
        (RIGHT.double(), "float64 instead of float32"),
        (RIGHT.half(), "float16 instead of float32"),
        (RIGHT.long(), "real numbers are expected"),
        (RIGHT > 0, "bool"),
        (-RIGHT, "wrong sign"),
        (RIGHT * 2.5, "2.5 times"),
        (RIGHT.numpy(), "torch.from_numpy"),
        (RIGHT.tolist(), "a list instead of a torch.Tensor"),
        (1.0, "a float instead of a torch.Tensor"),
        ((RIGHT, RIGHT), "a tuple instead of a torch.Tensor"),
        ("text", "a str"),
    ],
)
def test_the_message_names_the_likely_bug(found, expected_message):
    assert expected_message in message(Close(), RIGHT, found)


def test_a_missing_dimension_is_named():
    assert "of size 1 is missing" in message(Close(), RIGHT[:, None], RIGHT)


def test_swapped_rows_and_columns_of_a_square_are_named():
    square = torch.arange(9.0).reshape(3, 3)
    assert "rows and columns are swapped" in message(Close(), square, square.T)


def test_an_inverted_mask_is_named():
    mask = torch.tensor([True, False, True])
    assert "opposite" in message(Same(), mask, ~mask)


def test_a_zero_may_be_asked_for_to_the_last_bit():
    expected, found = torch.tensor([1.0, 0.0]), torch.tensor([1.0 + 1e-6, 1e-12])
    assert message(Close(), expected, found) is None
    assert "exactly 0" in message(Close(exact_zeros=True), expected, found)
    assert message(Close(exact_zeros=True), expected, expected + 1e-6 * expected) is None


def test_a_mask_of_integers_is_no_mask():
    mask = torch.tensor([True, False])
    assert "bool" in message(Same(), mask, mask.int())
    assert "bool" in message(Same(), mask, mask.float())


def test_integers_of_any_width_are_integers():
    assert message(Same(), torch.arange(3), torch.arange(3, dtype=torch.int32)) is None
    assert message(Same(), np.arange(3), np.arange(3, dtype=np.int16)) is None


@pytest.mark.parametrize(
    "found", [0.5, np.float32(0.5), np.float64(0.5), torch.tensor(0.5), np.array(0.5)]
)
def test_a_single_number_is_accepted_in_any_form(found):
    assert message(Close(), 0.5, found) is None
    assert message(Close(), torch.tensor(0.5), found) is None


def test_an_integer_will_do_for_a_float_but_not_the_reverse():
    assert message(Close(), 2.0, 2) is None
    assert "float" in message(Same(), 2, 2.0)


@pytest.mark.parametrize("expected", [1, 1.0, torch.tensor(1.0)])
@pytest.mark.parametrize("found", [True, np.bool_(True), "1", torch.tensor(True)])
def test_bool_and_text_never_pass_for_a_number(expected, found):
    assert message(Close(), expected, found) is not None


def test_numbers_never_pass_for_a_bool():
    assert message(Same(), True, True) is None
    for found in (1, 1.0, torch.tensor(1)):
        assert message(Same(), True, found) is not None


def test_lists_and_tuples_are_alike_and_compared_item_by_item():
    assert message(Close(), (1.0, RIGHT), [1.0, RIGHT]) is None
    assert "item 1" in message(Close(), (1.0, RIGHT), (1.0, RIGHT + 1))
    assert "2 items instead of 3" in message(Close(), (1, 2, 3), (1, 2))
    assert "instead of a tuple of 2" in message(Close(), (1.0, RIGHT), RIGHT)


def test_only_the_items_asked_for_are_compared():
    assert message(Close(items=(0,)), (RIGHT, RIGHT), (RIGHT, -RIGHT)) is None
    assert message(Close(items=(1,)), (RIGHT, RIGHT), (RIGHT, -RIGHT)) is not None
    assert "items" in message(Close(items=(0,)), (RIGHT, RIGHT), (RIGHT,))
    assert "instead of a tuple" in message(Close(items=(0,)), (RIGHT, RIGHT), RIGHT)


def test_dictionaries_are_compared_key_by_key():
    assert message(Close(), {"a": 1.0}, {"a": 1.0}) is None
    assert "1 of 2 keys are missing" in message(Same(), {"a": 1, "b": 2}, {"a": 1})
    assert "'c'" in message(Same(), {"a": 1}, {"a": 1, "c": 2})
    assert "under the key 'a'" in message(Same(), {"a": 1}, {"a": 2})


def test_messages_of_hidden_calls_hold_no_expected_number():
    difference = Close().first_difference([RIGHT], [RIGHT + torch.randn(2, 3)])[1]
    assert "instead of" not in difference.message
    assert "instead of" in difference.numbers


def test_empty_tensors_are_equal_if_their_shapes_are():
    assert message(Close(), torch.zeros(0, 3), torch.zeros(0, 3)) is None
    assert message(Close(), torch.zeros(0, 3), torch.zeros(0, 2)) is not None


def test_fair_draws_pass_and_biased_ones_fail():
    generator = torch.Generator().manual_seed(1)
    probabilities = [0.8, 0.1, 0.1, 0.0]
    fair = torch.multinomial(torch.tensor(probabilities), 4000, True, generator=generator)
    assert message(Frequencies(), probabilities, fair) is None
    biased = torch.multinomial(torch.tensor([0.7, 0.2, 0.1]), 4000, True, generator=generator)
    assert "1 came too often" in message(Frequencies(), probabilities, biased)


def test_what_cannot_happen_fails_at_once():
    assert "too often" in message(Frequencies(), [1.0, 0.0], [0] * 1000 + [1])
    assert "not between" in message(Frequencies(), [0.5, 0.5], [0, 1, 2])
    assert "nothing" in message(Frequencies(), [0.5, 0.5], [])
    assert "instead of integers" in message(Frequencies(), [0.5, 0.5], torch.rand(3))


def test_numbers_that_are_slow_to_count_are_not_counted_one_by_one():
    alike = [n * (2**61 - 1) for n in range(200_000)]  # which all have one hash
    started = time.monotonic()
    assert "not between" in message(Frequencies(), [0.5, 0.5], alike)
    assert not Frequencies().alike([alike], [[0, 1]])
    many = torch.arange(2_000_000)
    assert "not between" in message(Frequencies(), [0.5, 0.5], many)
    assert Frequencies().alike([many], [many.int()])
    assert time.monotonic() - started < 5


def test_draws_of_several_calls_are_pooled():
    calls = [[0.5, 0.5]] * 400
    alternating = [torch.tensor([i % 2]) for i in range(400)]
    constant = [torch.tensor([0]) for _ in range(400)]
    assert Frequencies().first_difference(calls, alternating) is None
    assert Frequencies().first_difference(calls, constant) is not None


def test_the_bound_on_frequencies_is_kept_by_chance_alone():
    generator = torch.Generator().manual_seed(2)
    for probability in (0.001, 0.03, 0.5):
        weights = torch.tensor([1 - probability, probability])
        for _ in range(500):
            drawn = torch.multinomial(weights, 300, True, generator=generator)
            assert message(Frequencies(), weights.tolist(), drawn) is None


def test_two_samples_of_one_distribution_are_alike():
    generator = torch.Generator().manual_seed(3)
    one, other = (torch.randint(0, 3, (2000,), generator=generator) for _ in range(2))
    assert Frequencies().alike([one], [other])
    assert not Frequencies().alike([one], [other.clamp(max=1)])


def test_the_mean_may_be_off_by_five_sigma():
    generator = torch.Generator().manual_seed(4)
    draws = torch.randn(2500, generator=generator) * 2 + 3
    assert message(Average(), (3.0, 2.0), draws) is None
    assert "too large" in message(Average(), (3.0, 2.0), draws + 0.3)
    assert "too small" in message(Average(), (3.0, 2.0), draws - 0.3)
    assert "NaN" in message(Average(), (3.0, 2.0), draws * math.nan)
    assert message(Average(), (3.0, 2.0), "text") is not None
    assert Average().alike([draws], [draws.flip(0)])
    assert not Average().alike([draws], [draws + 1])


tensors = st.builds(
    lambda dtype, shape: torch.ones(shape).to(dtype),
    st.sampled_from(list(TENSOR_DTYPES.values())),
    st.lists(st.integers(0, 3), max_size=4),
)
arrays = st.builds(
    lambda dtype, shape: np.ones(shape, dtype),
    st.sampled_from(list(ARRAY_DTYPES.values())),
    st.lists(st.integers(0, 3), max_size=3),
)
keys = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
anything = st.recursive(
    keys | tensors | arrays | arrays.filter(lambda a: a.size).map(lambda a: a.reshape(-1)[0]),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(keys, inner),
    max_leaves=8,
)


@settings(max_examples=600, deadline=None)
@given(anything, anything, st.sampled_from([Close(), Same(), Same(items=(1,))]))
@pytest.mark.filterwarnings("ignore")
def test_no_pair_of_values_breaks_a_comparator(expected, found, comparator):
    message(comparator, expected, found)
    comparator.alike([found], [expected])


@settings(max_examples=300, deadline=None)
@given(anything)
@pytest.mark.filterwarnings("ignore")
def test_no_value_breaks_a_statistic(found):
    message(Frequencies(), [0.5, 0.5], found)
    message(Average(), (0.0, 1.0), found)
    Frequencies().alike([found], [[0, 1]])
    Average().alike([found], [[0.5, 0.1]])


@settings(max_examples=300)
@given(anything)
def test_a_value_equals_itself(value):
    assert message(Same(), value, value) is None
