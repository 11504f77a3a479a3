"""The checkout the scripts of this folder work on, and how they end: by one line.

Each of them imports this first, since here a wrong Python is refused. An old one has to be able to
read as far as that: the syntax of this folder is Python 3.6's.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

OLDEST, NEWEST = (3, 11, 2), (3, 13)  # what the locks were resolved for


def refusal(version: tuple) -> str:
    """One sentence if this Python is not one the locks are for, or nothing."""
    if version[:3] >= OLDEST and version[:2] <= NEWEST:
        return ""
    found, oldest, newest = (".".join(map(str, one)) for one in (version[:3], OLDEST, NEWEST))
    return (
        f"Python {oldest} to {newest} is needed, and this is {found}: install one of these and "
        f"name it, as in `make book PYTHON=python{newest}` or `py -{newest}`."
    )


if refusal(sys.version_info):
    sys.exit(refusal(sys.version_info))

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


class Stop(Exception):  # noqa: N818 (not every end is an error of ours)
    """Ends a script; the message is one line that says what is wrong and what to do."""


def run(main: Callable[[], int | None]) -> None:
    """Call `main`; exit with its status, or say in one line why it stopped."""
    try:
        sys.exit(main() or 0)
    except Stop as stop:
        message, status = str(stop), 1
    except KeyboardInterrupt:
        message, status = "Stopped. The next run carries on here.", 130
    except subprocess.CalledProcessError as error:
        message, status = f"{error.cmd[0]} ended with status {error.returncode}.", 1
    except OSError as error:
        message, status = f"{error}. Mend this and run the same command again.", 1
    print(message, file=sys.stderr, flush=True)
    sys.exit(status)
