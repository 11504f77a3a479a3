"""Make `.venv` with the exact versions of requirements.lock, or see that it is there.

What was installed is stamped with a digest of the lock, so a changed lock is installed and an
unchanged one costs nothing. The stamp is written last: what is interrupted carries on.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from checkout import ENVIRONMENT, PYTHON, ROOT, Stop, run

sys.path.insert(0, str(ROOT))
from solutions.materials import pip_failures

LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / "installed"
OLDEST = (3, 11)


def main() -> None:
    """Bring the environment up to date."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Stop(
            f"Python 3.11 or newer is needed, and this is {found}. Set PYTHON, as in `make "
            "book PYTHON=python3.11`."
        )
    if STAMP.is_file() and STAMP.read_text() == digest() and works():
        return
    if not works():
        create()
    print(f"Installing the {locked()} packages of requirements.lock into .venv", flush=True)
    pip("install", "--requirement", str(LOCK))
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(digest())


def digest() -> str:
    """Everything the environment is made of, as one hash."""
    total = hashlib.sha256(sys.version.encode())
    for file in (LOCK, ROOT / "pyproject.toml"):
        total.update(file.read_bytes())
    total.update(str(ROOT).encode())  # a moved checkout has a new environment
    return total.hexdigest()


def works() -> bool:
    """Whether there is an environment with pip; one that was half made has none."""
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-c", "import pip, sys; print(sys.prefix)"]
    answer = subprocess.run(asked, capture_output=True, text=True)
    return answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == ENVIRONMENT.resolve()


def create() -> None:
    """Make an empty environment with pip."""
    if importlib.util.find_spec("ensurepip") is None:
        from system_tools import install_venv

        install_venv()
    print("Making .venv", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], capture_output=True, text=True
    )
    if made.returncode:
        said = (made.stderr or made.stdout).strip()
        raise Stop(pip_failures.explanation(".venv", said, "move the checkout to another disk"))


def locked() -> int:
    """How many packages the lock names."""
    return sum("==" in line for line in LOCK.read_text().splitlines())


def pip(*arguments: str) -> None:
    """Run pip in the environment and show how far it is."""
    command = [str(PYTHON), "-m", "pip", *arguments, "--no-input", "--disable-pip-version-check"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PIP_USER": "0"},  # a user's own setting would be refused here
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        said = _watch(process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.wait():
        what = "What requirements.lock names"
        raise Stop(pip_failures.explanation(what, said, "move the checkout to another disk"))


def _watch(process: subprocess.Popen[str]) -> str:
    """Show what pip does, a line every few seconds; returns all that it said."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 1
    said, shown, warned = [], 0.0, False
    for line in process.stdout:
        said.append(line)
        if line.startswith("Collecting nvidia-") and not warned:
            print(
                "This index has torch with CUDA, several GB; the README says how to get the "
                "small build.",
                flush=True,
            )
            warned = True
        words = line.strip()
        begins = words.startswith(("Collecting", "Downloading", "Building", "Installing"))
        if begins and time.monotonic() - shown > (0.2 if terminal else 5):
            shown = time.monotonic()
            short = words.split(" (from")[0].split(": ")[0]
            print(
                f"  {short[: width - 2]:{width - 2}}" if terminal else f"  {short}",
                end="\r" if terminal else "\n",
                flush=True,
            )
    if terminal:
        print(" " * width, end="\r", flush=True)
    return "".join(said)


if __name__ == "__main__":
    run(main)
