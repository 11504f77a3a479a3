"""The sandbox: bubblewrap around a warm process, and a child of it for each submission.

Inside there are Python, the installed packages and the few modules of `inside` and `checking`,
all read-only; no network, no other process, and nothing of the course: no spec, no solution, no
submission, no gradebook, no secret.
"""

import contextlib
import dataclasses
import os
import select
import shutil
import signal
import site
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgpack

from autograder.errors import UserError
from autograder.grading import cgroups
from autograder.grading.cores import own_core
from autograder.grading.inside import frames
from autograder.grading.inside.frames import Kind
from autograder.grading.inside.limits import Limits
from autograder.grading.inside.zygote import ACCEPTED

PACKAGE = Path(__file__).resolve().parents[1]
VISIBLE = ("__init__.py", "checking", "grading/__init__.py", "grading/inside")
COURSE = "/course"  # where those are inside
# where a virtual environment is inside: its own place may lie below a folder that is hidden there
PREFIX = "/environment"
NEVER_VISIBLE = ("solutions", "autograder")  # if they are installed among the packages
NOBODY = 61234  # a user that owns nothing, for a grader that is run by root
START_SECONDS = 120.0
CHILD_START_SECONDS = 30.0
WATCH_SECONDS = 0.05

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    # before torch is imported: a second thread would not survive the fork
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # or each of many threads takes address space, which is limited
    "OMP_WAIT_POLICY": "PASSIVE",  # threads of one core do not wait for each other at full speed
    "HF_HUB_OFFLINE": "1",
    "TORCHDYNAMO_DISABLE": "1",  # torch.compile gives the function back: compiling takes a minute
}
WITHOUT_SANDBOX = "graded WITHOUT a sandbox (--unsafe-no-sandbox): scores may have been forged"


class SandboxError(UserError):
    """No sandbox can be had on this machine."""


class ChildError(Exception):
    """The process of a submission did something after which it cannot go on."""


class LieError(ChildError):
    """It did what no honest code does: it spoke on the line to the grader in the grader's way."""


class Sandbox:
    """A zygote behind bubblewrap; a context manager. Start it from a thread that lives on."""

    def __init__(self, *, unsafe: bool = False) -> None:
        """Start nothing yet; `unsafe` is for a zygote without bubblewrap around it."""
        self.unsafe = unsafe
        self.control: socket.socket | None = None
        self.process: subprocess.Popen | None = None
        self.folder: tempfile.TemporaryDirectory | None = None
        self.greeted = False
        self.spare: tuple[Limits, socket.socket] | None = None  # a child that is on its way
        self.ending: Child | None = None

    def __enter__(self) -> "Sandbox":
        """Start the zygote and wait for it."""
        self.begin()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        """End it all."""
        self.stop()

    def begin(self) -> None:
        """Start the zygote, which then takes seconds to import torch."""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptor = theirs.fileno()
        if self.unsafe:
            self.folder = tempfile.TemporaryDirectory(prefix="autograder-")
            command = zygote_command(descriptor, str(PACKAGE.parent), "open")
            environment = environment_inside(sys.executable)
            environment |= {"TMPDIR": self.folder.name, "HOME": self.folder.name}
        else:
            command = enclosed_command(descriptor)
            environment = {"PATH": os.environ.get("PATH", os.defpath)}
        self.process = subprocess.Popen(
            command,
            env=environment,
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # an interrupt at the keyboard is the grader's to handle
        )
        theirs.close()

    def wait_until_ready(self) -> None:
        """Return once children can be forked; at once if they can already.

        Raises:
            SandboxError: the zygote cannot be started here.
        """
        if self.greeted:
            return
        self.control.settimeout(START_SECONDS)
        try:
            greeting = self.control.recv(4096)
        except TimeoutError:
            greeting = f"no answer after {START_SECONDS:g} s".encode()
        if greeting != b"ready":
            self.process.kill()
            said = self.process.stderr.read().decode(errors="replace").strip().splitlines()
            reason = greeting.decode(errors="replace") or (said[-1] if said else "it ended at once")
            raise SandboxError(
                f"no sandbox: {reason}; `autograder doctor` tells what this machine lacks"
            )
        self.control.settimeout(None)
        self.greeted = True

    def child(self, limits: Limits) -> "Child":
        """Return a process for one submission, walls around it.

        The next one is forked meanwhile, and the last one ends meanwhile: both take longer than
        they work, and nobody has to wait for them.

        Raises:
            SandboxError: a wall could not be built, or the zygote is gone.
        """
        if self.spare is not None and self.spare[0] == limits:
            line = self.spare[1]
        else:
            self._drop_spare()
            line = self._fork(limits)
        self.spare = limits, self._fork(limits)
        if self.ending is not None:
            self.ending.wait_for_end()
        self.ending = Child(line, limits)
        return self.ending

    def _fork(self, limits: Limits) -> socket.socket:
        """Ask for a child and return the line on which it will say that its walls stand."""
        ours, theirs = socket.socketpair()
        try:
            settings = msgpack.packb({"limits": dataclasses.asdict(limits), "core": own_core()})
            socket.send_fds(self.control, [settings], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise SandboxError(f"the sandbox is gone: {error}") from None
        finally:
            theirs.close()
        return ours

    def _drop_spare(self) -> None:
        if self.spare is not None:
            self.spare[1].close()
            self.spare = None

    def stop(self) -> None:
        """End the zygote and with it everything it has started."""
        self._drop_spare()
        if self.ending is not None:
            self.ending.kill()
            self.ending.wait_for_end()
            self.ending = None
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
        if self.folder is not None:
            self.folder.cleanup()
        cgroups.remove_abandoned()  # workers are killed, and can tidy up nothing

    def wait_until_quiet(self) -> None:
        """Return when no process of a submission is left."""
        if self.ending is not None:
            self.ending.wait_for_end()
            self.ending = None


class Child:
    """The grader's end of the line to one submission's process. Nothing it says is believed."""

    def __init__(self, line: socket.socket, limits: Limits) -> None:
        """Wait until the walls stand, and count its processes from then on."""
        self.line = line
        self.limits = limits
        self.descriptors: list[int] = []
        self.group: cgroups.Group | None = None
        self.alive = True
        try:
            self._greet(time.monotonic() + CHILD_START_SECONDS)
        except BaseException:
            self.wait_for_end()
            raise

    def _greet(self, deadline: float) -> None:
        try:
            self.line.settimeout(CHILD_START_SECONDS)
            first, self.descriptors, _, _ = socket.recv_fds(self.line, 1, 2)
            self.line.settimeout(None)
            _, message = frames.receive(self.line, deadline)
        except (TimeoutError, frames.LineClosedError, frames.FrameError) as error:
            raise SandboxError(f"the sandbox started no child: {error}") from None
        if first != ACCEPTED:
            reason = message.get("refused") if isinstance(message, dict) else "no reason given"
            raise SandboxError(
                f"no sandbox: {reason}; `autograder doctor` tells what this machine lacks"
            )
        self.group = cgroups.make_group(self.limits)
        self.processes = [process_of(descriptor) for descriptor in self.descriptors]
        if self.group is not None:
            for process in self.processes:
                self.group.add(process)
        self.memory_at_start = cgroups.memory_below(self.processes[0])

    def send(self, kind: Kind, message: Any) -> None:
        """Send a message.

        Raises:
            ChildError: the process is gone or takes nothing, or the message is too long.
        """
        self.line.settimeout(CHILD_START_SECONDS)
        try:
            frames.send(self.line, kind, message)
        except frames.FrameError as error:
            raise ChildError(f"it needs {error}, which is too long") from None
        except (frames.LineClosedError, TimeoutError):
            raise ChildError(self.how_it_ended()) from None
        finally:
            self.line.settimeout(None)

    def receive(self, deadline: float) -> tuple[Kind, Any]:
        """Return the next message.

        Raises:
            TimeoutError: there is none before `time.monotonic()` is `deadline`.
            ChildError: the process is gone, took too much memory, or talks nonsense.
        """
        try:
            return frames.receive(self.line, deadline, WATCH_SECONDS, self._watch)
        except frames.FrameError as error:
            raise LieError(f"it sent {error}") from None
        except frames.LineClosedError:
            raise ChildError(self.how_it_ended()) from None

    def _watch(self) -> None:
        """Stop a child that takes too much memory where no cgroup does that."""
        if self.group is None:
            used = cgroups.memory_below(self.processes[0]) - self.memory_at_start
            if used > self.limits.memory:
                raise ChildError(self._too_much_memory())

    def crowd(self) -> int:
        """Return how many threads there are in it and in what it has started."""
        return cgroups.crowd_below(self.processes[0])

    def processor_seconds(self) -> float | None:
        """Return how long it and all that it has started have kept processors busy.

        None stands for a machine that does not count what has ended.
        """
        return None if self.group is None else self.group.processor_seconds()

    def how_it_ended(self) -> str:
        """Say in a few words what became of a process that does not answer any more."""
        if self.group is not None and self.group.ran_out_of_memory():
            return self._too_much_memory()
        return "it ended or crashed its process"

    def _too_much_memory(self) -> str:
        return f"it took more than {self.limits.memory // 2**20} MB of memory"

    def kill(self) -> None:
        """End the process and everything it has started, without waiting for it."""
        if not self.alive:
            return
        self.alive = False
        self.line.close()
        for descriptor in self.descriptors:  # the keeper's end is the end of its namespace
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)

    def wait_for_end(self) -> None:
        """Return when a process that was killed is gone, with what was kept to count it."""
        self.kill()
        for descriptor in self.descriptors:
            select.select([descriptor], [], [], 5.0)
            os.close(descriptor)
        self.descriptors = []
        if self.group is not None:
            self.group.remove()
            self.group = None


def process_of(descriptor: int) -> int:
    """Return the id, in the grader's own namespace, of the process that a pidfd stands for."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pid" and int(value) > 0:
            return int(value)
    raise SandboxError("the sandbox sent no handle of its process")


def zygote_command(descriptor: int, folder: str, enclosure: str) -> list[str]:
    """Return the command that starts the zygote, with its modules in `folder`."""
    start = (
        f"import sys; sys.path.insert(0, {folder!r}); "
        "from autograder.grading.inside.zygote import main; "
        f"main({descriptor}, {enclosure == 'enclosed'})"
    )
    python = place_inside(sys.executable) if enclosure == "enclosed" else sys.executable
    # -I: neither the environment nor the current folder can slip in a module
    return [python, "-I", "-c", start]


def environment_inside(python: str) -> dict[str, str]:
    """Return the variables inside; `!python` is the Python that runs the notebook."""
    path = os.pathsep.join((str(Path(python).parent), ENVIRONMENT["PATH"]))
    return {**ENVIRONMENT, "PATH": path}


def place_inside(path: str) -> str:
    """Return where a file of the grader's Python is inside."""
    in_environment = sys.prefix != sys.base_prefix and Path(path).is_relative_to(sys.prefix)
    return str(Path(PREFIX, Path(path).relative_to(sys.prefix))) if in_environment else path


def enclosed_command(descriptor: int) -> list[str]:
    """Return the command that starts the zygote inside the sandbox.

    A grader run by root goes through two sandboxes. The first, still root's, shows the files that
    may be seen, which may lie where only root can go; the second is made by a user who is nobody,
    since a sandbox made by root leaves its /proc half covered, and then no child can have its own.
    """
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise SandboxError("no sandbox: bubblewrap (bwrap) is missing; apt-get install bubblewrap")
    zygote = zygote_command(descriptor, COURSE, "enclosed")
    inner = [bubblewrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in environment_inside(place_inside(sys.executable)).items():
        inner += ["--setenv", name, value]
    inner += ["--hostname", "grader", "--cap-drop", "ALL"]
    virtual = ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--tmpfs", "/tmp"]
    if os.getuid() != 0:
        return [*inner, *visible_files(), *virtual, "--remount-ro", "/", "--chdir", "/tmp", *zygote]
    become_nobody = [
        *(shutil.which("setpriv") or "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}"),
        "--clear-groups",
    ]
    outer = [bubblewrap, *visible_files(), "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"]
    outer += ["--dir", "/tmp"]
    return [
        *outer,
        *become_nobody,
        *inner,
        "--ro-bind",
        "/",
        "/",
        *virtual,
        "--chdir",
        "/tmp",
        *zygote,
    ]


def visible_files() -> list[str]:
    """Return bubblewrap's arguments for all files that can be seen inside."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        arguments += ["--ro-bind-try", path, path]
    if not Path(sys.base_prefix).is_relative_to("/usr"):
        arguments += [*folders_above(sys.base_prefix), "--ro-bind", *(sys.base_prefix,) * 2]
    if sys.prefix != sys.base_prefix:
        arguments += ["--ro-bind", sys.prefix, PREFIX]
    for packages in site.getsitepackages():
        for name in NEVER_VISIBLE:
            if Path(packages, name).is_dir():
                arguments += ["--tmpfs", place_inside(f"{packages}/{name}")]
    for name in VISIBLE:
        place = f"{COURSE}/autograder/{name}"
        arguments += [*folders_above(place), "--ro-bind", str(PACKAGE / name), place]
    return arguments


def folders_above(path: str) -> list[str]:
    """Return bubblewrap's arguments for the folders above a path, open to every user inside."""
    return [part for parent in Path(path).parents[-2::-1] for part in ("--dir", str(parent))]
