"""Reading what somebody else has put into a folder, and nothing that lies anywhere else.

Every folder on the way is opened by the one above it, and no link is followed. So it does not
matter what is put in the place of what while it is read. Pipes, devices and sockets are not opened.
"""

import fnmatch
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath

MB = 2**20
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
PIECE = 1 * MB


class UnreadableError(Exception):
    """The submitted file holds no notebook; the message says why."""


@dataclass(frozen=True)
class Bounds:
    """How much is copied at most. Sizes are in bytes, `ignored` and `included` are patterns."""

    largest: int
    most: int
    ignored: Sequence[str] = ()
    included: Sequence[str] = ("*",)
    files: int = 2000
    deepest: int = 20


@dataclass
class Copied:
    """What became of a folder that was copied."""

    size: int = 0
    files: int = 0
    left_out: list[str] = field(default_factory=list)


def kind_of(mode: int) -> str:
    """Return what kind of thing a file's mode stands for, in a word."""
    kinds = (
        (stat.S_ISREG, "file"),
        (stat.S_ISDIR, "folder"),
        (stat.S_ISLNK, "link"),
        (stat.S_ISFIFO, "pipe"),
        (stat.S_ISSOCK, "socket"),
    )
    return next((kind for is_one, kind in kinds if is_one(mode)), "device")


@contextmanager
def opened_folder(path: str | PurePath, within: int | None = None) -> Iterator[int]:
    """Have the descriptor of a folder, which is no link to one; `within` is the folder above it.

    Raises:
        OSError: there is no such folder.
    """
    descriptor = os.open(path, FOLDER, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def opened_file(name: str, within: int) -> Iterator[tuple[int, os.stat_result]]:
    """Have the descriptor of an ordinary file, and what the system says of it.

    Raises:
        UnreadableError: it is a link, something else than a file, or somebody else's.
    """
    try:
        kind = kind_of(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)
        if kind == "link":
            raise UnreadableError(f"{name} is a link to another file")
        if kind != "file":
            raise UnreadableError(f"{name} is no ordinary file, but a {kind}")
        descriptor = os.open(name, PLAIN, dir_fd=within)
    except OSError as error:
        raise UnreadableError(f"{name} cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(f"{name} is no ordinary file, but a {kind_of(status.st_mode)}")
        if status.st_nlink > 1 and status.st_uid != os.fstat(within).st_uid:
            raise UnreadableError(f"{name} is a link to somebody else's file")
        yield descriptor, status
    finally:
        os.close(descriptor)


def read_regular_file(path: Path, largest: int, folder: Path | None = None) -> bytes:
    """Return what a file holds; no link is followed from `folder` on, its own folder if not given.

    Raises:
        UnreadableError: there is no such file, or it is larger than so many bytes.
    """
    folder = folder or path.parent
    *folders, name = path.relative_to(folder).parts
    try:
        with (
            _opened_below(folder, folders) as within,
            opened_file(name, within) as (descriptor, _),
            open(descriptor, "rb", closefd=False) as file,
        ):
            content = file.read(largest + 1)
    except OSError as error:
        raise UnreadableError(f"{name} cannot be read: {error.strerror}") from None
    if len(content) > largest:
        raise UnreadableError(f"{name} is larger than {largest // MB} MB")
    return content


@contextmanager
def _opened_below(folder: Path, names: Sequence[str]) -> Iterator[int]:
    if not names:
        with opened_folder(folder) as descriptor:
            yield descriptor
        return
    with _opened_below(folder, names[:-1]) as above, opened_folder(names[-1], above) as descriptor:
        yield descriptor


def copy_regular_files(source: int, target: Path, bounds: Bounds, owner: int | None) -> Copied:
    """Copy a folder, given by its descriptor, to where there is nothing yet.

    Only files are copied, if an `owner` is given only those of this user. What is left out is
    named, except for what the bounds say is to be ignored.
    """
    copied = Copied()
    _copy_into(source, target, PurePath(), bounds, owner, copied)
    return copied


def _copy_into(
    source: int, target: Path, place: PurePath, bounds: Bounds, owner: int | None, copied: Copied
) -> None:
    target.mkdir(parents=True)
    with os.scandir(source) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        if matches(name, bounds.ignored):
            continue
        shown = place / name
        try:
            status = os.stat(name, dir_fd=source, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                if len(shown.parts) >= bounds.deepest:
                    raise UnreadableError("folders in too many folders")
                with opened_folder(name, source) as below:
                    _copy_into(below, target / name, shown, bounds, owner, copied)
            elif not stat.S_ISREG(status.st_mode):
                raise UnreadableError(f"a {kind_of(status.st_mode)}")
            elif matches(name, bounds.included):
                _copy_file(name, source, target / name, bounds, owner, copied)
        except UnreadableError as error:
            copied.left_out.append(f"{shown} ({error})")
        except OSError as error:
            copied.left_out.append(f"{shown} ({error.strerror})")


def _copy_file(
    name: str, source: int, target: Path, bounds: Bounds, owner: int | None, copied: Copied
) -> None:
    if copied.files >= bounds.files:
        raise UnreadableError(f"more than {bounds.files} files")
    with opened_file(name, source) as (descriptor, status):
        if owner is not None and status.st_uid != owner:
            raise UnreadableError("a file of somebody else's")
        if status.st_nlink > 1:
            raise UnreadableError("a file that lies elsewhere too")
        allowed = min(bounds.largest, bounds.most - copied.size)
        if status.st_size > allowed:
            raise UnreadableError("too large")
        try:
            with open(target, "xb") as file:
                size = 0
                while piece := os.read(descriptor, PIECE):
                    size += len(piece)
                    if size > allowed:  # it grows while it is read
                        raise UnreadableError("too large")
                    file.write(piece)
        except BaseException:
            with suppress(FileNotFoundError):
                target.unlink()
            raise
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    copied.size += size
    copied.files += 1


def matches(name: str, patterns: Collection[str]) -> bool:
    """Say whether a name is one that one of the patterns stands for."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
