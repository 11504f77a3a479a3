"""One function judges: points by parts, messages, hints, and never an exception."""

import json

import pytest
import torch

from autograder.checking.answering import call_function
from autograder.checking.cases import (
    Call,
    Case,
    Died,
    Earlier,
    ExerciseCases,
    Mistake,
    PartCases,
    Raised,
    Returned,
    TimedOut,
    Unusable,
    ask,
    decode_answer,
    decode_call,
    encode_answer,
    encode_call,
    read_cases,
    write_cases,
)
from autograder.checking.compare import Close, Frequencies, Same
from autograder.checking.judge import ExerciseResult, judge, passes, unanswered
from autograder.checking.values import Seed, ValueFrameError, encode


def double(x):
    return 2 * x


def cases_for(*numbers, points=1.0, shown=0, mistakes=(), may_change=()):
    """Cases of an exercise that asks for twice a tensor."""
    calls = [Call((torch.tensor([float(n), 1.0]),), tries=f"the number {n}") for n in numbers]
    cases = tuple(Case(call, Returned(2 * call.arguments[0])) for call in calls)
    wrong = tuple(
        Mistake(hint, tuple(call_function(function, call) for call in calls))
        for hint, function in mistakes
    )
    part = PartCases("numbers", points, Close(), cases, wrong, shown)
    return ExerciseCases("numbers.double", ("x",), (part,), may_change)


def judged(cases, function):
    def oracle(call):
        return call_function(function, call)

    result = judge(cases, oracle)
    assert passes(cases, oracle) == result.passed
    return result


def test_a_right_function_earns_every_part():
    result = judged(cases_for(1, 2, 3), double)
    assert result.passed
    assert (result.points, result.maximum) == (1.0, 1.0)
    assert result.hints == ()


def test_one_wrong_call_costs_the_part_and_is_the_one_reported():
    result = judged(cases_for(1, 7, 3), lambda x: 2 * x if x[0] != 7 else x)
    assert result.points == 0
    assert result.parts[0].tried == "the number 7"
    assert "0.5 times" in result.parts[0].message or "wrong" in result.parts[0].message


def test_parts_are_credited_one_by_one():
    one, two = cases_for(1, points=1).parts[0], cases_for(-1, points=3).parts[0]
    cases = ExerciseCases("numbers.double", ("x",), (one, two))
    result = judged(cases, lambda x: 2 * x.abs())
    assert (result.points, result.maximum) == (1.0, 4.0)
    assert not result.passed


def test_the_hint_of_the_misconception_with_the_same_outputs_is_given():
    cases = cases_for(3, mistakes=[("squared", lambda x: x**2), ("once", lambda x: x)])
    assert judged(cases, lambda x: x * x).hints == ("squared",)
    assert judged(cases, lambda x: x + 0).hints == ("once",)
    assert judged(cases, lambda x: x * 5).hints == ()


def test_who_passes_a_part_gets_no_hint_though_a_misconception_passes_too():
    cases = cases_for(0, mistakes=[("the same here", lambda x: x + x)])
    assert judged(cases, double).hints == ()


def test_among_several_misconceptions_the_one_that_fits_most_parts_is_named():
    def calls(n):
        return cases_for(
            n, mistakes=[("adds 2", lambda x: x + 2), ("triples", lambda x: 3 * x)]
        ).parts[0]

    cases = ExerciseCases("numbers.double", ("x",), (calls(5), calls(1)))
    # at 1 and 1 both give 3
    assert [p.hint for p in judged(cases, lambda x: 3 * x).parts] == ["triples", "triples"]


def test_a_misconception_that_raises_is_recognised():
    def views(x):
        raise RuntimeError("view size is not compatible")

    cases = cases_for(3, mistakes=[("use reshape", views)])
    assert judged(cases, views).hints == ("use reshape",)

    def other(x):
        raise RuntimeError("something else")

    assert judged(cases, other).hints == ()


def test_a_changed_argument_costs_the_part_and_is_named():
    def in_place(x):
        result = 2 * x
        x.zero_()
        return result

    result = judged(cases_for(1, 2), in_place)
    assert result.points == 0
    assert "argument x in place" in result.parts[0].message
    assert judged(cases_for(1, 2, may_change=("x",)), in_place).passed


def test_an_argument_changed_into_what_cannot_cross_is_noticed():
    def spoils(items):
        items.append(object())
        return 1

    part = PartCases("list", 1, Same(), (Case(Call(([],)), Returned(1)),))
    result = judged(ExerciseCases("x.y", ("items",), (part,)), spoils)
    assert "in place" in result.parts[0].message


def test_an_exception_is_reported_with_type_message_and_own_line():
    def broken(x):
        return torch.zeros(2) @ torch.zeros(3)

    part = judged(cases_for(1), broken).parts[0]
    assert part.message.startswith("RuntimeError")
    assert "torch.zeros(2) @ torch.zeros(3)" in part.line


def test_a_stub_is_not_written_yet():
    def stub(x):
        raise NotImplementedError

    result = judged(cases_for(1), stub)
    assert result.points == 0
    assert not result.written
    assert result.note == "not written yet"


def test_a_function_that_leaves_one_case_open_counts_as_written():
    def half(x):
        if x[0] < 0:
            raise NotImplementedError
        return 2 * x

    one, two = cases_for(1).parts[0], cases_for(-1).parts[0]
    result = judged(ExerciseCases("numbers.double", ("x",), (one, two)), half)
    assert result.points == 1
    assert result.note == ""
    assert result.parts[1].message == "not written yet"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (TimedOut(2.0), "no answer after 2 s"),
        (Died("killed"), "killed"),
        (Unusable("a tensor of another kind"), "a tensor of another kind"),
        (Raised("SystemExit", "0"), "SystemExit: 0"),
        (Returned(None), "return"),
        (Returned("PASSED"), "a str"),
        (Returned(True), "a bool"),
    ],
)
def test_whatever_the_oracle_answers_is_reported(answer, message):
    result = judge(cases_for(1, 2), lambda call: answer)
    assert result.points == 0
    assert message in result.parts[0].message


def test_after_an_endless_loop_the_rest_of_the_part_is_not_tried():
    asked = []

    def oracle(call):
        asked.append(call)
        return TimedOut(1.0)

    judge(cases_for(1, 2, 3), oracle)
    assert len(asked) == 1


def test_hidden_calls_show_neither_arguments_nor_numbers():
    part = judged(cases_for(1, 2), lambda x: x**3).parts[0]
    assert (part.call, part.found, part.expected) == ("", "", "")
    assert "instead of" not in part.message


def test_public_calls_show_arguments_answer_and_expectation():
    part = judged(cases_for(1, 2, shown=2), lambda x: x**3).parts[0]
    assert "[1, 1]" in part.call
    assert "[1, 1]" in part.found
    assert "[2, 2]" in part.expected
    assert "instead of" in part.message


def test_of_a_public_part_only_the_public_calls_are_shown():
    part = judged(cases_for(2, 5, shown=1), lambda x: x + x[0] * 0 + x.clamp(max=2)).parts[0]
    assert part.tried == "the number 5"
    assert (part.call, part.expected) == ("", "")


def test_an_exception_that_is_expected_has_to_come():
    part = PartCases("refuses", 1, Same(), (Case(Call((1,)), Raised("ValueError")),))
    cases = ExerciseCases("x.y", ("n",), (part,))

    def refuses(n):
        raise ValueError("no")

    assert judged(cases, refuses).passed
    assert "should raise a ValueError" in judged(cases, lambda n: n).parts[0].message
    assert not judged(cases, lambda n: [][n]).passed


def test_a_timed_part_wants_speed_as_well():
    part = PartCases("fast", 1, Same(), (Case(Call((1,)), Returned(1), seconds_allowed=0.5),))
    cases = ExerciseCases("x.y", ("n",), (part,))
    assert judge(cases, lambda call: Returned(1, seconds=0.4)).passed
    assert passes(cases, lambda call: Returned(1, seconds=0.4))
    assert not passes(cases, lambda call: Returned(1, seconds=0.6))
    slow = judge(cases, lambda call: Returned(1, seconds=0.6)).parts[0]
    assert not slow.passed
    assert "too slow" in slow.message
    assert "too slow" not in judge(cases, lambda call: Returned(2, seconds=9)).parts[0].message


def test_the_best_of_several_timed_calls_counts():
    timed = tuple(Case(Call((n,)), Returned(n), seconds_allowed=0.5) for n in range(3))
    cases = ExerciseCases("x.y", ("n",), (PartCases("fast", 1, Same(), timed),))

    def answers(*seconds):
        return lambda call: Returned(call.arguments[0], seconds=seconds[call.arguments[0]])

    assert judge(cases, answers(0.9, 0.4, 5.0)).passed
    assert not judge(cases, answers(0.9, 0.6, 5.0)).passed


def test_statistics_are_judged_over_all_calls_of_a_part():
    def coin(generator):
        return int(torch.rand((), generator=generator) < 0.5)

    calls = tuple(Case(Call((Seed(i),)), Returned([0.5, 0.5])) for i in range(400))
    cases = ExerciseCases("x.coin", ("generator",), (PartCases("coin", 1, Frequencies(), calls),))
    assert judged(cases, coin).passed
    assert not judged(cases, lambda generator: 1).passed


def threading_cases():
    calls = [Call((torch.zeros(1),)), Call((Earlier(0, (1,)),)), Call((Earlier(1, (1,)),))]
    cases = tuple(
        Case(call, Returned((i, torch.tensor([i + 1.0])))) for i, call in enumerate(calls)
    )
    return ExerciseCases("x.step", ("state",), (PartCases("steps", 1, Close(), cases),))


def test_a_call_can_wait_for_what_an_earlier_one_returned():
    assert judged(threading_cases(), lambda state: (int(state), state + 1)).passed
    assert not judged(threading_cases(), lambda state: (0, torch.ones(1))).passed


def test_what_an_earlier_call_returned_may_not_be_changed_in_place_either():
    def careless(state):
        old = state.clone()
        state += 1
        return int(old), old + 1

    def careless_later(state):
        if state[0] == 0:
            return 0, state + 1
        return careless(state)

    for function in (careless, careless_later):
        assert "argument state in place" in judged(threading_cases(), function).parts[0].message


def test_a_changed_argument_is_told_apart_from_what_an_earlier_call_returned():
    def changes_only_the_list(state, seen):
        seen.append(1)
        return int(state), state + 1

    calls = [Call((torch.zeros(1), [])), Call((Earlier(0, (1,)), []))]
    cases = tuple(
        Case(call, Returned((i, torch.tensor([i + 1.0])))) for i, call in enumerate(calls)
    )
    part = PartCases("steps", 1, Close(), cases)
    allowed = ExerciseCases("x.step", ("state", "seen"), (part,), may_change=("seen",))
    assert judged(allowed, changes_only_the_list).passed


def test_a_call_whose_earlier_one_failed_fails_without_being_tried():
    def broken(state):
        raise KeyError("state")

    result = judged(threading_cases(), broken)
    assert "KeyError" in result.parts[0].message
    assert judged(threading_cases(), lambda state: 3).points == 0


def test_answers_are_asked_in_order_and_fed_on():
    calls = [Call((1,)), Call((Earlier(0),)), Call((Earlier(1),))]
    answers = ask(calls, lambda call: Returned(call.arguments[0] * 2))
    assert [answer.value for answer in answers] == [2, 4, 8]


def test_whether_all_passes_is_asked_no_further_than_the_first_wrong_answer():
    asked = []

    def wrong_at_two(call):
        asked.append(call)
        return call_function(lambda x: 2 * x + (x[0] == 2), call)

    cases = cases_for(1, 2, 3, 4)
    assert not passes(cases, wrong_at_two)
    assert len(asked) == 2
    assert passes(cases, lambda call: call_function(double, call))


def test_a_result_goes_through_json():
    result = judged(cases_for(1, 2, shown=1), lambda x: x)
    assert ExerciseResult.from_plain(json.loads(json.dumps(result.to_plain()))) == result


def test_a_function_that_cannot_be_called_earns_nothing():
    result = unanswered(cases_for(1), "it is not there")
    assert (result.points, result.maximum, result.note) == (0.0, 1.0, "it is not there")


def test_calls_and_answers_cross_as_bytes():
    call = decode_call(encode_call(Call((1, torch.ones(2)), {"mask": None}, "words", 5)))
    assert call.arguments[0] == 1
    assert (call.keywords, call.seed) == ({"mask": None}, 5)
    assert call.tries == ""  # the function under test gets no wind of it
    for answer in (Raised("A", "b", "c"), TimedOut(1.0), Died("x"), Unusable("y")):
        assert decode_answer(encode_answer(answer)) == answer
    back = decode_answer(encode_answer(Returned(torch.ones(1), ((1,), {"a": 2}), 0.5)))
    assert back.arguments_after == ((1,), {"a": 2})


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {},
        (),
        ("Returned",),
        ("Case", (), None, None),
        (["Returned"], 1, None, 0.0),
        ["Returned", 1, None, 0.0],
        ("Raised", 1, "", ""),
        ("TimedOut", "long"),
        ("TimedOut", True),
        ("Returned", 1, 3, 0.0),
        ("Returned", 1, ((), []), 0.0),
        ("Returned", 1, ((), {}, 0), 0.0),
        ("Returned", 1, None, 0.0, 9),
    ],
)
def test_bytes_that_are_no_answer_are_refused(plain):
    with pytest.raises(ValueFrameError):
        decode_answer(encode(plain))


def test_cases_come_back_from_a_file(tmp_path):
    written = cases_for(1, 2, shown=1, mistakes=[("once", lambda x: x)], may_change=("x",))
    path = tmp_path / "numbers.cases"
    write_cases(path, [written, threading_cases()])
    read = read_cases(path)
    assert list(read) == ["numbers.double", "x.step"]
    assert read["numbers.double"].may_change == ("x",)
    for function in (double, lambda x: x, lambda x: x + 1):
        assert judged(read["numbers.double"], function) == judged(written, function)
    assert judged(read["x.step"], lambda state: (int(state), state + 1)).passed


def test_a_damaged_file_of_cases_is_one_error(tmp_path):
    path = tmp_path / "numbers.cases"
    write_cases(path, [cases_for(1)])
    whole = path.read_bytes()
    for damaged in (b"", b"no cases", whole[:-20], whole[:30] + b"x" + whole[31:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueFrameError, match=r"numbers\.cases is damaged"):
            read_cases(path)
