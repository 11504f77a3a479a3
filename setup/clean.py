"""Remove what can be built again. What somebody wrote, or a grade, is none of that.

Only the names below are touched. `.venv` and `.cache` stay, since fetching takes long; so do `lab/`
(a student's work), `demo/` (a gradebook) and every folder this project does not know.
"""

import os
import shutil

from checkout import ROOT, run

BUILT = (
    *("_build", ".jupyter_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
    "inside_language_models.egg-info",
)
SOURCES = ("autograder", "benchmarks", "chapters", "setup", "solutions", "tests")


def main() -> None:
    """Remove the built folders, and compiled code below the source folders."""
    for name in BUILT:
        remove(ROOT / name)
    for name in SOURCES:
        for place in sorted((ROOT / name).rglob("__pycache__")):
            remove(place)
    kept = [name for name in (".venv", ".cache", "lab", "demo") if (ROOT / name).exists()]
    if kept:
        print(f"Kept: {', '.join(kept)}")


def remove(place: os.PathLike[str]) -> None:
    """Remove a folder; of a link the link only."""
    if os.path.islink(place):
        os.unlink(place)
    elif os.path.isdir(place):
        shutil.rmtree(place)


if __name__ == "__main__":
    run(main)
