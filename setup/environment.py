"""Make `.venv` with the exact versions of a lock, or see that it is there.

`environment.py student` installs what the exercises need, `environment.py` everything; the first
is a part of the second. What was installed is stamped with a digest of its lock, so a changed lock
is installed and an unchanged one costs nothing. The stamp is written last: what is interrupted
carries on.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from checkout import ENVIRONMENT, PYTHON, ROOT, Stop, run

sys.path.insert(0, str(ROOT))
from solutions import pip_failures

LOCKS = {
    "student": ROOT / "requirements-student.lock",
    "everything": ROOT / "requirements.lock",
}
CUDA = ROOT / "requirements-cuda.lock"
STAMP = ENVIRONMENT / "installed"
# the name of the file that pip fetches where the index has no CPU build for Linux
WITH_CUDA = re.compile(r"\btorch-[0-9.]+-cp\w+-cp\w+-manylinux")


def main() -> None:
    """Bring the environment up to date."""
    asked = sys.argv[1] if sys.argv[1:] else "everything"
    if asked not in LOCKS:
        raise Stop(f"There is no environment for {asked}: say {' or '.join(LOCKS)}.")
    lock = LOCKS[asked]
    usable = works()
    if usable and STAMP.is_file() and digest(lock) in STAMP.read_text().split():
        return
    if not usable:
        create()
    install(lock)
    if has_cuda():
        install(CUDA)
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    # whoever has everything has what a student needs
    held = LOCKS.values() if asked == "everything" else [lock]
    STAMP.write_text("".join(digest(one) + "\n" for one in held))


def digest(lock: Path) -> str:
    """Everything the environment is made of, as one hash."""
    total = hashlib.sha256(sys.version.encode())
    for file in (lock, CUDA, ROOT / "pyproject.toml"):
        total.update(file.read_bytes())
    total.update(str(ROOT).encode())  # a moved checkout has a new environment
    return total.hexdigest()


def install(lock: Path) -> None:
    """Install a lock, each file by its hash.

    A lock is complete, so pip need not ask what a package needs. It must not, either: torch with
    CUDA asks for more than the lock has.
    """
    print(f"Installing {lock.name} into .venv", flush=True)
    pip("install", "--no-deps", "--require-hashes", "--requirement", str(lock))


def has_cuda() -> bool:
    """Whether the torch that was installed is a build that loads CUDA's libraries."""
    about = ENVIRONMENT.glob("lib/python*/site-packages/torch-*.dist-info/METADATA")
    return sys.platform == "linux" and any("Requires-Dist: nvidia" in f.read_text() for f in about)


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
        what = "What the lock names"
        raise Stop(pip_failures.explanation(what, said, "move the checkout to another disk"))


def _watch(process: subprocess.Popen[str]) -> str:
    """Show what pip does, a line every few seconds; returns all that it said."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 1
    said, shown, warned = [], 0.0, False
    for line in process.stdout:
        said.append(line)
        if WITH_CUDA.search(line) and not warned:
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
