"""Serves the grader from inside: runs cells, answers calls, and decides nothing.

Everything that this program says may be said by a student's code instead, which shares its process.
It costs nothing: all that can be said is outputs and values, and both are taken for what they are.
"""

import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

from autograder.checking import answering, cases, time_limit, values
from autograder.grading.inside import frames, shell
from autograder.grading.inside.frames import Kind
from autograder.grading.inside.limits import Limits

WRITTEN_PAST_PYTHON = ("stdout", "stderr")  # by compiled code, or by a process that was started
LONG_ENOUGH, LARGE_ENOUGH = 0.05, 2**20  # seconds, bytes: then answers are sent
SENT_AT_ONCE, GATHERED = 200, 200  # pieces of text
SHORT = 100_000  # characters that are left of an output too large to be sent
CUT = "\n... the rest of the output is left out\n"


def serve(line: socket.socket, limits: Limits) -> None:
    """Do what the grader asks, one message after the other, until it hangs up."""
    outputs = Outputs(line, limits)
    python = shell.Shell.instance()
    shell.take_over(python, outputs.publish)
    own = os.getpid()
    while True:
        try:
            kind, message = frames.receive(line)
        except frames.LineClosedError:
            return
        if kind == Kind.FILES:
            write_files(message)
        elif kind == Kind.CELL:
            outputs.begin()
            end = run_cell(python, message["source"], message["seed"])
            end_if_forked(own)
            outputs.end()
            with outputs.lock:
                frames.send(line, Kind.ENDED, {**end, "number": message["number"]})
        elif kind == Kind.CALLS:
            with shell.without_new_figures(python):
                answers = answer_calls(python, message, own)
            outputs.forget()
            with outputs.lock:
                content = frames.pack_answers(message["number"], answers)
                frames.send(line, Kind.ANSWERS, content)


def end_if_forked(own: int) -> None:
    """End a process that a student's code has forked and that came to the end of that code."""
    if os.getpid() != own:
        os._exit(0)


def run_cell(python: shell.Shell, source: str, seed: int | None) -> dict[str, str]:
    """Run one cell and say how it ended: "" or the name of what stopped it."""
    if seed is not None:
        answering.seed_generators(seed)
    result = python.run_cell(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    return {"raised": type(error).__name__[:200] if error is not None else ""}


def answer_calls(python: shell.Shell, message: dict[str, Any], own: int) -> list[bytes]:
    """Return the answers to a first few of some calls, each as bytes.

    To all of them, as a rule; but nobody outside knows how long a call took that others followed,
    and a call that did not end in its time is the last.
    """
    answers: list[bytes] = []
    began = time.monotonic()
    for call in message["calls"]:
        answer = answer_call(python, message["function"], call, message["seconds"])
        end_if_forked(own)
        answers.append(encoded(answer))
        enough = time.monotonic() - began > LONG_ENOUGH or sum(map(len, answers)) > LARGE_ENOUGH
        if enough or isinstance(answer, cases.TimedOut):
            break
    return answers


def answer_call(python: shell.Shell, name: str, call: bytes, seconds: float) -> cases.Answer:
    """Call a function of the notebook's, if there is one, and return what came of it."""
    function = python.user_ns.get(name)
    if not callable(function):
        return cases.Raised("NameError", name)
    python.publish = shell.publish_nothing  # what it prints on hidden inputs stays here
    shell.provide_loop()
    try:
        return time_limit.within(
            seconds, lambda: python.context.run(answering.call_with_bytes, function, call)
        )
    except time_limit.OutOfTimeError:
        return cases.TimedOut(seconds)


def encoded(answer: cases.Answer) -> bytes:
    """Return an answer as bytes, or that it is no value."""
    try:
        return cases.encode_answer(answer)
    except values.ValueFrameError as error:
        return cases.encode_answer(cases.Unusable(str(error)))


def write_files(files: dict[str, bytes]) -> None:
    """Put the files that lay beside the notebook into the current folder."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class Outputs:
    """Sends a cell's outputs as they come, up to the limits."""

    def __init__(self, line: socket.socket, limits: Limits) -> None:
        """Take the line to the grader, and turn stdout and stderr of the process into files."""
        self.line = line
        self.limits = limits
        self.text = self.images = self.pieces = 0
        self.lock, self.forked = threading.RLock(), False
        os.register_at_fork(after_in_child=self._begin_in_fork)
        self.waiting: list[tuple[str, str]] = []
        self.past_python = [
            open(f".{name}", "wb+")  # noqa: SIM115 (open until the process ends)
            for name in WRITTEN_PAST_PYTHON
        ]
        for file, descriptor in zip(self.past_python, (1, 2), strict=True):
            os.unlink(file.name)
            os.dup2(file.fileno(), descriptor)

    def begin(self) -> None:
        """Count anew: a cell begins."""
        self.text = self.images = self.pieces = 0
        shell.Shell.instance().publish = self.publish

    def end(self) -> None:
        """Send what was written past Python's own stdout and stderr."""
        for file, name in zip(self.past_python, WRITTEN_PAST_PYTHON, strict=True):
            text = os.pread(file.fileno(), self.limits.output, 0).decode("utf-8", "replace")
            if text:
                self.publish({"type": "stream", "name": name, "text": text})
        self.forget()
        with self.lock:
            self._send_waiting()

    def forget(self) -> None:
        """Forget what was written past Python, on hidden inputs perhaps."""
        for file in self.past_python:
            os.ftruncate(file.fileno(), 0)
            os.lseek(file.fileno(), 0, os.SEEK_SET)

    def _begin_in_fork(self) -> None:
        """Leave the line to the parent, whose messages would mix with those of a fork.

        The lock is made anew: a fork has it as it is, and not the thread that would free it.
        """
        self.lock, self.forked = threading.RLock(), True
        self.line.close()

    def publish(self, output: dict[str, Any]) -> None:
        """Send one output, cut to what is left of the cell's allowance; threads take turns."""
        with self.lock:
            self._publish(output)

    def _publish(self, output: dict[str, Any]) -> None:
        if self.forked:  # what it prints stands below what its parent prints
            if output["type"] == "stream":
                number = 1 + WRITTEN_PAST_PYTHON.index(output["name"])
                os.write(number, output["text"].encode("utf-8", "replace"))
            return
        if output["type"] == "stream":
            left = self.limits.output - self.text
            if left <= 0:
                return
            if len(output["text"]) > left:
                output["text"] = output["text"][:left] + CUT
            self.text += len(output["text"]) + 16  # each piece costs something, however short
            if self.text >= self.limits.output and not output["text"].endswith(CUT):
                output["text"] += CUT
            self.pieces += 1
            self._wait_or_send(output["name"], output["text"])
            return
        if output["type"] != "clear":
            size = len(str(output))
            if self.images + size > self.limits.images:
                return
            self.images += size
        self._send_waiting()
        try:
            frames.send(self.line, Kind.OUTPUT, output)
        except frames.FrameError:
            frames.send(self.line, Kind.OUTPUT, shortened(output))

    def _wait_or_send(self, name: str, text: str) -> None:
        """Send the first pieces of text at once, so that a crash loses none; then gather them."""
        if self.waiting and self.waiting[0][0] != name:
            self._send_waiting()
        self.waiting.append((name, text))
        if self.pieces <= SENT_AT_ONCE or len(self.waiting) >= GATHERED:
            self._send_waiting()

    def _send_waiting(self) -> None:
        if self.waiting:
            name, text = self.waiting[0][0], "".join(text for _, text in self.waiting)
            self.waiting.clear()
            for start in range(0, len(text), SHORT):
                piece = {"type": "stream", "name": name, "text": text[start : start + SHORT]}
                frames.send(self.line, Kind.OUTPUT, piece)


def shortened(output: dict[str, Any]) -> dict[str, Any]:
    """Return what can be sent of an output that is too large, as a long text or picture may be."""
    if output["type"] == "error":
        text = "\n".join(output["traceback"])
        lines = [text[:SHORT], CUT]
        return {**output, "message": output["message"][:SHORT], "traceback": lines}
    text = output["data"].get("text/plain", "")[:SHORT] + CUT
    return {**output, "data": {"text/plain": text}}
