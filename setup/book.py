"""Build the book into `_build/html`, unless nothing has changed since the last good build."""

import contextlib
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from checkout import PYTHON, ROOT, Stop, run

INPUTS = ("_config.yml", "_toc.yml", "CHANGELOG.md", "requirements.lock", "chapters", "solutions")
OUTPUT = ROOT / "_build" / "html"
STAMP = ROOT / "_build" / "built"
TRAINED = ROOT / "_build" / "trained"
SKIPPED = {"__pycache__", ".ipynb_checkpoints"}


def main() -> None:
    """Build if need be."""
    wanted = inputs()
    if STAMP.is_file() and STAMP.read_text() == wanted + "\n" + outputs():
        print("The book is up to date: _build/html/index.html")
        return
    STAMP.unlink(missing_ok=True)
    train_what_is_missing()
    command = [str(PYTHON.with_name("jupyter-book")), "build", ".", "-W", "-n", "--keep-going"]
    if call(command):
        # Sphinx would not read an unchanged page again, so the next run would not see its warnings
        (ROOT / "_build" / ".doctrees" / "environment.pickle").unlink(missing_ok=True)
        raise Stop("The book was not built: the warnings and errors above say why.")
    # what was read while it was being built may have been changed meanwhile
    if inputs() == wanted:
        STAMP.write_text(wanted + "\n" + outputs())
    print("The book: _build/html/index.html (`make serve` shows it)")


def train_what_is_missing() -> None:
    """See that what was trained fits its settings; looked at only where `solutions` has changed."""
    now = digest(["solutions"])
    if TRAINED.is_file() and TRAINED.read_text() == now:
        return
    if call([str(PYTHON), "-m", "solutions.experiments", "--missing"]):
        raise Stop("The book was not built: the line above says what to train.")
    TRAINED.parent.mkdir(exist_ok=True)
    TRAINED.write_text(digest(["solutions"]))


def call(command: list[str]) -> int:
    """Run a command in the checkout and give its status; when stopped, let it end its children."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, env=environment())
    try:
        return process.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        raise


def environment() -> dict[str, str]:
    """The environment's own programs first; cells find `solutions` in the checkout."""
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])
    # one thread: several pages run at a time, and another order of summing gives another number
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
    # without the last one, a kernel of some Python versions warns on standard error
    quiet = {"PYTHONUNBUFFERED": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return {**os.environ, **threads, **quiet, "PATH": path}


def inputs() -> str:
    """A hash of the name and content of every file the book is made of."""
    return digest(INPUTS)


def digest(names: Iterable[str]) -> str:
    """A hash of the name and content of every file below some of the checkout."""
    total = hashlib.sha256(Path(__file__).read_bytes())
    for name in names:
        for file in files(ROOT / name):
            total.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def outputs() -> str:
    """A hash of the name and size of every file built: a lost or cut one is built again."""
    sizes = [(file.relative_to(OUTPUT).as_posix(), file.stat().st_size) for file in files(OUTPUT)]
    return hashlib.sha256(json.dumps(sizes).encode()).hexdigest()


def files(place: Path) -> list[Path]:
    """All files below a folder, or the file itself, or nothing."""
    if place.is_file():
        return [place]
    found = (
        Path(folder, name)
        for folder, _, names in os.walk(place)
        if not SKIPPED & set(Path(folder).parts)
        for name in names
    )
    return sorted(found)


if __name__ == "__main__":
    run(main)
