"""`autograder doctor`: can this machine grade safely, and if not, what is missing."""

import argparse
import os
import platform
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from autograder.errors import UserError
from autograder.grading import cgroups
from autograder.grading.inside.enclosure import AUDIT_ARCHITECTURES
from autograder.grading.inside.frames import Kind
from autograder.grading.inside.limits import Limits
from autograder.grading.sandbox import Sandbox

# run inside the sandbox, as a student's cell: each line names what it could do and must not
PROBE = """
import importlib.util, os, socket
found = []
if os.getuid() == 0: found.append("it runs as root")
if sum(name.isdigit() for name in os.listdir("/proc")) > 2: found.append("it sees others")
for name in ("solutions", "autograder.specs", "autograder.grading.judge_notebook"):
    try:
        if importlib.util.find_spec(name): found.append(f"it can import {name}")
    except ModuleNotFoundError:
        pass
for path in ("/", "/usr", "/dev", "/etc", "/course"):
    if os.access(path, os.W_OK): found.append(f"it can write to {path}")
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
if int(status["CapEff"], 16) or int(status["CapBnd"], 16): found.append("it has privileges")
if status["Seccomp"].strip() != "2": found.append("it may make any system call")
try:
    socket.create_connection(("192.0.2.1", 80), 0.2)
    found.append("it reaches the network")
except TimeoutError:
    found.append("it reaches the network")
except OSError:
    pass
print("; ".join(found) or "closed")
"""


class Finding(NamedTuple):
    """One line of the report; `remedy` is empty where all is well."""

    what: str
    state: str
    remedy: str = ""
    fatal: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder doctor` takes: nothing."""


def run(arguments: argparse.Namespace) -> int:
    """Print what was found, and return 0 if this machine can grade."""
    findings = [look() for look in LOOKS]
    for finding in findings:
        mark = "ok     " if not finding.remedy else "MISSING" if finding.fatal else "note   "
        print(f"{mark}  {finding.what}: {finding.state}")
        if finding.remedy:
            print(f"         {finding.remedy}")
    if any(finding.remedy and finding.fatal for finding in findings):
        print("\nThis machine cannot grade safely; `autograder grade` will refuse.")
        return 1
    print("\nThis machine can grade.")
    return 0


def system() -> Finding:
    """Look at the operating system and the processor."""
    state = f"{platform.system()} {platform.release()} on {platform.machine()}"
    if platform.system() != "Linux" or platform.machine() not in AUDIT_ARCHITECTURES:
        return Finding("system", state, "grade on Linux, on x86-64 or 64-bit ARM")
    return Finding("system", state)


def bubblewrap() -> Finding:
    """Look for bubblewrap, and for setpriv where root grades."""
    needed = ("bwrap", "setpriv") if os.getuid() == 0 else ("bwrap",)
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        return Finding(
            "bubblewrap", f"no {', '.join(missing)}", "apt-get install bubblewrap util-linux"
        )
    return Finding("bubblewrap", shutil.which("bwrap") or "")


def user_namespaces() -> Finding:
    """Look whether users who are nobody may make namespaces."""
    switches = {
        "/proc/sys/kernel/unprivileged_userns_clone": "0",
        "/proc/sys/user/max_user_namespaces": "0",
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1",
    }
    for path, bad in switches.items():
        if Path(path).exists() and Path(path).read_text().strip() == bad:
            name = path.removeprefix("/proc/sys/").replace("/", ".")
            good = "0" if bad == "1" else "10000" if "max" in name else "1"
            return Finding("user namespaces", f"{name} is {bad}", f"sysctl -w {name}={good}")
    return Finding("user namespaces", "allowed")


def sandbox() -> Finding:
    """Start the sandbox, and try from inside what must not be possible."""
    started = time.monotonic()
    try:
        with Sandbox() as made:
            ready = time.monotonic() - started
            started = time.monotonic()
            child = made.child(Limits())
            forked = time.monotonic() - started
            said = _said_by(child)
            child.kill()
    except UserError as error:
        remedy = (
            "in a container: let it make namespaces and mount /proc (docker run --security-opt "
            "seccomp=unconfined --security-opt systempaths=unconfined), or grade on the host"
        )
        return Finding("sandbox", str(error).partition(";")[0], remedy)
    if said != "closed":
        return Finding("sandbox", f"a cell inside is not held back: {said}", "please report this")
    return Finding("sandbox", f"closed; ready in {ready:.1f} s, a child in {1000 * forked:.0f} ms")


def _said_by(child: Any) -> str:
    child.send(Kind.CELL, {"source": PROBE, "seed": 0, "number": 0})
    said = []
    while True:
        kind, message = child.receive(time.monotonic() + 20)
        if kind == Kind.ENDED:
            return "".join(said).strip()
        said.append(message.get("text") or message.get("message") or "")


def memory_of_all() -> Finding:
    """Look whether memory can be limited by cgroups."""
    if cgroups.parents():
        return Finding("cgroups", "used, for memory and number of processes")
    state = "not for this user; the grader watches memory itself"
    remedy = "nothing needs to be done; as root, or in a delegated cgroup, the kernel does it"
    return Finding("cgroups", state, remedy, fatal=False)


def cores() -> Finding:
    """Look how many submissions run at once."""
    return Finding("cores", f"{os.cpu_count()} submissions at once")


LOOKS: tuple[Callable[[], Finding], ...] = (
    system, bubblewrap, user_namespaces, sandbox, memory_of_all, cores,
)  # fmt: skip
