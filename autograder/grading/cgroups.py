"""Counts what a submission's processes use together: by cgroups if the grader may make them."""

import contextlib
import functools
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.inside.limits import Limits

ROOT = Path("/sys/fs/cgroup")
PAGE = os.sysconf("SC_PAGE_SIZE")
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """One group per controller in version 1 of cgroups, a single one in version 2."""

    folders: tuple[Path, ...]

    def add(self, process: int) -> None:
        """Count a process, and all that it will start, in this group."""
        for folder in self.folders:
            with contextlib.suppress(ProcessLookupError):
                (folder / "cgroup.procs").write_text(str(process))

    def ran_out_of_memory(self) -> bool:
        """Say whether the kernel had to kill a process of the group for its memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    lines = (folder / name).read_text().splitlines()
                    if any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines):
                        return True
        return False

    def processor_seconds(self) -> float | None:
        """Return how long all its processes together have kept processors busy, the ended ones too.

        None stands for a machine that does not count it.
        """
        for folder in self.folders:
            with contextlib.suppress(OSError, ValueError):
                return int((folder / "cpuacct.usage").read_text()) / 1e9
            with contextlib.suppress(OSError, ValueError, KeyError):
                lines = (folder / "cpu.stat").read_text().splitlines()
                return int(dict(line.split() for line in lines)["usage_usec"]) / 1e6
        return None

    def remove(self) -> None:
        """Remove the group, whose processes have been killed."""
        for folder in self.folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:  # the kernel has not yet buried them all
                    time.sleep(0.01)


def make_group(limits: Limits) -> Group | None:
    """Return a new group with the limits of one submission, or None where that is not possible."""
    name = f"{own_names()}{os.getpid()}-{next(_numbers)}"
    memory = str(limits.memory + limits.disk)
    processes = str(limits.processes + 2)
    settings = (
        {"memory.max": memory, "memory.swap.max": "0", "pids.max": processes},
        {"memory.limit_in_bytes": memory, "pids.max": processes},
    )
    made: list[Path] = []
    try:
        for parent in parents():
            folder = parent / name
            folder.mkdir()
            made.append(folder)
            known = settings[0] if (folder / "memory.max").exists() else settings[1]
            for setting, value in known.items():
                if (folder / setting).exists():
                    (folder / setting).write_text(value)
    except OSError:
        Group(tuple(made)).remove()
        return None
    return Group(tuple(made)) if made else None


@functools.cache
def parents() -> tuple[Path, ...]:
    """Return the folders in which groups can be made: one, or one for each controller.

    That which counts the time of processors may be missing.
    """
    if (ROOT / "cgroup.controllers").exists():
        folder = ROOT / own_group("").lstrip("/")
        folder = folder if folder.is_dir() else ROOT
        try:
            (folder / "cgroup.subtree_control").write_text("+memory +pids")
        except OSError:
            return ()
        return (folder,) if _may_make_groups_in(folder) else ()
    found = []
    for controller in ("memory", "pids"):
        folder = ROOT / controller / own_group(controller).lstrip("/")
        folder = folder if folder.is_dir() else ROOT / controller
        if not _may_make_groups_in(folder):
            return ()
        found.append(folder)
    folder = ROOT / "cpuacct" / own_group("cpuacct").lstrip("/")
    folder = folder if folder.is_dir() else ROOT / "cpuacct"
    if folder.resolve() not in [one.resolve() for one in found] and _may_make_groups_in(folder):
        found.append(folder)
    return tuple(found)


def own_names() -> str:
    """Return how the names of all groups begin that processes make which this one can see."""
    return f"autograder-{os.stat('/proc/self/ns/pid').st_ino}-"


def remove_abandoned() -> None:
    """Remove the groups of graders and workers that ended without doing it, all by being killed."""
    for parent in parents():
        for folder in parent.glob(f"{own_names()}*"):
            maker = folder.name.removeprefix(own_names()).partition("-")[0]
            if maker.isdigit() and not Path("/proc", maker).exists():
                Group((folder,)).remove()


def own_group(controller: str) -> str:
    """Return this process's group under a controller, or in version 2 if the name is empty."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        if controller in controllers.split(","):
            return group
    return "/"


def memory_below(process: int) -> int:
    """Return the bytes that a process and its descendants have of their own, shared pages aside."""
    total, waiting = 0, [process]
    while waiting:
        process = waiting.pop()
        with contextlib.suppress(OSError, ValueError, IndexError):
            numbers = Path(f"/proc/{process}/statm").read_text().split()
            total += (int(numbers[1]) - int(numbers[2])) * PAGE
            for thread in os.listdir(f"/proc/{process}/task"):
                below = Path(f"/proc/{process}/task/{thread}/children").read_text()
                waiting += map(int, below.split())
    return total


def crowd_below(process: int) -> int:
    """Return how many threads a process and its descendants have together."""
    count, waiting = 0, [process]
    while waiting:
        process = waiting.pop()
        with contextlib.suppress(OSError, ValueError):
            threads = os.listdir(f"/proc/{process}/task")
            count += len(threads)
            for thread in threads:
                below = Path(f"/proc/{process}/task/{thread}/children").read_text()
                waiting += map(int, below.split())
    return count


def _may_make_groups_in(folder: Path) -> bool:
    trial = folder / f"{own_names()}{os.getpid()}-trial"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True
