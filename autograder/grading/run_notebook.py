"""Run: a notebook's cells inside the sandbox, one after the other, and calls to its functions.

A cell that does not come to its end (it ends the process, takes too much, never returns) counts as
if it had not been there: a fresh child runs the cells before it once more, and the notebook goes
on. So does a function that takes its process with it.
"""

import dataclasses
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.checking.cases import (
    Answer,
    Call,
    Died,
    ExerciseCases,
    Raised,
    Returned,
    TimedOut,
    Unusable,
    decode_answer,
)
from autograder.checking.values import ValueFrameError
from autograder.grading.cell_outputs import CellOutputs, text_of
from autograder.grading.inside.frames import FrameError, Kind, unpack_answers
from autograder.grading.inside.limits import Limits
from autograder.grading.sandbox import Child, ChildError, LieError, Sandbox

GRACE = 1.5  # seconds that a call may go over before its process is ended
STOPS_THE_NOTEBOOK = ("SystemExit", "KeyboardInterrupt")
MOST_MESSAGES = 100_000  # of one cell
MOST_OUTPUT = 32 * 2**20  # characters that are kept of a whole notebook's outputs
MOST_ANSWERED = 8 * 2**20  # bytes of all answers to an exercise, kept until it is judged
MOST_TOGETHER = 2**18  # bytes of calls that are sent together
SHARES = 3  # the calls of one exercise may take this part of the notebook's time, beside it
CROWD = 8  # threads and processes left behind by one exercise that would slow the next
PROBES = 20  # so often a process is asked for a function that nobody defines,
PROBED_AFTER = 0.05  # seconds after something began to work in it
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
        self.shown: dict[str, list[NotebookNode]] = {}  # of these, the ones with a name
        self.raised: dict[int, str] = {}
        self.ended: dict[int, str] = {}
        self.crashed: set[int] = set()  # of these cells, the ones that took the process with them
        self.ran: list[int] = []
        self.since: list[int] = []  # of these, the ones after the last exercise that was judged
        self.child: Child | None = None
        self.number = 0  # of the last cell or call, so that no reply is taken for another's
        self.output_left = MOST_OUTPUT
        self.answered = 0  # bytes, to the exercise that is being judged
        self.longest = 0.0  # seconds that a message of calls to it took, on the wall
        self.judged: list[int] = []  # the cells of that exercise
        self.left_out: set[int] = set()  # cells that are not run again
        self.suspects: set[int] = set()  # cells that ended the process, or left something at work
        self.crowd = 0  # threads and processes, when the exercise began or the last one ended
        self.lied = False  # the last call to the process
        self.asked = self.at_work = False  # the process for an answer; what it was asked still is
        self.deadline = time.monotonic() + limits.notebook_seconds

    def __enter__(self) -> "NotebookRun":
        """Return the run; nothing has been started."""
        return self

    def __exit__(self, *unused: object) -> None:
        """End the process."""
        self._drop_child()

    def run_cell(self, place: int) -> None:
        """Run one cell, after all those that were run before it; suspects may be left out of them.

        Those are the cells of exercises that have ended the process or left something at work in
        it: by what they have changed they may end it in a cell that comes later. What a call has
        left behind may do that too, so the cell is first tried in a process that was asked nothing.
        """
        self.ran.append(place)
        self.since.append(place)
        asked, at_work = self.asked, self.at_work
        self._run_last(place)
        if place in self.ended and (asked if place in self.crashed else at_work):
            del self.ended[place]
            self.crashed.discard(place)
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

    def call(self, function: str, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Return what a function of the notebook answers to the first of some calls.

        There is no answer if several calls were more than the process could bear. Which of them was
        to blame shows when each is made alone, in the fresh process that the next one gets. Where a
        single one seems to end it, that is tried once more without the suspects (`run_cell`).
        """
        answers = self._attempted_call(function, calls, seconds)
        if not answers or not isinstance(answers[0], Died):
            return answers
        lied, suspects = self.lied, self.suspects.difference(self.judged, self.left_out)
        self.suspects.update(self.judged)
        if suspects:
            self.left_out |= suspects
            again = self._attempted_call(function, calls[:1], seconds)
            if isinstance(again[0], Returned):
                return again
            self.left_out -= suspects
            self._drop_child()
        if lied:  # what lies now would lie to all later exercises too
            self.left_out.update(self.judged)
        return answers

    def _attempted_call(self, function: str, calls: Sequence[Call], seconds: float) -> list[Answer]:
        if not self._restored():
            return [Died(self._out_of_time())]
        self.lied = False
        try:
            return self._exchange(function, calls, seconds)
        except LieError as error:
            self._drop_child()
            self.lied = True
            return [Died(str(error))]
        except TimeoutError:
            self._drop_child()
            return [TimedOut(seconds)] if len(calls) == 1 else []
        except ChildError as error:
            self._drop_child()
            return [Died(str(error))] if len(calls) == 1 else []

    def _exchange(self, function: str, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Send calls and return the answers, which are those to the first of them."""
        number = self._next_number()
        message = {
            "function": function,
            "calls": [call.encoded for call in calls],
            "seconds": seconds,
            "number": number,
        }
        is_alone = len(calls) == 1  # as all timed calls are
        busy_before = self.child.processor_seconds() if is_alone else None
        started = time.monotonic()
        self.asked = True
        try:
            self.child.send(Kind.CALLS, message)
            while True:
                kind, content = self.child.receive(started + seconds + GRACE)
                if kind == Kind.ENDED:
                    raise LieError(UNASKED)
                if kind == Kind.ANSWERS:
                    break
            answers = unpack_answers(content, number, most=len(calls))
        except FrameError as error:
            raise LieError(f"it sent {error}") from None
        finally:  # an exercise has a time of its own, and takes none from the cells to come
            took = time.monotonic() - started
            self.deadline += took
        # load from elsewhere costs nobody a timed part, and nothing that works for the student, in
        # whatever process, is left out; where that cannot be told, the clock on the wall counts
        busy_after = self.child.processor_seconds() if is_alone else None
        busy = took if None in (busy_before, busy_after) else busy_after - busy_before
        taken = [self._taken(answer, busy, seconds) for answer in answers]
        if all(isinstance(answer, Returned) for answer in taken):
            self.longest = max(self.longest, took)
        return taken

    def _taken(self, answer: bytes, took: float, allowed: float) -> Answer:
        self.answered += len(answer)
        if self.answered > MOST_ANSWERED:
            return Unusable(f"more than {MOST_ANSWERED // 2**20} MB together with what came before")
        return _believed(answer, took, allowed)

    def begin_exercise(self) -> str:
        """Begin to judge what the last cells have defined; return why nothing can be asked of it.

        What these cells have left at work could answer in their place, but now and then only, and
        then a later exercise would be blamed. So it is put to the test where it was begun.
        """
        self.answered, self.longest = 0, 0.0
        self.judged, self.since = self.since, []
        if self.child is None:
            return ""
        before, self.crowd = self.crowd, self.child.crowd()
        if self.crowd <= before:
            return ""
        self.suspects.update(self.judged)
        time.sleep(PROBED_AFTER)
        for _ in range(PROBES):
            nobodys = f"_{secrets.token_hex(8)}"
            (answer,) = self._attempted_call(nobodys, [Call()], GRACE)
            if isinstance(answer, TimedOut):
                break
            if answer != Raised("NameError", nobodys):
                self._drop_child()
                self.left_out.update(self.judged)
                return answer.cause if isinstance(answer, Died) else UNASKED
        return ""

    def end_exercise(self) -> None:
        """Give up a process in which an exercise has left a crowd at work; the next has its own."""
        if self.child is None:
            return
        before, self.crowd = self.crowd, self.child.crowd()
        self.at_work = self.crowd > before
        if self.at_work:
            self.suspects.update(self.judged)
        if self.crowd > before + CROWD:
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
            self.crowd = self.child.crowd() if self.child is not None else 0
        return True

    def _attempt(self, place: int, *, again: bool, last: bool = False) -> bool:
        """Run a cell in the child; when it does not come to its end, the child is given up.

        False says that the child was still busy with what an earlier cell had made of it; then it
        is worth another attempt, if this was not the last.
        """
        most = MOST_OUTPUT if again else max(self.output_left, 0)
        collected = CellOutputs(most, self.shown)
        deadline = min(time.monotonic() + self.limits.cell_seconds, self.deadline)
        why = ""
        try:
            number = self._next_number()
            message = {"source": self.sources[place], "seed": self.seed + place, "number": number}
            self.child.send(Kind.CELL, message)
            for _ in range(MOST_MESSAGES):
                kind, message = self.child.receive(deadline)
                if kind == Kind.ANSWERS or (kind == Kind.ENDED and _number_of(message) != number):
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
        self.crowd, self.asked, self.at_work = 0, False, False


@dataclass
class Oracle:
    """Answers the judge's calls with a student's function.

    Calls are sent together where they can be: those to come that wait for no answer and are not
    timed. After as many calls as `patience` took the process with them or never ended, the rest of
    the exercise is not tried.
    """

    run: NotebookRun
    function: str
    cases: ExerciseCases
    hard_seconds: float
    patience: int = 2
    slowest: float = 0.0
    stopped: list[Answer] = field(default_factory=list)
    defined: bool = True

    def __post_init__(self) -> None:
        """Begin the exercise, and see which of its calls can be sent together."""
        refused = self.run.begin_exercise()
        self.stopped += [Died(refused)] * self.patience if refused else []
        self.started = time.monotonic()
        self.to_come = {
            case.call: case.seconds_allowed is None and not case.call.waits
            for part in self.cases.parts
            for case in part.cases
        }
        self.known: dict[Call, Answer] = {}
        self.each_alone = False

    def __call__(self, call: Call) -> Answer:
        """Return the answer to one call."""
        answer = self.known.pop(call, None)
        if answer is None:
            if len(self.stopped) >= self.patience:
                return self.stopped[-1]
            most = self.run.limits.notebook_seconds / SHARES
            if time.monotonic() - self.started > most:
                self.stopped += [Died(f"its calls had taken {most:g} s together")] * self.patience
                return self.stopped[-1]
            answer = self._asked(call)
        if isinstance(answer, TimedOut | Died):
            self.stopped.append(answer)
        if isinstance(answer, Returned):
            self.slowest = max(self.slowest, self.run.longest)
        if answer == Raised("NameError", self.function):
            self.defined = False
        return answer

    def _asked(self, call: Call) -> Answer:
        together = self._together(call)
        answers = self.run.call(self.function, together, self.hard_seconds)
        if not answers:
            self.each_alone = True
            answers = self.run.call(self.function, [call], self.hard_seconds)
        self.known = dict(zip(together[1:], answers[1:], strict=False))
        return answers[0]

    def _together(self, call: Call) -> list[Call]:
        """Return a call and those that can be sent with it."""
        if self.each_alone or not self.to_come.get(call):
            return [call]
        to_come = list(self.to_come)
        together, size = [call], len(call.encoded)
        for other in to_come[to_come.index(call) + 1 :]:
            if not self.to_come[other] or size + len(other.encoded) > MOST_TOGETHER:
                break
            together.append(other)
            size += len(other.encoded)
        return together


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
