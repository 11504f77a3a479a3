"""The programs outside Python that some parts need: install them, or say the line that does.

On Debian and as root they are installed. Elsewhere the line is printed and what needs them is
skipped by name; where CI=true, a missing one is an error.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from checkout import Stop, run


class Tool(NamedTuple):
    """A program, the Debian package that has it, and what cannot be done without it."""

    package: str
    present: Callable[[], bool]
    needed_for: str


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _file(folder: str, pattern: str) -> Callable[[], bool]:
    return lambda: any(Path(folder).glob(pattern))


TOOLS = (
    Tool("chromium", _program("chromium"), "tests of the website in a browser"),
    Tool(
        "fonts-liberation",
        _file("/usr/share/fonts", "truetype/liberation*/*.ttf"),
        "tests of the website in a browser",
    ),
    Tool("bubblewrap", _program("bwrap"), "grading, and its tests"),
    Tool("util-linux", _program("setpriv"), "grading as root, and its tests"),
    Tool(
        "postgresql",
        _file("/usr/lib/postgresql", "*/bin/pg_ctl"),
        "tests of a gradebook on PostgreSQL",
    ),
)


def main() -> None:
    """Install what is missing, or say how."""
    missing = [tool for tool in TOOLS if not tool.present()]
    if missing and can_install():
        install([tool.package for tool in missing])
        missing = [tool for tool in TOOLS if not tool.present()]
    if not missing:
        return
    if on_debian():
        packages = " ".join(tool.package for tool in missing)
        print(f"To install what is missing: sudo apt-get install -y {packages}", flush=True)
    for tool in missing:
        print(f"  skipped without {tool.package}: {tool.needed_for}", flush=True)
    if os.environ.get("CI") == "true":
        raise Stop(f"CI=true and missing: {', '.join(tool.package for tool in missing)}.")


def install_venv() -> None:
    """Debian keeps `python3 -m venv` in a package of its own."""
    package = f"python3.{sys.version_info.minor}-venv"
    line = f"`sudo apt-get install -y {package}`" if on_debian() else "an installer of Python's own"
    if can_install():
        install([package])
        return
    raise Stop(f"This Python cannot make environments: install {package} with {line}.")


def on_debian() -> bool:
    """Whether apt-get is there."""
    return shutil.which("apt-get") is not None


def can_install() -> bool:
    """Whether this process may call apt-get."""
    return on_debian() and hasattr(os, "geteuid") and os.geteuid() == 0


def install(packages: list[str]) -> None:
    """Install Debian packages; a failure is told in one line and is not fatal here."""
    print(f"Installing {', '.join(packages)} with apt-get", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = ["apt-get", "update", "-qq"]
    fetch = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (update, fetch):
        done = subprocess.run(
            command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            print(f"`{' '.join(command)}` failed: {lines[-1]}", file=sys.stderr, flush=True)
            return


if __name__ == "__main__":
    run(main)
