"""Endless loops end."""

import threading
import time

import pytest

from autograder.checking.time_limit import OutOfTimeError, _in_thread, within


def endless():
    while True:
        pass


def returns():
    return 5


@pytest.mark.parametrize("limit", [within, _in_thread])
def test_what_ends_in_time_returns(limit):
    assert limit(5, returns) == 5


@pytest.mark.parametrize("limit", [within, _in_thread])
def test_an_exception_passes_through(limit):
    def fails():
        raise KeyError("here")

    with pytest.raises(KeyError):
        limit(5, fails)


@pytest.mark.parametrize("limit", [within, _in_thread])
def test_an_endless_loop_is_stopped(limit):
    with pytest.raises(OutOfTimeError):
        limit(0.1, endless)


def test_a_bare_except_around_the_work_does_not_save_an_endless_loop():
    def swallows():
        try:
            endless()
        except:  # noqa: E722
            endless()

    with pytest.raises(OutOfTimeError):
        within(0.1, swallows)


def test_a_thread_that_cannot_be_stopped_is_left_behind():
    event = threading.Event()
    with pytest.raises(OutOfTimeError):
        _in_thread(0.1, lambda: event.wait(30))
    event.set()


def test_outside_the_main_thread_the_limit_holds_too():
    seen = []

    def work():
        try:
            within(0.1, endless)
        except OutOfTimeError:
            seen.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert seen == ["stopped"]


def test_no_alarm_comes_after_the_work_is_done():
    within(0.05, returns)
    time.sleep(0.1)
