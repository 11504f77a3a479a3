"""Which files say what an exercise accepts: its spec, its reference, and what they import."""

import ast
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("autograder.specs", "solutions")


@functools.cache
def source_files(identifier: str) -> frozenset[Path]:
    """Return the files, of `autograder/specs` and `solutions`, that an exercise depends on.

    What all exercises have in common, such as the vocabulary of specs, is not among them.
    """
    module = identifier.rpartition(".")[0]
    waiting = [f"autograder.specs.{identifier}", f"solutions.{module}"]
    seen: set[str] = set()
    files: set[Path] = set()
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if name in seen or file is None:
            continue
        seen.add(name)
        files.add(file)
        waiting += [name.rpartition(".")[0], *_imported(name, file)]
    return frozenset(files)


def _file(module: str) -> Path | None:
    """Return the file of a module in one of the rooms, or None if it is none."""
    if not any(module == room or module.startswith(f"{room}.") for room in ROOMS):
        return None
    path = PROJECT.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _imported(module: str, file: Path) -> Iterator[str]:
    """Name the modules that a module imports; some of the names are of what stands in a module."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:
        return  # whoever loads it says so
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            source = importlib.util.resolve_name(relative, package)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)
