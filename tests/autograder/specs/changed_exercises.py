"""Which exercises are tried on every seed: those that have changed.

An exercise has changed if a file that says what it accepts (its spec, its reference, what they
import) is another than on the main branch: on a branch, than where it left `origin/main`; where
`origin/main` itself is checked out, as in a fresh clone, than before its last commit, which may be
a merge. What is not committed counts. Where git cannot tell, every exercise has changed.
"""

import functools
import subprocess
from pathlib import Path

from autograder.spec.sources import source_files

ROOT = Path(__file__).parents[3]


def has_changed(identifier: str) -> bool:
    """Say whether an exercise is another than on the main branch."""
    changed = changed_files(ROOT)
    return changed is None or not changed.isdisjoint(source_files(identifier))


@functools.cache
def changed_files(repository: Path) -> frozenset[Path] | None:
    """Return the files that differ from the main branch, or None if git cannot tell."""
    try:
        head = git(repository, "rev-parse", "HEAD")
        before = git(repository, "merge-base", "HEAD", "origin/main")
        if before == head:
            before = git(repository, "rev-parse", "HEAD^1")
        names = git(repository, "diff", "--name-only", before).splitlines()
        names += git(repository, "ls-files", "--others", "--exclude-standard").splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None
    return frozenset(repository / name for name in names)


def git(repository: Path, *arguments: str) -> str:
    """Return what git answers."""
    command = ["git", "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()
