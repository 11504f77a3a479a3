"""The checkout the scripts of this folder work on, and how they end: by one line."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
