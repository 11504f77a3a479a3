"""`check` and `check_all`, as students call them in a notebook."""

import contextlib
import difflib
import importlib
import importlib.util
import io
import sys
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.checking import report
from autograder.checking.answering import call_function, preserved_generators, raised
from autograder.checking.cases import (
    Answer,
    Call,
    Died,
    ExerciseCases,
    TimedOut,
    read_cases,
)
from autograder.checking.judge import ExerciseResult, judge, unanswered
from autograder.checking.one_thread import one_thread
from autograder.checking.time_limit import OutOfTimeError, within
from autograder.checking.values import ValueFrameError, type_name

LONGEST_PRINTED = 1000  # characters shown of what a function prints
SECONDS_AFTER_TIMEOUT = 0.25  # for the parts that follow an endless loop

_results: dict[str, ExerciseResult] = {}  # the last result of each exercise in this session


class UnknownExerciseError(LookupError):
    """There are no cases for that name; the message says what may be meant."""


def check(exercise: str, function: Callable | None = None) -> float:
    """Check a function, show what came of it, and return the points.

    Args:
        exercise: the identifier, such as "attention.causal_mask".
        function: the function that you wrote.

    Returns:
        The points, from 0 to the exercise's maximum.
    """
    with _quietly():
        try:
            result, printed = _checked(exercise, function)
        except Exception as error:
            note = f"the check itself is broken, please report it: {type_name(error)}: {error}"
            result, printed = ExerciseResult(str(exercise), (), note), ""
    if result.parts:
        _results[result.identifier] = result
    _show(report.as_html(result, printed), report.as_text(result, printed), result)
    return result.points


def check_all() -> None:
    """Show a table of all exercises that were checked in this session."""
    results = list(_results.values())
    _show(report.summary_as_html(results), report.summary_as_text(results))


class InProcess:
    """Answers calls with a function in this very process, within the time allowed."""

    def __init__(self, function: Callable, seconds: float) -> None:
        """Take the function, and the seconds that each call may take."""
        self.function = function
        self.seconds = seconds
        self.stopped = False
        self.output = _Beginning()

    def __call__(self, call: Call) -> Answer:
        """Return the answer to a call; what the function prints is kept aside."""
        if self.stopped:
            return Died("the check was interrupted")
        seconds = self.seconds
        try:
            with _redirected(self.output), preserved_generators():
                return within(seconds, lambda: call_function(self.function, call))
        except OutOfTimeError:
            self.seconds = min(seconds, SECONDS_AFTER_TIMEOUT)
            return TimedOut(seconds)
        except KeyboardInterrupt:
            self.stopped = True
            return Died("the check was interrupted")
        except BaseException as error:  # an exception that is no Exception
            return raised(error, self.function)


def _checked(exercise: Any, function: Any) -> tuple[ExerciseResult, str]:
    if not isinstance(exercise, str):
        name = getattr(exercise, "__name__", "causal_mask")
        note = f'first the exercise in quotes, then the function: check("attention.{name}", {name})'
        return ExerciseResult("check", (), note), ""
    try:
        cases = _cases(exercise)
    except (UnknownExerciseError, ValueFrameError, OSError) as error:
        return ExerciseResult(exercise, (), str(error)), ""
    if not callable(function):
        return unanswered(cases, _not_a_function(cases, function)), ""
    oracle = InProcess(function, cases.seconds)
    result = judge(cases, oracle)
    return result, oracle.output.getvalue()


def _not_a_function(cases: ExerciseCases, function: Any) -> str:
    name = cases.function
    call = f'check("{cases.identifier}", {name})'
    if function is None:
        return f"there is no function to check: {call}"
    return (
        f"{type_name(function)} is not a function; pass {name} itself, without calling it: {call}"
    )


def _cases(identifier: str) -> ExerciseCases:
    """Return the cases: drawn where specs and reference are installed, else from a file."""
    if _installed("autograder.specs") and _installed("solutions"):
        return _drawn(identifier)
    return _stored(identifier)


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@lru_cache
def _drawn(identifier: str) -> ExerciseCases:
    # asked for by name: where only this subpackage is installed, these do not exist
    specs = importlib.import_module("autograder.specs")
    drawn_cases = importlib.import_module("autograder.spec.drawn_cases")
    try:
        return drawn_cases.draw_cases(specs.find(identifier))
    except specs.UnknownExerciseError as error:
        raise UnknownExerciseError(str(error)) from None


def _stored(identifier: str) -> ExerciseCases:
    """Read the cases beside the notebook, one file for each module: `attention.cases`."""
    files = sorted(Path.cwd().glob("*.cases"))
    if not files:
        raise UnknownExerciseError(
            "there is no file of cases, such as attention.cases, beside the notebook: "
            "fetch the assignment again and open the notebook in its own folder"
        )
    known = {name: cases for file in files for name, cases in read_cases(file).items()}
    if identifier in known:
        return known[identifier]
    near = difflib.get_close_matches(identifier, known, n=1, cutoff=0.4)
    meant = f"; do you mean {near[0]!r}?" if near else ""
    raise UnknownExerciseError(f"there is no exercise {identifier!r}{meant}")


def _show(html: str, text: str, result: ExerciseResult | None = None) -> None:
    """Display in a notebook; print elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or not hasattr(shell, "kernel"):
        print(text)
        return
    from IPython.display import display

    points = {"points": result.points, "maximum": result.maximum} if result else {}
    display(
        {"text/html": html, "text/plain": text},
        raw=True,
        metadata={"autograder": points},
    )


class _Beginning(io.TextIOBase):
    """A text stream that keeps the beginning of what is written."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.room = LONGEST_PRINTED
        self.cut = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.room:
            self.kept.append(text[: self.room])
        self.cut |= len(text) > self.room
        self.room = max(self.room - len(text), 0)
        return len(text)

    def getvalue(self) -> str:
        return "".join(self.kept) + ("\n... and more" if self.cut else "")


@contextlib.contextmanager
def _redirected(output: _Beginning) -> Any:
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        yield


@contextlib.contextmanager
def _quietly() -> Any:
    """Let no warning reach stderr: nbgrader takes a cell that writes there for a failed one."""
    with one_thread(), warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
