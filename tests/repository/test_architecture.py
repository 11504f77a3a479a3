"""What ARCHITECTURE.md and CONTRIBUTING.md name exists, and imports point as they say."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md")
PROJECT = ("autograder", "benchmarks", "chapters", "setup", "solutions", "tests")
# a file or folder, and perhaps the name of what is defined there: `a/b.py:Class.method`
NAMED = re.compile(
    r"(?<![\w./-])((?:[\w.-]+/)+(?:[\w-]+\.\w+)?|[\w-]+\.(?:cff|ipynb|lock|md|py|toml|yml))"
    r"(?::([A-Za-z_][\w.]*))?"
)
MAKE = re.compile(r"\bmake ([a-z]+(?:-[a-z]+)*)")
ROW = re.compile(r"^\| `([\w/]+/)` \|(.*)\|$", re.MULTILINE)


def text_of(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


def code_in(text: str) -> Iterator[str]:
    """Give what stands between backticks, in the text and in blocks."""
    yield from re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`]+)`", outside)


def named_in(text: str) -> set[tuple[str, str]]:
    """Give each path that a text names, and what is said to be defined there or ""."""
    return {
        (path, name.rstrip(".")) for code in code_in(text) for path, name in NAMED.findall(code)
    }


def defined_in(file: Path) -> set[str]:
    """Give the names that a module defines, a class's own as `Class.name`."""
    names = set()
    for node in ast.parse(file.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{own.name}" for own in node.body if hasattr(own, "name")}
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def matches(path: str) -> list[Path]:
    """Give what a path stands for, with any name in the place of a word in capitals."""
    return list(ROOT.glob(re.sub(r"\b[A-Z]+\b(?!\.md)", "*", path.rstrip("/"))))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists_and_defines_what_is_said(document):
    named = named_in(text_of(document))
    assert len(named) > 15
    for path, name in sorted(named):
        assert matches(path), path
        assert not name or name in defined_in(ROOT / path), f"{path}:{name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_that_is_named_is_a_target(document):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {name for code in code_in(text_of(document)) for name in MAKE.findall(code)} <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_is_run_exists(document):
    for code in code_in(text_of(document)):
        for module in re.findall(r"python -m ([\w.]+)", code):
            assert importlib.util.find_spec(module) is not None, module


@pytest.mark.parametrize("document", ["README.md", *DOCUMENTS])
def test_every_link_leads_to_a_file(document):
    links = set(re.findall(r"\]\(([^)#:]+)\)", text_of(document)))
    assert {link for link in links if not (ROOT / link).exists()} == set()


def rooms() -> dict[str, set[str]]:
    """Give the rooms by their folders, each with those that it may import from."""
    rows = ROW.findall(text_of("ARCHITECTURE.md"))
    return {room: set(re.findall(r"`([\w/]+)`", others)) for room, others in rows}


def room_of(path: str) -> str:
    """Give the innermost room in which a file lies, or ""."""
    return max((room for room in rooms() if path.startswith(room)), key=len, default="")


def imported_rooms(file: Path) -> Iterator[str]:
    """Give the rooms of what a file imports, and the file's own name for what is in none."""
    package = ".".join(file.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            modules = [f"{source}.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            if module.partition(".")[0] in PROJECT:
                path = module.replace(".", "/")
                yield room_of(f"{path}/") or path


def test_the_cells_of_a_chapter_import_nothing_of_the_project_but_the_reference():
    pages = sorted((ROOT / "chapters").glob("*.md"))
    text = "\n".join(page.read_text("utf-8") for page in pages)
    imported = re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)
    assert set(imported) & set(PROJECT) == {"solutions"}
    assert "figures" in imported


def test_an_exercise_imports_nothing_of_the_project_but_what_checks():
    for notebook in sorted((ROOT / "exercises").rglob("*.ipynb")):
        lines = re.findall(r'"((?:from|import) (\w+)[^"]*)"', notebook.read_text("utf-8"))
        own = {line.removesuffix("\\n") for line, package in lines if package in PROJECT}
        assert own == {"from autograder.checking import check, check_all"}, notebook.name


def test_every_room_of_the_code_has_a_row():
    with_code = {
        f"{file.parent.relative_to(ROOT).as_posix()}/"
        for name in ("autograder", "solutions")
        for file in (ROOT / name).rglob("*.py")
    }
    without = {folder for folder in with_code if not room_of(folder)}
    assert without == {"autograder/"}  # the command line and its one exception


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_from_those_beside_it(room):
    alone = room in ("solutions/", "autograder/checking/", "autograder/grading/inside/")
    of_all = set() if alone or room.startswith("solutions") else {"autograder/errors/UserError"}
    found = {}
    for file in sorted((ROOT / room).rglob("*.py")):
        path = file.relative_to(ROOT).as_posix()
        if room_of(path) == room:
            for other in imported_rooms(file):
                found.setdefault(other, path)
    assert found, "the room has no code"
    seen = found.keys() - {room}
    allowed = rooms()[room]
    extra = {other: found[other] for other in seen - allowed - of_all}
    assert not extra, f"imported against ARCHITECTURE.md: {extra}"
    assert allowed <= seen, f"ARCHITECTURE.md allows what nobody imports: {allowed - seen}"
