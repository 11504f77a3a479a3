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
from solutions.materials import pip_failures

LOCKS = {
    "student": ROOT / "requirements-student.lock",
    "everything": ROOT / "requirements.lock",
}
CUDA = ROOT / "requirements-cuda.lock"
STAMP = ENVIRONMENT / "installed"
# the entry of a lock for torch's CPU build for Linux, which an ordinary index has not
CPU_BUILD = re.compile(r"^torch==(\S+\+cpu).*\n(?: .*\n)*", re.MULTILINE)


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
    if sys.platform != "linux" or cpu_build_is_offered(lock):
        install(lock)
    else:
        print(
            "The index has torch with CUDA only, several GB; the README says how to get the small "
            "build.",
            flush=True,
        )
        install(without_torch(lock))
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
    """Install a lock, each file by its hash. It is complete: pip need not ask what is needed."""
    print(f"Installing {lock.name} into .venv", flush=True)
    pip("install", "--no-deps", "--require-hashes", "--requirement", str(lock))


def cpu_build_is_offered(lock: Path) -> bool:
    """Whether pip finds the torch that the lock has for Linux; if it cannot look, it will say so.

    It has to be asked for by its whole name: of two files, pip prefers the one whose hash the index
    tells, and a folder tells none.
    """
    wanted = CPU_BUILD.search(lock.read_text())
    if not wanted:
        return True
    asked = [str(PYTHON), "-m", "pip", "index", "versions", "torch", "--no-input"]
    answer = subprocess.run(asked, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return answer.returncode != 0 or wanted[1] in re.split(r"[\s,]+", answer.stdout)


def without_torch(lock: Path) -> Path:
    """The same lock without torch's CPU build, as a file in the environment."""
    rest = ENVIRONMENT / lock.name
    rest.write_text(CPU_BUILD.sub("", lock.read_text()))
    return rest


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
    said, shown = [], 0.0
    for line in process.stdout:
        said.append(line)
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
