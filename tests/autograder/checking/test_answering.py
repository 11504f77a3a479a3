"""What comes of a call: fresh arguments, seeded generators, any exception, the student's line."""

import random

import numpy as np
import torch

from autograder.checking.answering import call_function, preserved_generators
from autograder.checking.cases import Call, Raised, Returned, Unusable
from autograder.checking.values import Seed


def test_arguments_are_copies():
    tensor = torch.zeros(2)
    answer = call_function(lambda x: x.add_(1), Call((tensor,)))
    assert tensor.sum() == 0
    assert answer.arguments_after[0][0].sum() == 2


def test_what_is_not_changed_is_not_reported():
    assert (
        call_function(lambda x, y: x + y, Call((1,), {"y": torch.ones(1)})).arguments_after is None
    )


def test_a_seed_arrives_as_a_generator_and_drawing_from_it_changes_no_argument():
    answer = call_function(lambda g: torch.rand(2, generator=g), Call((Seed(3),)))
    expected = torch.rand(2, generator=torch.Generator().manual_seed(3))
    assert torch.equal(answer.value, expected)
    assert answer.arguments_after is None


def draws(x):
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_a_call_repeats_exactly_whatever_was_drawn_before():
    first = call_function(draws, Call((0,), seed=11)).value
    draws(0)
    assert call_function(draws, Call((0,), seed=11)).value == first
    assert call_function(draws, Call((0,), seed=12)).value != first


def test_the_generators_of_a_notebook_are_left_as_they_were():
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    expected = draws(0)
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    with preserved_generators():
        call_function(draws, Call((0,), seed=5))
    assert draws(0) == expected


def test_any_exception_becomes_an_answer():
    class OddError(Exception):
        def __str__(self):
            raise RuntimeError

    def leaves(x):
        raise SystemExit(3)

    def odd(x):
        raise OddError

    def long(x):
        raise ValueError("x" * 10_000)

    assert call_function(leaves, Call((1,))).type == "SystemExit"
    assert isinstance(call_function(odd, Call((1,))), Raised)
    assert len(call_function(long, Call((1,))).message) < 1000


def test_endless_recursion_becomes_an_answer():
    def recursive(x):
        return recursive(x)

    assert call_function(recursive, Call((1,))).type == "RecursionError"


def test_the_line_is_the_students_own_and_not_the_librarys():
    def own(x):
        return torch.nn.functional.softmax("text", dim=-1)

    line = call_function(own, Call((1,))).line
    assert 'torch.nn.functional.softmax("text", dim=-1)' in line


def test_wrong_arity_is_told_with_the_signature():
    answer = call_function(lambda length, window: 0, Call((3,)))
    assert answer.type == "TypeError"
    assert "(length, window)" in answer.message
    assert "'window'" in answer.message
    named = call_function(lambda x: 0, Call((3,), {"mask": None}))
    assert "mask=..." in named.message


def test_what_is_no_plain_value_is_unusable():
    answer = call_function(lambda x: object(), Call((1,)))
    assert isinstance(answer, Unusable)
    assert "object" in answer.reason


def test_a_result_that_wants_gradients_is_taken_by_value():
    answer = call_function(lambda x: torch.ones(2, requires_grad=True) * x, Call((2.0,)))
    assert isinstance(answer, Returned)
    assert not answer.value.requires_grad
