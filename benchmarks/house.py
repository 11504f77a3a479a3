"""How long a newcomer waits: a fresh clone, until the book is built and everything is tested.

What is committed is cloned, and the packages with texts and weights that this checkout has fetched
are copied into the clone, so that no download is timed; pip has its own cache. Then, in this order:
the book with the environment that it needs, the book once more with nothing changed, the checks of
style, all tests, and the book with one paragraph of a chapter changed. The first of these, style
and tests together are what `.ci/run` does. The goals are for two cores with nothing else to do.

    python -m benchmarks.house [--only cold-book unchanged-book] [--clone DIR]
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from benchmarks.timing import report
from solutions.materials import packages

CHECKOUT = Path(__file__).resolve().parents[1]
GOALS = {  # seconds
    "cold-book": 8 * 60,
    "unchanged-book": 5,
    "test": 15 * 60,
    "changed-paragraph": 15,
    "ci": 35 * 60,
}
COMMANDS = {
    "cold-book": ("make", "book"),
    "unchanged-book": ("make", "book"),
    "lint": ("make", "lint"),
    "test": ("make", "test"),
    "changed-paragraph": ("make", "book"),
}
TOGETHER = ("cold-book", "lint", "test")  # what `.ci/run` does
WHOLE = {"cold-book", "ci"}  # begin where nothing is made yet
CHAPTER = "chapters/attention.md"
MADE = (".venv", "_build", ".jupyter_cache")
LAST_LINES = 20  # of a command that failed
# they would lead a command in the clone back to this checkout, or to an outer make
OTHERS = ("VIRTUAL_ENV", "PYTHONPATH", "INSIDE_LANGUAGE_MODELS_CACHE", "MAKEFLAGS", "MFLAGS")


def measure(clone: Path, wanted: Collection[str]) -> None:
    """Time what is wanted in a clone, in the order of `COMMANDS`, and print each result."""
    if WHOLE & set(wanted) and any((clone / name).exists() for name in MADE):
        raise SystemExit(f"{clone} is built already: {' and '.join(sorted(WHOLE))} need a new one")
    needed = {"cold-book", *wanted, *(TOGETHER if "ci" in wanted else ())}
    taken: dict[str, float] = {}
    for name in COMMANDS:
        if name in needed:
            taken[name] = seconds_of(name, clone)
        if name in wanted:
            show(name, taken[name])
    if "ci" in wanted:
        print(" + ".join(f"{name} {taken[name]:.1f} s" for name in TOGETHER))
        show("ci", sum(taken[name] for name in TOGETHER))


def show(name: str, seconds: float) -> None:
    """Print what something took beside its goal."""
    words = name.replace("-", " ")
    print(f"{words}: {seconds:.1f} s of {GOALS[name]} s, ", end="")
    report(words, GOALS[name] / seconds, 1)
    sys.stdout.flush()


def seconds_of(name: str, clone: Path) -> float:
    """Return how many seconds one of `COMMANDS` takes in a clone."""
    if name != "changed-paragraph":
        return timed(COMMANDS[name], clone)
    with paragraph_changed(clone / CHAPTER):
        return timed(COMMANDS[name], clone)


def timed(command: Sequence[str], folder: Path) -> float:
    """Run a command that must not fail, and return how many seconds it took."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    taken = time.monotonic() - began
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-LAST_LINES:])
        raise SystemExit(f"{end}\n{' '.join(command)} failed after {taken:.0f} s; mend that first")
    return taken


def environment() -> dict[str, str]:
    """Return the variables for the clone: none of this checkout's, and no test may be skipped."""
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS}
    own = Path(sys.prefix) / "bin" if sys.prefix != sys.base_prefix else None
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    kept["PATH"] = os.pathsep.join(place for place in places if not place or Path(place) != own)
    return {**kept, "CI": "true"}


@contextlib.contextmanager
def paragraph_changed(page: Path) -> Iterator[None]:
    """Have one sentence more in a page's first paragraph."""
    before = page.read_text("utf-8")
    page.write_text(with_one_sentence_more(before), "utf-8")
    try:
        yield
    finally:
        page.write_text(before, "utf-8")


def with_one_sentence_more(page: str) -> str:
    """Return a page with a sentence before the first paragraph below its heading."""
    heading_and_all = re.compile(r"^# .*?\n\n(?=[A-Z])", re.MULTILINE | re.DOTALL)
    return heading_and_all.sub(lambda found: f"{found[0]}This sentence is new. ", page, count=1)


def clone_of(checkout: Path, folder: Path) -> None:
    """Clone what is committed in a checkout, unless a clone is there, and give it the packages."""
    if not (folder / ".git").exists():
        subprocess.run(["git", "clone", "--quiet", str(checkout), str(folder)], check=True)
    fetched, target = packages.cache_folder() / "packages", folder / ".cache" / "packages"
    if not fetched.is_dir():
        print("Texts and weights are not here, so fetching them is timed too.")
    elif not target.exists():
        shutil.copytree(fetched, target)


def uncommitted(checkout: Path) -> list[str]:
    """Return the files of a checkout that are not as they are committed."""
    asked = ["git", "status", "--porcelain"]
    said = subprocess.run(asked, cwd=checkout, check=True, capture_output=True, text=True).stdout
    return [line[3:] for line in said.splitlines()]


def main(arguments: Sequence[str] | None = None, checkout: Path = CHECKOUT) -> None:
    """Clone, and print how long everything takes or what is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only", metavar="NAME", nargs="+", choices=GOALS, default=list(GOALS),
        help=f"of {', '.join(GOALS)}; what they need is made first",
    )  # fmt: skip
    parser.add_argument(
        "--clone", metavar="DIR", type=Path,
        help="where to clone to, or a clone of an earlier run (default: a folder that is removed)",
    )  # fmt: skip
    chosen = parser.parse_args(arguments)
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{cores} cores, {load:.1f} processes at work on them before the first command")
    if left_out := uncommitted(checkout):
        print(f"Not measured, since it is not committed: {', '.join(left_out)}")
    with contextlib.ExitStack() as stack:
        folder = chosen.clone
        if folder is None:
            temporary = tempfile.TemporaryDirectory(prefix="house-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary)) / "clone"
        clone_of(checkout, folder)
        measure(folder.resolve(), chosen.only)


if __name__ == "__main__":
    main()
