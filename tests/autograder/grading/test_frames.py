"""Answers are taken apart without being believed."""

import resource

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.inside.frames import NUMBER, FrameError, pack_answers, unpack_answers

answers = st.lists(st.binary(), min_size=1, max_size=8)


@given(answers, st.integers(0, 2**32 - 1))
def test_answers_arrive_as_they_were_sent(sent, number):
    assert unpack_answers(pack_answers(number, sent), number, most=len(sent)) == sent


@given(answers)
def test_answers_to_other_calls_are_refused(sent):
    with pytest.raises(FrameError, match="had not been asked"):
        unpack_answers(pack_answers(4, sent), 5, most=len(sent))


@given(answers)
def test_more_answers_than_calls_are_refused(sent):
    with pytest.raises(FrameError):
        unpack_answers(pack_answers(5, sent), 5, most=len(sent) - 1)


@pytest.mark.parametrize(
    "plain",
    [None, 1, b"answer", "answer", [], [None], [b"one", 2], [[b"one"]], {b"one": b"two"}],
    ids=repr,
)
def test_what_is_no_list_of_bytes_is_refused(plain):
    with pytest.raises(FrameError):
        unpack_answers(NUMBER.pack(5) + msgpack.packb(plain), 5, most=8)


def test_lists_in_lists_take_no_memory():
    nested = b"\xdc\x00\x08" + (b"\x98" + b"\x90" * 8) * 500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FrameError):
        unpack_answers(NUMBER.pack(5) + nested, 5, most=8)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kilobytes


@given(st.binary(max_size=64))
def test_any_bytes_are_answers_or_refused_in_one_way(content):
    try:
        taken = unpack_answers(NUMBER.pack(5) + content, 5, most=8)
    except FrameError:
        return
    assert 1 <= len(taken) <= 8
    assert all(type(answer) is bytes for answer in taken)
