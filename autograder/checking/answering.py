"""Calls a student's function and puts what came of it into an `Answer`.

A sandbox runs `call_function` inside, on the student's side; `check` runs it in the notebook's own
process. Either way arguments are fresh copies, made from bytes, and the result is made into bytes
and back, so both judge the same plain values.
"""

import contextlib
import inspect
import linecache
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np
import torch

from autograder.checking import values
from autograder.checking.cases import (
    Answer,
    Call,
    Raised,
    Returned,
    Unusable,
    decode_call,
    encode_call,
)

LONGEST_MESSAGE = 500
# as they are before a notebook can have put others in their place
_seed_python, _seed_numpy = random.seed, np.random.seed


def call_function(function: Callable, call: Call) -> Answer:
    """Return what the function answers to a call.

    Whatever the function raises becomes a `Raised`, except what is raised to stop it (see
    `time_limit`). The global random generators are seeded; see `preserved_generators`.
    """
    answer = call_with_bytes(function, call.encoded)
    if not isinstance(answer, Returned):
        return answer
    try:
        return replace(answer, value=values.decode(values.encode(answer.value)))
    except values.ValueFrameError as error:
        return Unusable(str(error))


def call_with_bytes(function: Callable, sent: bytes) -> Answer:
    """Return what the function answers to a call that has come as bytes.

    The value is what the function returned, and may be of any type.
    """
    fresh = decode_call(sent)
    arguments = tuple(_materialised(value) for value in fresh.arguments)
    keywords = {name: _materialised(value) for name, value in fresh.keywords.items()}
    seed_generators(fresh.seed)
    start = time.process_time()
    try:
        value = function(*arguments, **keywords)
    except (Exception, SystemExit, GeneratorExit) as error:
        mismatch = isinstance(error, TypeError) and _mismatch(function, arguments, keywords)
        return Raised("TypeError", mismatch) if mismatch else raised(error, function)
    seconds = time.process_time() - start
    return Returned(value, _after(sent, fresh, arguments, keywords), seconds)


def seed_generators(seed: int) -> None:
    """Seed the global generators of Python, numpy and torch."""
    _seed_python(seed)
    _seed_numpy(seed % 2**32)
    # what torch.manual_seed does for the CPU, without the 2 ms it spends on other devices
    torch.default_generator.manual_seed(seed)


@contextlib.contextmanager
def preserved_generators() -> Iterator[None]:
    """Leave the global generators as they were found, in a process that is the student's own."""
    python, array, tensor = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(array)
        torch.set_rng_state(tensor)


def raised(error: BaseException, function: Callable | None = None) -> Raised:
    """Return the exception as an answer, with the student's own line."""
    try:
        message = str(error)
    except Exception:
        message = "(the exception cannot be printed)"
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]} ..."
    line = _students_line(error.__traceback__, function)
    return Raised(type(error).__name__, message, line)


def _materialised(value: Any) -> Any:
    return value.generator() if type(value) is values.Seed else value


def _after(
    sent: bytes, fresh: Call, arguments: tuple, keywords: dict[str, Any]
) -> tuple[tuple, dict[str, Any]] | None:
    """Return the arguments as the function left them, or None if they are as they were."""

    def left(before: Any, now: Any) -> Any:
        return before if type(before) is values.Seed else now

    after = tuple(left(b, n) for b, n in zip(fresh.arguments, arguments, strict=True))
    keywords_after = {name: left(fresh.keywords[name], now) for name, now in keywords.items()}
    try:
        received = encode_call(Call(after, keywords_after, seed=fresh.seed))
    except values.ValueFrameError:
        return (), {}  # changed into what cannot even be sent
    if received == sent:
        return None
    changed = decode_call(received)
    return changed.arguments, changed.keywords


def _mismatch(function: Callable, arguments: tuple, keywords: dict[str, Any]) -> str:
    """Say in what way a function cannot be called with these; "" if it can."""
    try:
        signature = inspect.signature(function)
    except Exception:  # an object may say anything when it is asked
        return ""
    try:
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        given = f"{len(arguments)} argument{'s' if len(arguments) != 1 else ''}"
        named = f" and {', '.join(f'{name}=...' for name in keywords)}" if keywords else ""
        name = getattr(function, "__name__", "the function")
        return f"{name}{signature} cannot be called with {given}{named}: {error}"
    return ""


def _students_line(traceback: TracebackType | None, function: Callable | None) -> str:
    """Return the deepest line that stands in the student's own code."""
    code = getattr(function, "__code__", None)
    own_file = code.co_filename if code else None
    found = ""
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name == own_file or _is_cell(name):
            text = linecache.getline(name, traceback.tb_lineno).strip()
            found = f"line {traceback.tb_lineno}: {text}".removesuffix(": ")
        traceback = traceback.tb_next
    return found[:LONGEST_MESSAGE]


def _is_cell(name: str) -> bool:
    """Tell a notebook's cell from an installed file by the name IPython gives it."""
    return "ipykernel" in name or name.startswith("<ipython-input")
