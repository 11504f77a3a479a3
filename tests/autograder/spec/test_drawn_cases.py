"""Inputs come from a seed: the same for the same, hidden ones not known beforehand."""

import time
from dataclasses import replace

import torch

from autograder.checking.answering import call_function
from autograder.checking.cases import Call, Earlier
from autograder.checking.compare import Frequencies, Same
from autograder.checking.judge import judge
from autograder.checking.values import Seed, encode
from autograder.spec import Draw, Exercise, Part, Speed
from autograder.spec.drawn_cases import PUBLIC_SEED, draw_cases
from autograder.specs import exercises, find
from solutions import attention


def as_bytes(call):
    words = [repr(value) if isinstance(value, Earlier) else value for value in call.arguments]
    return encode([words, call.keywords, call.seed])


def calls(cases):
    return [as_bytes(case.call) for part in cases.parts for case in part.cases]


def test_the_same_seed_gives_the_same_cases():
    for exercise in exercises("attention"):
        assert calls(draw_cases(exercise, "a")) == calls(draw_cases(exercise, "a"))


def test_no_part_has_the_same_calls_under_every_seed():
    for exercise in exercises("attention"):
        drawn = [draw_cases(exercise, str(seed)) for seed in range(6)]
        for parts in zip(*(cases.parts for cases in drawn), strict=True):
            inputs = [calls_of(part) for part in parts]
            assert inputs.count(inputs[0]) < len(inputs), (exercise.identifier, parts[0].name)


def test_what_a_function_was_seeded_with_does_not_tell_the_inputs_to_come():
    part = Part("numbers", 1, lambda draw: [Call((draw.normal(5),)) for _ in range(3)])
    exercise = Exercise("attention.softmax", parts=[part])
    calls = [case.call for case in draw_cases(exercise, "secret").parts[0].cases]
    for back in range(-3, 4):
        foretold = Draw(calls[0].seed + back).normal(5)
        assert not any(torch.equal(call.arguments[0], foretold) for call in calls)


def calls_of(part):
    """The hidden calls, without the seeds, which always differ."""
    hidden = (case.call for case in part.cases[part.shown :])
    return [as_bytes(replace(call, seed=0)) for call in hidden]


def test_a_public_part_begins_with_calls_that_are_the_same_for_everybody_and_goes_on():
    exercise = find("attention.rotary_positions")
    own = draw_cases(exercise, PUBLIC_SEED).parts[0]
    graded = draw_cases(exercise, "secret").parts[0]
    assert own.shown == graded.shown == len(own.cases)
    assert len(graded.cases) == 2 * graded.shown
    for mine, theirs in zip(own.cases, graded.cases[: graded.shown], strict=True):
        assert as_bytes(mine.call) == as_bytes(theirs.call)


def test_who_copies_public_answers_fails_the_public_part_under_another_seed():
    exercise = find("attention.rotary_positions")
    public = draw_cases(exercise).parts[1]
    known = {as_bytes(case.call): case.expected for case in public.cases}
    graded = draw_cases(exercise, "secret").parts[1]
    copied = [as_bytes(case.call) in known for case in graded.cases]
    assert all(copied[: graded.shown])
    assert not all(copied[graded.shown :])


def test_drawing_leaves_the_generators_and_the_default_dtype_of_a_notebook_alone():
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    try:
        state = torch.get_rng_state()
        cases = draw_cases(find("attention.sinusoidal_positions"))
        assert torch.equal(torch.get_rng_state(), state)
        assert cases.parts[0].cases[0].expected.value.dtype is torch.float32
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_sizes_drawn_together_are_unequal():
    for seed in range(50):
        sizes = Draw(seed).sizes(5, 2, 7)
        assert len(set(sizes)) == 5
        assert all(2 <= size <= 7 for size in sizes)


def test_every_row_of_a_drawn_mask_shows_something_and_hides_something():
    for seed in range(50):
        mask = Draw(seed).mask(3, 4, 5)
        assert mask.any(-1).all()
        assert not mask.all(-1).any()
        assert Draw(seed).mask(3, 1).all()


def test_a_scattered_tensor_is_equal_but_not_contiguous():
    x = Draw(0).normal(2, 3, 4)
    scattered = Draw(0).scattered(x)
    assert torch.equal(scattered, x)
    assert not scattered.is_contiguous()


def test_numbers_of_either_precision_are_the_same():
    one, two = Draw(5).normal(4), Draw(5).normal(4, dtype=torch.float64)
    assert torch.allclose(one.double(), two)


def test_every_expected_answer_is_a_value():
    for exercise in exercises("attention"):
        for part in draw_cases(exercise, "x").parts:
            for case in part.cases:
                assert type(case.expected).__name__ == "Returned", (exercise.identifier, part.name)


def allowed(baseline, calls=1):
    part = Part(
        "fast",
        1,
        lambda draw: [Call((3,), tries="length 3") for _ in range(calls)],
        Same(),
        speed=Speed(times=5, baseline=baseline),
    )
    cases = draw_cases(Exercise("attention.causal_mask", [part])).parts[0].cases
    (seconds,) = {case.seconds_allowed for case in cases}
    return seconds


def slow(length):
    busy_until = time.thread_time() + 0.05
    while time.thread_time() < busy_until:
        pass
    return attention.causal_mask(length)


def test_a_timed_part_allows_a_share_of_what_the_baseline_takes():
    assert 0.01 <= allowed(slow) < 0.02


def test_a_baseline_that_has_to_wait_allows_no_more():
    def kept_waiting(length):
        time.sleep(0.5)
        return slow(length)

    assert 0.01 <= allowed(kept_waiting) < 0.02


def test_of_a_baseline_the_fastest_call_counts():
    lengths = iter((1.0, 0.05, 0.5))

    def disturbed(length):
        busy_until = time.thread_time() + next(lengths)
        while time.thread_time() < busy_until:
            pass

    assert 0.01 <= allowed(disturbed, calls=3) < 0.02


def test_a_function_that_draws_is_expected_to_have_the_probabilities_of_its_spec():
    def draws(draw):
        return [Call((Seed(draw.integer(0, 10**6)),), tries="a draw") for _ in range(300)]

    part = Part("coin", 1, draws, Frequencies(), expect=lambda call: [0.5, 0.5])
    exercise = Exercise("attention.causal_mask", [part])

    @exercise.misconception("the coin is loaded")
    def loaded(generator):
        return int(torch.rand((), generator=generator) < 0.8)

    def fair(generator):
        return torch.randint(0, 2, (), generator=generator)

    def as_loaded(generator):
        return torch.tensor([torch.rand(1, generator=generator).item() > 0.2]).long()

    cases = draw_cases(exercise, "a seed")
    assert judge(cases, lambda call: call_function(fair, call)).passed
    wrong = judge(cases, lambda call: call_function(as_loaded, call))
    assert wrong.hints == ("the coin is loaded",)
