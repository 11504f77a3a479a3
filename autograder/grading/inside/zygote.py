"""The warm process from which every submission's process is forked.

It imports what notebooks need, once, and then waits: each message on its control socket brings a
socket, and a child that owns the other end of that conversation is forked. It runs no tensor
operation and starts no thread, so that a fork of it is a fresh Python with torch loaded.
"""

import contextlib
import gc
import os
import signal
import socket
import sys
import tempfile

import msgpack

from autograder.grading.inside import enclosure, frames
from autograder.grading.inside.limits import Limits

ACCEPTED, REFUSED = b"\1", b"\0"  # the first byte that a child says, before its first message


def main(control_descriptor: int, enclosed: bool) -> None:
    """Import, report readiness, then fork a child for each message until the socket closes."""
    control = socket.socket(fileno=control_descriptor)
    from autograder.grading.inside import child, private_modules, shell

    shell.warm_up()
    private_modules.keep_apart()
    del child  # imported, so that each of its forks has it already, as it was before any student
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        control.send(f"the zygote has {threads} threads, and forks of it could hang".encode())
        return
    gc.collect()
    gc.freeze()  # so that a collection in a child does not copy every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            return
        line = socket.socket(fileno=descriptors[0])
        settings = msgpack.unpackb(message)
        _start_child(control, line, Limits(**settings["limits"]), settings["core"], enclosed)
        line.close()


def _start_child(
    control: socket.socket, line: socket.socket, limits: Limits, core: int | None, enclosed: bool
) -> None:
    """Fork the keeper, the first process of a namespace, which forks the one that runs cells."""
    user, group = os.getuid(), os.getgid()
    try:
        keeper = enclosure.clone_into_namespaces() if enclosed else os.fork()
    except OSError as error:
        _refuse(line, error)
        return
    if keeper:
        return
    try:
        control.close()
        if enclosed:
            enclosure.map_own_user(user, group)
            enclosure.mount_own_files(limits)
        _keep(line, limits, core, enclosed)
    except BaseException as error:
        _refuse(line, error)
    finally:
        os._exit(1)


def _refuse(line: socket.socket, error: BaseException) -> None:
    """Tell the grader which wall could not be built; without it nothing is run."""
    with contextlib.suppress(BaseException):
        line.send(REFUSED)
        frames.send(line, frames.Kind.READY, {"refused": str(error)})


def _keep(line: socket.socket, limits: Limits, core: int | None, enclosed: bool) -> None:
    """Start the process that runs cells, and end when it ends, which ends all it has started."""
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    folder = "/tmp" if enclosed else tempfile.mkdtemp(prefix="unsafe-", dir=os.environ["TMPDIR"])
    keeper = os.pidfd_open(os.getpid())
    runner = os.fork()
    if runner == 0:
        try:
            _run(line, limits, core, enclosed, folder, keeper)
        except BaseException as error:
            _refuse(line, error)
        finally:
            os._exit(0)
    line.close()
    os.close(keeper)
    if enclosed:
        enclosure.drop_privileges()
        enclosure.hide_from_others()
    ended = 0
    while ended != runner:
        ended, _ = os.wait()
    os._exit(0)


def _run(
    line: socket.socket, limits: Limits, core: int | None, enclosed: bool, folder: str, keeper: int
) -> None:
    """Close the last doors, tell the grader, and serve it."""
    from autograder.grading.inside import child

    signal.signal(signal.SIGINT, signal.default_int_handler)
    enclosure.die_with_parent()
    os.chdir(folder)
    for name in ("home", "notebook"):
        os.mkdir(name)
    os.environ.update(HOME=f"{folder}/home", TMPDIR=folder, MPLCONFIGDIR=f"{folder}/home")
    tempfile.tempdir = None
    os.chdir("notebook")
    sys.path.insert(0, "")  # as in a notebook: modules may lie beside it
    runner = os.pidfd_open(os.getpid())
    enclosure.limit_resources(limits)
    if core is not None:  # all that it starts stays there too
        os.sched_setaffinity(0, {core})
    if enclosed:
        enclosure.drop_privileges()
        enclosure.forbid_system_calls()
    # the grader gets handles that stay valid whatever ids the processes have, and no other does
    socket.send_fds(line, [ACCEPTED], [keeper, runner])
    os.close(keeper)
    os.close(runner)
    frames.send(line, frames.Kind.READY, {})
    with contextlib.suppress(BaseException):  # the walls stand: what ends it now is a student's own
        child.serve(line, limits)


if __name__ == "__main__":
    main(int(sys.argv[1]), enclosed=sys.argv[2] == "enclosed")
