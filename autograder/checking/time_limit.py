"""Stops a function that does not end."""

import ctypes
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")

AGAIN = 0.25  # seconds until a function that caught the exception gets it once more
PATIENCE = 2.0  # seconds until a thread that cannot be stopped is left alone


class OutOfTimeError(BaseException):
    """Raised inside a function to stop it; no `except Exception` catches it."""


def within(seconds: float, function: Callable[[], Result]) -> Result:
    """Return what `function` returns.

    In the main thread on Unix an alarm interrupts the function. Elsewhere (Windows, other threads)
    it runs in a thread, which is told to stop; one that hangs inside a single call of a compiled
    function cannot be stopped and is left behind.

    Raises:
        OutOfTimeError: it had not returned after so many seconds.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and hasattr(signal, "setitimer"):
        return _with_alarm(seconds, function)
    return _in_thread(seconds, function)


def _with_alarm(seconds: float, function: Callable[[], Result]) -> Result:
    running = True

    def stop(number: int, frame: Any) -> None:
        if running:
            raise OutOfTimeError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        return function()
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _in_thread(seconds: float, function: Callable[[], Result]) -> Result:
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    tries = int(PATIENCE / AGAIN) if thread.is_alive() else 0
    for _ in range(tries):
        _raise_in(thread)
        thread.join(AGAIN)
        if not thread.is_alive():
            break
    if results:
        return results[0]
    raise errors[0] if errors else OutOfTimeError


def _raise_in(thread: threading.Thread) -> None:
    identifier = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(identifier, ctypes.py_object(OutOfTimeError))
