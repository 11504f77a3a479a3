"""A core for each process that runs submissions: what one submission does slows no other's.

A name that no two processes can have at once stands for each core. The kernel gives it back
when its process ends, however it ends.
"""

import os
import socket

CLAIM = "\0autograder-core-{core}"  # a socket's name, and no file

_claims: dict[int, tuple[int, socket.socket | None]] = {}  # by process: a fork claims anew


def own_core() -> int | None:
    """Return the core of this process's submissions; None if the machine has only one."""
    process = os.getpid()
    if process not in _claims:
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) == 1:
            return None
        # where there are more processes than cores, some share
        _claims[process] = _claimed(cores) or (cores[process % len(cores)], None)
    return _claims[process][0]


def _claimed(cores: list[int]) -> tuple[int, socket.socket] | None:
    for core in cores:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(CLAIM.format(core=core))
        except OSError:
            claim.close()
        else:
            return core, claim
    return None
