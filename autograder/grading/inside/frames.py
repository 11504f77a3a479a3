"""Messages over the one socket that crosses the sandbox's wall: a length, a kind, then the content.

Whoever runs inside may write anything to the socket. So a reader on the outside states the most it
will take and the moment at which it stops waiting, and unpacks nothing but plain data.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import msgpack

HEADER = struct.Struct("!BI")
NUMBER = struct.Struct("!I")  # before answers: to which calls they are some
LARGEST_MESSAGE = 4 * 2**20  # bytes; unpacked it takes some 30 times as much
LARGEST_ANSWERS = 65 * 2**20  # bytes; not unpacked here but by autograder.checking.values


class Kind(IntEnum):
    """What a message is."""

    FILES = 0  # to the child: the files that lie beside the notebook
    CELL = 1  # to the child: run this source
    CALLS = 2  # to the child: call this function so many times
    READY = 3  # from the child: the walls stand, or why they do not
    OUTPUT = 4  # from the child: one output of the running cell
    ENDED = 5  # from the child: the cell came to its end
    ANSWERS = 6  # from the child: what the function returned to the first of the calls


class FrameError(Exception):
    """What arrived is not a message of this protocol."""


class LineClosedError(Exception):
    """The other end of the socket is gone."""


def send(line: socket.socket, kind: Kind, message: Any) -> None:
    """Send one message; `message` is bytes for ANSWERS and plain data otherwise.

    Raises:
        FrameError: it is too long for the other end to take.
        LineClosedError: the other end is gone.
    """
    content = message if kind == Kind.ANSWERS else msgpack.packb(message)
    if len(content) > (LARGEST_ANSWERS if kind == Kind.ANSWERS else LARGEST_MESSAGE):
        raise FrameError(f"a message of {len(content) / 2**20:.0f} MB")
    try:
        line.sendall(HEADER.pack(kind, len(content)) + content)
    except OSError as error:
        raise LineClosedError(str(error)) from None


def receive(
    line: socket.socket,
    deadline: float | None = None,
    every: float = 1.0,
    watch: Callable[[], None] | None = None,
) -> tuple[Kind, Any]:
    """Return the next message.

    Args:
        line: the socket.
        deadline: the `time.monotonic()` after which to give up; None waits forever.
        every: how many seconds to wait between two calls of `watch`.
        watch: called while nothing arrives; what it raises ends the waiting.

    Raises:
        TimeoutError: the whole message had not arrived at the deadline.
        FrameError: no such message exists, or it is too long.
        LineClosedError: the other end is gone.
    """
    wait = _waiting(line, deadline, every, watch)
    number, size = HEADER.unpack(_exactly(line, HEADER.size, wait))
    if number not in list(Kind):
        raise FrameError("a message of no known kind")
    kind = Kind(number)
    if size > (LARGEST_ANSWERS if kind == Kind.ANSWERS else LARGEST_MESSAGE):
        raise FrameError(f"a message of {size / 2**20:.0f} MB")
    content = _exactly(line, size, wait)
    if kind == Kind.ANSWERS:
        return kind, content
    try:
        return kind, msgpack.unpackb(content, unicode_errors="replace")
    except Exception as error:  # msgpack raises a dozen kinds for bytes that are not its own
        raise FrameError(f"not a message: {type(error).__name__}") from None


def pack_answers(number: int, answers: Sequence[bytes]) -> bytes:
    """Return the content of an ANSWERS message, with the number of the CALLS that it answers."""
    return NUMBER.pack(number) + msgpack.packb(answers)


def unpack_answers(content: bytes, number: int, most: int) -> list[bytes]:
    """Return the answers, each as bytes, from the content of an ANSWERS message.

    Raises:
        FrameError: these are no answers, none, more than were asked for, or others' answers.
    """
    if content[: NUMBER.size] != NUMBER.pack(number):
        raise FrameError("answers to what it had not been asked")
    # one after the other, since lists in lists would take a hundred times what has arrived
    unpacker = msgpack.Unpacker(
        max_buffer_size=len(content), max_array_len=0, max_map_len=0, max_ext_len=0
    )
    unpacker.feed(memoryview(content)[NUMBER.size :])
    try:
        count = unpacker.read_array_header()
        answers = [unpacker.unpack() for _ in range(min(count, most))]
    except Exception as error:  # as above
        raise FrameError(f"no answers: {type(error).__name__}") from None
    whole = len(answers) == count and unpacker.tell() == len(content) - NUMBER.size
    if not whole or set(map(type, answers)) != {bytes}:
        raise FrameError("what are no answers")
    return answers


def _waiting(
    line: socket.socket, deadline: float | None, every: float, watch: Callable[[], None] | None
) -> Callable[[], None]:
    """Return a function that returns when something can be read.

    The deadline holds, and `watch` is called, however much there is to read: whoever never stops
    sending must not stop the clock.
    """
    watched = time.monotonic()

    def wait() -> None:
        nonlocal watched
        while deadline is not None:
            now = time.monotonic()
            if now >= deadline:
                raise TimeoutError
            if watch is not None and now - watched >= every:
                watched = now
                watch()
            if select.select([line], [], [], min(deadline - now, every))[0]:
                return

    return wait


def _exactly(line: socket.socket, size: int, wait: Callable[[], None]) -> bytes:
    content = bytearray()
    while len(content) < size:
        wait()
        try:
            piece = line.recv(min(size - len(content), 2**20))
        except ConnectionError as error:
            raise LineClosedError(str(error)) from None
        if not piece:
            raise LineClosedError("the other end is gone")
        content += piece
    return bytes(content)
