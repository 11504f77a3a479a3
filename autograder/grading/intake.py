"""Intake: from a submitted file to a notebook that is safe to run, to show and to store.

The notebook is built anew from the released cells. From the student come the sources of the cells
that were theirs to fill in, and cells that they added. Whatever else a file may hold, metadata,
outputs, points, tags, is not looked at. What cannot be read is kept for a person to look at.
"""

import ast
import base64
import binascii
import hashlib
import json
import os
import re
import textwrap
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.grading.harmless_markup import inert_markdown, with_pictures
from autograder.grading.regular_files import MB, UnreadableError, kind_of, read_regular_file

LARGEST_FILE = 32 * MB
MOST_CELLS = 2000
MOST_SOURCE = 1 * MB
MOST_CONTAINERS = 1_500_000  # lists and objects of the file: an empty one takes 20 times its text
MOST_FILES = 100
LONGEST_NAME = 200  # bytes of a file's name with its folders
DEEPEST = 20  # folders in folders
MOST_PICTURES = 50
MOST_LOOKED_INTO = 50  # files that may be the notebook under another name
LARGEST_BESIDE = 3 * MB
MOST_BESIDE = 16 * MB
# what nbgrader lays beside a notebook that is handed in: the second is another each time
NBGRADERS = ("timestamp.txt", "submission_secret.txt")
PICTURES = ("image/png", "image/jpeg", "image/gif")
CHECKPOINTS = ".ipynb_checkpoints"
NO_RESPONSE = "No response."
DELETED_NOTE = (
    "No response in its own cell, which was deleted. What counts is what other cells define."
)
JSON_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
# a picture as its bytes, in the three ways in which Markdown can hold it
DATA = r"data:(image/(?:png|jpeg|gif));base64,([A-Za-z0-9+/=\s]*+)"
EMBEDDED = re.compile(rf"\]\(<?{DATA}>?\)")
IN_A_TAG = re.compile(
    rf"<img\b[^<>]{{0,300}}?\bsrc\s*+=\s*+[\"']?{DATA}[\"']?[^<>]{{0,1000}}>", re.IGNORECASE
)
DEFINED = re.compile(rf"^ {{0,3}}\[([^\]\n]{{1,100}})\]:[ \t]*<?{DATA}>?$", re.MULTILINE)
REFERRED = re.compile(r"!\[([^\]\n]{0,200})\]\[([^\]\n]{0,100})\]")
OTHER_DATA = re.compile(r"data:[\w/+.;=-]{0,100},[A-Za-z0-9+/=]{1000,}+")
LEFT_OUT = "data:left-out"
LONGEST_HALF = 20_000  # characters of a function that was split
LINE_OF_A_NOTEBOOK = re.compile(r"^\s*[%!?].*$", re.MULTILINE)  # a magic, say: no Python
HALVES = "It seems to be one half of a function that was split: a person will look at it."
SPLIT = "a function seems to be split over two cells: a person has to look at it"
DELETED = "deleted-"  # begins the id of a cell that the student has deleted: shown, and not run


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one notebook.

    `problem` is set where a person must look; `missing` where there is nothing to look at.
    `beside` are the other files of the submission, `notes` what to tell about a cell, by grade id,
    or about the whole notebook, under "". `asks` are the grade ids of answers of which a person
    must see whether they are what the student meant to hand in.
    """

    content: bytes | None
    notebook: NotebookNode
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problem: str = ""
    beside: Mapping[str, bytes] = field(default_factory=dict)
    asks: frozenset[str] = frozenset()

    @property
    def missing(self) -> bool:
        """Whether nothing was handed in."""
        return self.content is None and not self.problem

    @property
    def digest(self) -> str:
        """A hash of everything that was handed in."""
        whole = hashlib.sha256(b"nothing" if self.content is None else self.content)
        for name, content in sorted(self.beside.items()):
            whole.update(name.encode(errors="replace") + b"\0" + hashlib.sha256(content).digest())
        return whole.hexdigest()


def take_in(
    folder: Path, name: str, released: NotebookNode, others: Collection[str] = ()
) -> Submission:
    """Return what the folder of a submission holds for the notebook of this name.

    `others` are the names of the assignment's other notebooks, which are no renamed ones of it.
    Never raises for anything that a student may have put there.
    """
    notes: dict[str, tuple[str, ...]] = {}
    try:
        path = find_notebook(folder, name, released, others)
        if path is None:
            return Submission(None, released, {"": ("nothing was handed in",)})
        place = path.name if path == folder else str(path.relative_to(folder))
        if place != f"{name}.ipynb":
            notes[""] = (f"handed in under the name {place!r}",)
        content = read_regular_file(path, LARGEST_FILE, folder if path != folder else None)
    except (UnreadableError, OSError) as error:
        # the system's own words would name the machine's folders
        why = str(error) if isinstance(error, UnreadableError) else f"unreadable: {error.strerror}"
        return Submission(None, released, {"": (why,)}, problem=why)
    try:
        submitted = parse(content)
        submitted, asks = halves_joined(released, submitted)
        notebook, found = rebuild(released, submitted)
    except UnreadableError as error:
        return Submission(content, released, {"": (str(error),)}, problem=str(error))
    beside, left_out = files_beside(
        folder, {path, *(folder / f"{other}.ipynb" for other in {name, *others})}
    )
    if left_out:
        found[""] = (*found.get("", ()), f"left out: {', '.join(left_out[:5])}")
    for grade_id in asks:
        found[grade_id] = (*found.get(grade_id, ()), HALVES)
    found[""] = (*found.get("", ()), *([SPLIT] if asks else []))
    rivals = other_attempts(folder, path, released, submitted, others)
    if rivals:
        named = ", ".join(map(repr, rivals[:5]))
        found[""] += (f"{named} beside it answers otherwise: a person has to say which one counts",)
        asks |= grade_ids(released)
    for grade_id, texts in found.items():
        notes[grade_id] = (*notes.get(grade_id, ()), *texts)
    notes = {grade_id: texts for grade_id, texts in notes.items() if texts}
    return Submission(content, notebook, notes, beside=beside, asks=frozenset(asks))


def other_attempts(
    folder: Path,
    path: Path,
    released: NotebookNode,
    submitted: NotebookNode,
    others: Collection[str],
) -> list[str]:
    """Return the names of other files that answer the same notebook, and in another way."""
    if path == folder:
        return []
    ids = {grade_id_of(cell) for cell in released.cells if takes_answer(cell)}
    stubs, taken = answers_in(released), answers_in(submitted)
    names = {f"{other}.ipynb" for other in others}
    files = [file for file in every_file(folder) if ".ipynb" in file.name and file != path]
    found = []
    for file in sorted(files)[:MOST_LOOKED_INTO]:
        name = str(file.relative_to(folder))
        if name in names:
            continue
        try:
            answers = answers_in(parse(read_regular_file(file, LARGEST_FILE, folder)))
        except UnreadableError:
            continue
        given = ids & answers.keys()
        if any(answers[one] not in (stubs[one], taken.get(one)) for one in given):
            found.append(name if name.isprintable() else repr(name))
    return found


def answers_in(notebook: NotebookNode) -> dict[str, str]:
    """Return the sources of all cells that nbgrader knows, stripped, by grade id."""
    return {grade_id_of(cell): cell.source.strip() for cell in notebook.cells if grade_id_of(cell)}


def halves_joined(released: NotebookNode, submitted: NotebookNode) -> tuple[NotebookNode, set[str]]:
    """Return the notebook with functions that were split over two cells in one cell each.

    The halves follow each other; one of them is no program by itself, and together they are one.
    The second is a cell of the student's own, or has the grade id of the first, as some editors
    leave it. With the notebook come the grade ids of answers that look like halves and cannot be
    joined.
    """
    ids = {grade_id_of(cell) for cell in released.cells if takes_answer(cell)}
    known = grade_ids(released)
    sources = {grade_id_of(cell): cell.source for cell in released.cells}
    cells: list[NotebookNode] = []
    asks: set[str] = set()
    for cell in submitted.cells:
        before = cells[-1] if cells else None
        codes = before is not None and before.cell_type == cell.cell_type == "code"
        is_answer = codes and before.grade_id in ids and before.source != sources[before.grade_id]
        if not is_answer or cell.grade_id in known - {before.grade_id} or not cell.source.strip():
            cells.append(cell)
            continue
        first, second = is_program(before.source), is_program(cell.source)
        together = f"{before.source.rstrip()}\n{cell.source}"
        if (not first or not second) and is_program(together):
            cells[-1] = NotebookNode({**before, "source": together})
            continue
        if (not first and not second) or (begins_indented(cell.source) and is_program(together)):
            asks.add(before.grade_id)
        cells.append(cell)
    return NotebookNode(cells=cells), asks


def is_program(source: str) -> bool:
    """Say whether a cell is whole: Python, with what a notebook's cells may have beside it."""
    if len(source) > LONGEST_HALF:
        return True  # too long to look into, and too long for a half
    source = textwrap.dedent(LINE_OF_A_NOTEBOOK.sub("", source))  # IPython does that too
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes, say
            compile(source, "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def begins_indented(source: str) -> bool:
    """Say whether the first line with anything in it is indented."""
    return source.lstrip("\n")[:1] in (" ", "\t")


def find_notebook(
    folder: Path, name: str, released: NotebookNode, others: Collection[str] = ()
) -> Path | None:
    """Return the file handed in as this notebook: by its name, or by the cells that it holds.

    It may have any other name, and lie in a folder of its own, as archives like to unpack. Under
    its name may stand another notebook of the assignment, if two were confused.

    Raises:
        UnreadableError: there are notebooks, and none of them is the one.
    """
    if folder.is_symlink():
        raise UnreadableError("the folder is a link to another one")
    if not os.path.lexists(folder):
        return None
    if not folder.is_dir():
        return folder  # the notebook itself, perhaps
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise UnreadableError(f"the folder cannot be read: {error.strerror}") from None
    path = folder / f"{name}.ipynb"
    known = grade_ids(released)
    stands_there = os.path.lexists(path)
    taken = {f"{other}.ipynb" for other in others}
    if stands_there:
        cells = (
            cells_in(path, folder)
            if any(n.endswith(".ipynb") for n in {*names} - {path.name})
            else ()
        )
        if not cells or known & cells:
            return path
        taken = {path.name}
    files = sorted(every_file(folder), key=lambda file: (".ipynb" not in file.name, file))
    files = [file for file in files if str(file.relative_to(folder)) not in taken]
    shared = {file: len(known & cells_in(file, folder)) for file in files[:MOST_LOOKED_INTO]}
    best = max(shared, key=shared.__getitem__, default=None)
    if best is not None and shared[best]:
        return best
    if stands_there:
        return path
    named = [str(file.relative_to(folder)) for file in files if ".ipynb" in file.name.lower()]
    if named:
        names = ", ".join(map(repr, named[:5]))
        raise UnreadableError(f"there is no {name}.ipynb, and {names} holds none of its cells")
    others_there = any((folder / one).exists() for one in taken)
    handed_in = [str(file.relative_to(folder)) for file in files if is_of_a_person(file)]
    if handed_in and not others_there:  # an archive, say, or a script
        names = ", ".join(name[:LONGEST_NAME] for name in map(repr, handed_in[:5]))
        raise UnreadableError(f"there is no notebook, but {names}")
    if os.path.lexists(folder / CHECKPOINTS / f"{name}-checkpoint.ipynb"):
        raise UnreadableError("there is no notebook, but the copy that Jupyter keeps of one")
    return None


def is_of_a_person(file: Path) -> bool:
    """Say whether a file was made by a person, and not by nbgrader or by a system of files."""
    return file.name not in (*NBGRADERS, "Thumbs.db") and not file.name.startswith(".")


def cells_in(path: Path, folder: Path) -> set[str]:
    """Return the grade ids of the cells in a file of a folder; none if it cannot be read."""
    try:
        return grade_ids(parse(read_regular_file(path, LARGEST_FILE, folder)))
    except UnreadableError:
        return set()


def parse(content: bytes) -> NotebookNode:
    """Return a notebook in today's format, whatever its file claims to be.

    Raises:
        UnreadableError: it is no notebook.
    """
    if not content.strip():
        raise UnreadableError("the file is empty")
    try:
        text = decoded(content)
        if containers(text) > MOST_CONTAINERS:
            raise UnreadableError(f"more than {MOST_CONTAINERS:,} lists and objects in the file")
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = f"the file is damaged, for it is not JSON ({str(error)[:200]})"
        raise UnreadableError(f"{why}: open it, save it, and hand it in again") from None
    if not isinstance(plain, dict):
        raise UnreadableError("the file is JSON, but no notebook")
    version = plain.get("nbformat")
    if isinstance(version, int) and 0 < version < 4 and "cells" not in plain:
        try:
            plain = nbformat.convert(nbformat.from_dict(plain), 4)
        except Exception as error:  # the converters of old formats take what they expect
            raise UnreadableError(
                f"a notebook of format {version}, and it cannot be brought up to date: "
                f"{type(error).__name__}"
            ) from None
    cells = plain.get("cells")
    if not isinstance(cells, list):
        raise UnreadableError("the file is JSON, but it has no list of cells")
    if len(cells) > MOST_CELLS:
        raise UnreadableError(f"more than {MOST_CELLS} cells")
    cells = [readable_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell.source) for cell in cells) > MOST_SOURCE:
        raise UnreadableError(f"more than {MOST_SOURCE // MB} MB of text in its cells")
    return NotebookNode(cells=cells)


def containers(text: str) -> int:
    """Return how many lists and objects JSON has; none of them stands in a text of it."""
    count = text.count("[") + text.count("{")
    if count > MOST_CONTAINERS:
        text = JSON_TEXT.sub("", text)
        count = text.count("[") + text.count("{")
    return count


def decoded(content: bytes) -> str:
    """Return the text of a file, in the encodings that editors write."""
    for encoding in ("utf-8-sig", "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ""):
        if encoding:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise ValueError("it is neither UTF-8 nor UTF-16")


def readable_cell(cell: Mapping[str, Any]) -> NotebookNode:
    """Return a cell's type, source, pictures, id and grade id, if they are what they should be."""
    source = joined(cell.get("source"))
    kind = cell.get("cell_type")
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    name = cell.get("id")
    attachments = cell.get("attachments")
    if kind != "code":
        source, attachments = apart(source, attachments)
    return NotebookNode(
        cell_type=kind if kind in ("code", "markdown") else "raw",
        # half a surrogate pair is legal in JSON, and in nothing that comes later
        source=source.encode("utf-8", "replace").decode(),
        attachments=pictures(attachments),
        id=name if isinstance(name, str) else "",
        grade_id=grade_id if isinstance(grade_id, str) else "",
    )


def joined(text: Any) -> str:
    """Return text that a notebook may also hold as a list of lines; "" for what is no text."""
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    # some editors end lines in their own way, and then nothing would be as it was released
    return text.replace("\r\n", "\n") if isinstance(text, str) else ""


def apart(text: str, attachments: Any) -> tuple[str, dict[str, Any]]:
    """Return Markdown and its attachments, among them the pictures that stood in the text.

    Google's Colab writes a picture into the text itself, where a photo is a megabyte and more.
    """
    together = dict(attachments) if isinstance(attachments, dict) else {}
    named: dict[str, str] = {}

    def keep(kind: str, content: str) -> str:
        if len(together) >= MOST_PICTURES:
            return LEFT_OUT
        name = f"embedded {len(together)}"
        together[name] = {kind.lower(): content}
        return f"attachment:{name}"

    def define(found: re.Match[str]) -> str:
        named[found[1].casefold()] = keep(found[2], found[3].rstrip())
        return ""

    def refer(found: re.Match[str]) -> str:
        place = named.get((found[2] or found[1]).casefold())
        return f"![{found[1]}]({place})" if place else found[0]

    text = EMBEDDED.sub(lambda found: f"]({keep(found[1], found[2])})", text)
    text = IN_A_TAG.sub(lambda found: f"![]({keep(found[1], found[2])})", text)
    text = DEFINED.sub(define, text)
    text = REFERRED.sub(refer, text) if named else text
    return OTHER_DATA.sub(LEFT_OUT, text), together


def pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return the pictures that were pasted into a written answer, without anything else."""
    kept: dict[str, dict[str, str]] = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        for kind, content in kinds.items() if isinstance(kinds, dict) else ():
            content = joined(content)
            if kind in PICTURES and is_base64(content) and re.fullmatch(r"[\w .()-]+", name):
                kept[name] = {kind: content}
    return dict(list(kept.items())[:MOST_PICTURES])


def is_base64(content: Any) -> bool:
    """Say whether this is text that stands for bytes, and for nothing in a page."""
    try:
        base64.b64decode("".join(content.split()), validate=True)
    except (AttributeError, TypeError, ValueError, binascii.Error):
        return False
    return True


def rebuild(
    released: NotebookNode, submitted: NotebookNode
) -> tuple[NotebookNode, dict[str, tuple[str, ...]]]:
    """Return the released notebook with the student's answers and extra cells, and notes on it.

    A cell of the student's own stands after the released cell that it came after. The last of
    several cells with one grade id is the answer; the others are cells of the student's own.
    """
    notes: dict[str, tuple[str, ...]] = {}
    places = match(released, submitted)
    answers: dict[int, NotebookNode] = {}
    extra: dict[int, list[NotebookNode]] = {}
    before = -1
    for cell, place in zip(submitted.cells, places, strict=True):
        if place is None:
            extra.setdefault(before, []).append(own_cell(cell))
            continue
        before = place
        if place in answers:
            grade_id = grade_id_of(released.cells[place])
            notes[grade_id] = ("handed in more than once; the last of these cells was taken",)
            if takes_answer(released.cells[place]):
                extra.setdefault(place - 1, []).append(own_cell(answers[place]))
        answers[place] = cell
    cells: list[NotebookNode] = []
    deleted: list[NotebookNode] = []
    last = extra.get(-1, [])
    for place, cell in enumerate(released.cells):
        restored = nbformat.from_dict(cell)
        grade_id = grade_id_of(cell)
        if takes_answer(cell) and place not in answers:
            notes[grade_id] = (DELETED_NOTE,)
            deleted.append(restored)  # the answer may stand in another cell
            cells.append(restored)
            last += extra.get(place, [])
            continue
        if takes_answer(cell):
            fill_in(restored, answers[place])
            if answers[place].source == cell.source:
                notes[grade_id] = (*notes.get(grade_id, ()), NO_RESPONSE)
        elif place in answers and is_plain_code(cell) and answers[place].source != cell.source:
            restored = own_cell(answers[place])  # the cell of imports, say, with one more
        elif place in answers and is_plain_text(cell) and answers[place].source != cell.source:
            # the student may have answered there
            extra.setdefault(place, []).insert(0, own_cell(answers[place]))
        cells += [*last, restored]
        last = extra.get(place, [])
    cells += last
    notebook = nbformat.from_dict(released)
    notebook.cells = cells
    for number, cell in enumerate(cells):
        is_deleted = any(cell is other for other in deleted)
        cell.id = f"{DELETED if is_deleted else 'cell-'}{number}"
    return notebook, notes


def match(released: NotebookNode, submitted: NotebookNode) -> list[int | None]:
    """Return for each submitted cell the place of the released cell that it is, or None.

    Cells with a grade id are known by it. The others, which nbgrader does not know, are known by
    the id of the cell, or by being exactly as they were.
    """
    graded = {grade_id_of(cell): place for place, cell in enumerate(released.cells)}
    graded.pop("", None)
    plain = {place: cell for place, cell in enumerate(released.cells) if not grade_id_of(cell)}
    by_id = {cell.get("id"): place for place, cell in plain.items() if cell.get("id")}
    by_source: dict[tuple[str, str], list[int]] = {}
    for place, cell in plain.items():
        by_source.setdefault((cell.cell_type, cell.source), []).append(place)
    taken: set[int] = set()
    places: list[int | None] = []
    for cell in submitted.cells:
        place = graded.get(cell.grade_id) if cell.grade_id else by_id.get(cell.id)
        if place in plain and plain[place].cell_type != cell.cell_type:
            place = None  # a text that was made into code is a cell of the student's own
        if place is None and not cell.grade_id:
            same = by_source.get((cell.cell_type, cell.source), [])
            place = next((place for place in same if place not in taken), None)
        if place in taken and place in plain:
            place = None
        if place is not None:
            taken.add(place)
        places.append(place)
    return places


def fill_in(restored: NotebookNode, answer: NotebookNode) -> None:
    """Put a student's answer into the released cell; its type stays what it was."""
    unchanged = restored.source == answer.source
    restored.source = answer.source
    if restored.cell_type == "markdown" and not unchanged:
        write_text(restored, answer)


def own_cell(cell: NotebookNode) -> NotebookNode:
    """Return a cell of the student's own, without anything that could act in a page."""
    if cell.cell_type == "code":
        return nbformat.v4.new_code_cell(cell.source)
    # a raw cell would go into the page as it is
    return write_text(nbformat.v4.new_markdown_cell(), cell)


def write_text(target: NotebookNode, cell: NotebookNode) -> NotebookNode:
    """Put text of a student's, with the pictures in it, into a cell, and return that."""
    text, attachments = with_pictures(cell.source, cell.attachments)
    target.source = inert_markdown(text, len(attachments))
    if attachments:
        target.attachments = NotebookNode(attachments)
    return target


def files_beside(
    folder: Path, notebooks: Collection[Path] = ()
) -> tuple[dict[str, bytes], list[str]]:
    """Return the other files of a submission, and the names of those that were left out.

    What lies below a path that is a notebook's is no other file, and where the feedback on a
    notebook will be written nothing else can be.
    """
    pages = [notebook.with_suffix(".html") for notebook in notebooks]
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    size = 0
    # what lies beside the notebook counts more than what lies in folders of folders
    for path in sorted(every_file(folder), key=lambda file: (len(file.parts), file)):
        name = str(PurePosixPath(path.relative_to(folder)))
        if name in NBGRADERS or any(path.is_relative_to(one) for one in notebooks):
            continue
        is_page = any(path.is_relative_to(page) for page in pages)
        try:
            # a name that is no text could be no key of anything
            fits = len(name.encode()) <= LONGEST_NAME and not is_page
            content = read_regular_file(path, LARGEST_BESIDE, folder) if fits else None
        except (UnreadableError, UnicodeEncodeError):
            content = None
        if content is not None and path.suffix == ".ipynb" and b'"grade_id"' in content:
            content = None  # another copy of an assignment, which a person may want to know of
        if content is None or len(files) >= MOST_FILES or size + len(content) > MOST_BESIDE:
            shown = (name if name.isprintable() else repr(name))[:LONGEST_NAME]
            left_out.append(shown + said_of_no_file(path))
            continue
        size += len(content)
        files[name] = content
    return files, left_out


def said_of_no_file(path: Path) -> str:
    """Return what stands at a path, in brackets, if it is no file."""
    try:
        kind = kind_of(path.lstat().st_mode)
    except OSError:
        return ""
    return "" if kind == "file" else f" ({kind})"


def every_file(folder: Path) -> list[Path]:
    """Return the files below a folder, without following links to other folders."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(Path(parent, name))]
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        if len(Path(parent).parts) - len(folder.parts) >= DEEPEST:
            folders.clear()
        found += [Path(parent, name) for name in (*names, *links)]
        if len(found) > 10 * MOST_FILES:
            break
    return found


def grade_ids(notebook: NotebookNode) -> set[str]:
    """Return the grade ids of a notebook's cells."""
    return {grade_id_of(cell) for cell in notebook.cells} - {""}


def grade_id_of(cell: NotebookNode) -> str:
    """Return the name by which nbgrader knows a cell, or "" for one that it does not know."""
    if "grade_id" in cell:
        return cell.grade_id
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")


def takes_answer(cell: NotebookNode) -> bool:
    """Say whether a released cell is the student's to fill in."""
    nbgrader = cell.get("metadata", {}).get("nbgrader", {})
    return bool(nbgrader.get("solution") or nbgrader.get("task"))


def is_plain_text(cell: NotebookNode) -> bool:
    """Say whether a released cell is text that is nobody's answer."""
    return cell.cell_type != "code" and not grade_id_of(cell)


def is_plain_code(cell: NotebookNode) -> bool:
    """Say whether a released cell is code that nbgrader does not protect."""
    return cell.cell_type == "code" and not grade_id_of(cell)
