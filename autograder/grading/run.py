"""Run: a notebook's cells inside the sandbox, one after the other, and calls to its functions.

A cell that does not come to its end (it ends the process, takes too much, never returns) counts as
if it had not been there: a fresh child runs the cells before it once more, and the notebook goes
on. So does a function that takes its process with it.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.checking.cases import (
    Answer,
    Call,
    Died,
    Raised,
    Returned,
    TimedOut,
    Unusable,
    decode_answer,
)
from autograder.checking.values import ValueFrameError
from autograder.grading.inside.frames import NUMBER, Kind
from autograder.grading.inside.limits import Limits
from autograder.grading.outputs import CellOutputs, text_of
from autograder.grading.sandbox import Child, ChildError, LieError, Sandbox

GRACE = 1.5  # seconds that a call may go over before its process is ended
STOPS_THE_NOTEBOOK = ("SystemExit", "KeyboardInterrupt")
MOST_MESSAGES = 100_000  # of one cell
MOST_OUTPUT = 32 * 2**20  # characters that are kept of a whole notebook's outputs
MOST_ANSWERED = (
    32 * 2**20
)  # bytes of all answers to one exercise, which are kept until it is judged
SHARES = 3  # the calls of one exercise may take this part of the notebook's time, beside it
CROWD = 8  # threads and processes left behind by one exercise that would slow the next
UNASKED = "it answered what it had not been asked"
LONGEST_TEXT = 500  # of what a student's exception says


class NotebookRun:
    """The run of one notebook. `outputs` are those of the cells run so far, by their place.

    `ended` tells of cells that did not come to their end why they did not.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        sources: Sequence[str],
        beside: Mapping[str, bytes],
        limits: Limits,
        seed: int,
    ) -> None:
        """Take the sources of all cells, the files beside the notebook, and what it may use."""
        self.sandbox = sandbox
        self.sources = sources
        self.beside = beside
        self.limits = limits
        self.seed = seed
        self.outputs: dict[int, list[NotebookNode]] = {}
        self.raised: dict[int, str] = {}
        self.ended: dict[int, str] = {}
        self.crashed: set[int] = set()  # of these cells, the ones that took the process with them
        self.ran: list[int] = []
        self.since: list[int] = []  # of these, the ones after the last exercise that was judged
        self.child: Child | None = None
        self.number = 0  # of the last cell or call, so that no reply is taken for another's
        self.output_left = MOST_OUTPUT
        self.answered = 0  # bytes, to the exercise that is being judged
        self.judged: list[int] = []  # the cells of that exercise
        self.left_out: set[int] = set()  # cells that are not run again
        self.suspects: set[int] = set()  # cells of exercises whose function ended the process
        self.crowd_before = 0  # threads and processes, when the exercise began
        self.deadline = time.monotonic() + limits.notebook_seconds

    def __enter__(self) -> "NotebookRun":
        """Return the run; nothing has been started."""
        return self

    def __exit__(self, *unused: object) -> None:
        """End the process."""
        self._drop_child()

    def run_cell(self, place: int) -> None:
        """Run one cell, after all those that were run before it; suspects may be left out of them.

        Those are the cells of exercises whose function has ended the process: by what they have
        changed they may end it again in a cell that comes later.
        """
        self.ran.append(place)
        self.since.append(place)
        self._run_last(place)
        suspects = self.suspects.difference(self.left_out)
        if place in self.crashed and suspects:
            self.left_out |= suspects
            why = self.ended.pop(place)
            self._run_last(place)
            if place in self.ended:
                self.ended[place] = why
                self.left_out -= suspects

    def _run_last(self, place: int) -> None:
        if self._restored(up_to=place) and not self._attempt(place, again=False):
            self._drop_child()
            if self._restored(up_to=place):
                self._attempt(place, again=False, last=True)

    def call(self, function: str, call: Call, seconds: float) -> Answer:
        """Return what a function of the notebook answers, now that some cells have run.

        Where it seems to end the process, it is tried once more without the suspects (`run_cell`).
        """
        answer = self._attempted_call(function, call, seconds)
        if not isinstance(answer, Died):
            return answer
        suspects = self.suspects.difference(self.judged, self.left_out)
        self.suspects.update(self.judged)
        if not suspects:
            return answer
        self.left_out |= suspects
        again = self._attempted_call(function, call, seconds)
        if isinstance(again, Returned):
            return again
        self.left_out -= suspects
        self._drop_child()
        return answer

    def _attempted_call(self, function: str, call: Call, seconds: float) -> Answer:
        if not self._restored():
            return Died(self._out_of_time())
        number = self._next_number()
        message = {
            "function": function, "call": call.encoded, "seconds": seconds, "number": number,
        }  # fmt: skip
        started = time.monotonic()
        try:
            self.child.send(Kind.CALL, message)
            while True:
                kind, content = self.child.receive(started + seconds + GRACE)
                if kind == Kind.ENDED or (
                    kind == Kind.ANSWER and content[: NUMBER.size] != NUMBER.pack(number)
                ):
                    raise LieError(UNASKED)
                if kind == Kind.ANSWER:
                    break
        except TimeoutError:
            self._drop_child()
            return TimedOut(seconds)
        except ChildError as error:
            self._drop_child()
            if isinstance(error, LieError):  # what lies now would lie to all later exercises too
                self.left_out.update(self.judged)
            return Died(str(error))
        finally:  # an exercise has a time of its own, and takes none from the cells to come
            self.deadline += time.monotonic() - started
        self.answered += len(content)
        if self.answered > MOST_ANSWERED:
            return Unusable(f"more than {MOST_ANSWERED // 2**20} MB together with what came before")
        return _believed(content[NUMBER.size :], time.monotonic() - started, seconds)

    def end_exercise(self) -> None:
        """Give up a process in which an exercise has left a crowd at work; the next has its own."""
        if self.child is not None and self.child.crowd() > self.crowd_before + CROWD:
            self._drop_child()

    def _restored(self, up_to: int | None = None) -> bool:
        """Have a child in which the cells before `up_to` have run; False if no time is left."""
        while self.child is None:
            if time.monotonic() > self.deadline:
                if up_to is not None:
                    self.ended[up_to] = self._out_of_time()
                return False
            self.child = self.sandbox.child(self.limits)
            try:
                for name, content in self.beside.items():
                    self.child.send(Kind.FILES, {name: content})
            except ChildError:
                self._drop_child()
                continue
            for place in self.ran:
                is_out = place in self.ended or place in self.left_out
                if place != up_to and not is_out and self.child is not None:
                    self._attempt(place, again=True, last=True)
        return True

    def _attempt(self, place: int, *, again: bool, last: bool = False) -> bool:
        """Run a cell in the child; when it does not come to its end, the child is given up.

        False says that the child was still busy with what an earlier cell had made of it; then it
        is worth another attempt, if this was not the last.
        """
        collected = CellOutputs(MOST_OUTPUT if again else max(self.output_left, 0))
        deadline = min(time.monotonic() + self.limits.cell_seconds, self.deadline)
        why = ""
        try:
            number = self._next_number()
            message = {"source": self.sources[place], "seed": self.seed + place, "number": number}
            self.child.send(Kind.CELL, message)
            for _ in range(MOST_MESSAGES):
                kind, message = self.child.receive(deadline)
                if kind == Kind.ANSWER or (kind == Kind.ENDED and _number_of(message) != number):
                    if not last:
                        return False
                    raise ChildError(UNASKED)
                if kind == Kind.ENDED:
                    break
                if kind == Kind.OUTPUT and not again:
                    collected.add(message)
            else:
                why = "it never stopped sending output"
            raised = name_of(message.get("raised")) if kind == Kind.ENDED else ""
            if not why and raised in STOPS_THE_NOTEBOOK:
                why = f"it stops the notebook: {raised}"
            self.raised[place] = raised
        except TimeoutError:
            why = f"it had not ended after {self.limits.cell_seconds:g} s"
            if time.monotonic() >= self.deadline:
                why = self._out_of_time()
        except ChildError as error:
            why = str(error)
            self.crashed.add(place)
        if why:
            self.ended[place] = why
            self._drop_child()
            collected.stop(why)
        if not again:
            self.outputs[place] = collected.finished()
            self.output_left -= collected.size
        elif why:
            self.outputs[place].append(collected.finished()[-1])
        return True

    def _next_number(self) -> int:
        self.number += 1
        return self.number

    def _out_of_time(self) -> str:
        return f"the notebook had taken {self.limits.notebook_seconds:g} s in all"

    def _drop_child(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child = None


@dataclass
class Oracle:
    """Answers the judge's calls with a student's function.

    After as many calls as `patience` took the process with them or never ended, the rest of the
    exercise is not tried.
    """

    run: NotebookRun
    function: str
    seconds: float
    hard_seconds: float
    patience: int = 2
    slowest: float = 0.0
    stopped: list[Answer] = field(default_factory=list)
    defined: bool = True

    def __post_init__(self) -> None:
        """Count the bytes of its answers from here on, and know the cells that it is made of."""
        self.run.answered = 0
        self.run.judged, self.run.since = self.run.since, []
        self.run.crowd_before = self.run.child.crowd() if self.run.child is not None else 0
        self.started = time.monotonic()

    def __call__(self, call: Call) -> Answer:
        """Return the answer to one call."""
        if len(self.stopped) >= self.patience:
            return self.stopped[-1]
        most = self.run.limits.notebook_seconds / SHARES
        if time.monotonic() - self.started > most:
            self.stopped += [Died(f"its calls had taken {most:g} s together")] * self.patience
            return self.stopped[-1]
        answer = self.run.call(self.function, call, self.hard_seconds)
        if isinstance(answer, TimedOut | Died):
            self.stopped.append(answer)
        if isinstance(answer, Returned):
            self.slowest = max(self.slowest, answer.seconds)
        if answer == Raised("NameError", self.function):
            self.defined = False
        return answer


def _number_of(message: Any) -> Any:
    return message.get("number") if isinstance(message, dict) else None


def name_of(error: Any) -> str:
    """Return the name of an exception as a student's process says it, if it is no sentence."""
    name = words(error)
    return name if not name or (name.isidentifier() and len(name) < 80) else "an error"


def words(text: Any) -> str:
    """Return what a student's process says in words: short, and nothing but printable."""
    text = text_of(text)[: LONGEST_TEXT + 1]
    cut = " ..." if len(text) > LONGEST_TEXT else ""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text[:LONGEST_TEXT]) + cut


def _believed(content: bytes, seconds: float, allowed: float) -> Answer:
    """Return an answer from bytes that a student may have written, with what is known better.

    What the process says of its own end or of the time is its own invention.
    """
    try:
        answer = decode_answer(content)
    except ValueFrameError as error:
        return Died(f"it answered with what is no value: {error}")
    if isinstance(answer, Returned):
        # its own clock could be set back
        return dataclasses.replace(answer, seconds=seconds)
    if isinstance(answer, Raised):
        return Raised(words(answer.type), words(answer.message), words(answer.line))
    if isinstance(answer, TimedOut):
        return TimedOut(allowed)
    if isinstance(answer, Died):
        return Died("it gave up its process")
    return Unusable(words(answer.reason))
