"""What came of each submission, stored under all that it depends on, and every original."""

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbformat import NotebookNode

from autograder.course.filled_notebooks import CHECK
from autograder.grading.intake import NBGRADERS, Submission, every_file
from autograder.grading.judge_notebook import Seeds
from autograder.grading.regular_files import MB, UnreadableError, read_regular_file
from autograder.spec.sources import source_files

PROJECT = Path(__file__).resolve().parents[2]
LARGEST_ORIGINAL = 256 * MB  # bytes of all other files of a submission
JUDGED_BY = ("autograder", "solutions")
SPECS = PROJECT / "autograder" / "specs"


@dataclass(frozen=True)
class Results:
    """The results of one notebook of one student, in the folder of a course."""

    course: Path
    assignment: str
    student: str
    notebook: str

    @property
    def folder(self) -> Path:
        """Where results of this student's assignment lie."""
        return self.course / "results" / self.assignment / self.student

    def path(self, key: str) -> Path:
        """Return where the result with this key is, or will be."""
        return self.folder / f"{self.notebook}-{key[:24]}.json"

    def load(self, key: str) -> dict[str, Any] | None:
        """Return a stored result, or None if there is none that can be read."""
        try:
            result = json.loads(self.path(key).read_bytes())
            if result["key"] != key:
                return None
            result["notebook"] = nbformat.from_dict(result["notebook"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return result

    def store(self, key: str, result: dict[str, Any]) -> None:
        """Store a result; a reader sees all of it or nothing."""
        write_whole(self.path(key), json.dumps({**result, "key": key}).encode())

    def keep_original(self, submission: Submission) -> None:
        """Keep what was handed in, byte for byte, whatever is handed in later."""
        if submission.content is None:
            return
        name = f"{self.notebook}-{hashlib.sha256(submission.content).hexdigest()}.ipynb"
        path = self.course / "originals" / self.assignment / self.student / name
        if not path.exists():
            write_whole(path, submission.content)

    def keep_others(self, submission: Submission, folder: Path) -> None:
        """Keep the other files that were handed in, and a notebook that could not be read.

        They lie in a folder of their own for each version, up to a limit beyond which nothing is
        copied: a class must not be able to fill the disk twice.
        """
        files = self._others(submission, folder)
        if not files:
            return
        whole = hashlib.sha256()
        for name, content in sorted(files.items()):
            whole.update(os.fsencode(name) + b"\0" + hashlib.sha256(content).digest())
        version = f"beside-{self.notebook}-{whole.hexdigest()[:24]}"
        target = self.course / "originals" / self.assignment / self.student / version
        if not target.exists():
            for name, content in files.items():
                write_whole(target / name, content)

    def _others(self, submission: Submission, folder: Path) -> dict[str, bytes]:
        left, files = LARGEST_ORIGINAL, {}
        # what was looked into comes first
        for path in sorted(every_file(folder), key=lambda file: (len(file.parts), file)):
            name = os.path.relpath(path, folder)
            if name in NBGRADERS:
                continue
            try:
                content = read_regular_file(path, left, folder)
            except (UnreadableError, OSError):
                continue  # a link, say, or one that is too large
            if content != submission.content:
                files[name] = content
                left -= len(content)
        return files

    def recorded(self) -> dict[str, Any]:
        """Return what is known of the last entry in the gradebook: `key` and `digest`, or {}."""
        try:
            return json.loads((self.folder / f"{self.notebook}-recorded.json").read_bytes())
        except (OSError, ValueError):
            return {}

    def set_recorded(self, key: str, digest: str) -> None:
        """Note what has been entered in the gradebook."""
        content = json.dumps({"key": key, "digest": digest}).encode()
        write_whole(self.folder / f"{self.notebook}-recorded.json", content)

    def archive(self, entry: dict[str, Any]) -> None:
        """Keep what a person had given an earlier submission."""
        content = json.dumps([*self._archived(), entry], indent=1).encode()
        write_whole(self.folder / f"{self.notebook}-archive.json", content)

    def archived_cells(self, digest: str) -> set[str]:
        """Return the cells of an earlier submission that a person had scored."""
        entries = [entry for entry in self._archived() if entry["digest"] == digest]
        return {given["cell"] for entry in entries for given in entry["grades"]}

    def _archived(self) -> list[dict[str, Any]]:
        path = self.folder / f"{self.notebook}-archive.json"
        return json.loads(path.read_bytes()) if path.exists() else []


def result_key(submission: Submission, seeds: Seeds, released: NotebookNode, how: str) -> str:
    """Return a hash of all that a result depends on; `how` are the settings of the run."""
    parts = (
        submission.digest,
        submission.problem,
        json.dumps(submission.notes.get("", ())),  # such as the name under which it was found
        seeds.text("result"),
        json.dumps(released, sort_keys=True),
        judged_by(identifiers_in(released)),
        how,
    )
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def identifiers_in(released: NotebookNode) -> tuple[str, ...]:
    """Return the exercises that a notebook checks."""
    checks = (CHECK.fullmatch(cell.source.strip()) for cell in released.cells)
    return tuple(check["identifier"] for check in checks if check)


@functools.cache
def judged_by(identifiers: tuple[str, ...]) -> str:
    """Return a hash of the code that judges some exercises, and of PyTorch's version.

    That is the grader, and their own specs and references: what is mended in the spec of another
    exercise makes no result of these an old one.
    """
    grader = (path for path in (PROJECT / "autograder").rglob("*.py") if SPECS not in path.parents)
    return _hash({*grader, *(file for each in identifiers for file in source_files(each))})


@functools.cache
def whole_project() -> str:
    """Return a hash of all code that judges anything, and of PyTorch's version."""
    return _hash({path for name in JUDGED_BY for path in (PROJECT / name).rglob("*.py")})


def _hash(files: Collection[Path]) -> str:
    whole = hashlib.sha256(torch.__version__.encode())
    for path in sorted(files):
        whole.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def write_whole(path: Path, *pieces: bytes) -> None:
    """Write a file so that it is there with all of its content, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with open(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
