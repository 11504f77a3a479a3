"""Notebooks as students hand them in, made from functions of this project.

The solved notebook exists nowhere; it is derived: the reference, with whatever of its module it
uses, in the place of each stub. A wrong one is made in the same way from a misconception.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any

import nbformat
from nbformat import NotebookNode

PROJECT = ("solutions", "autograder")  # source from these packages is written out, not imported
CHECK = re.compile(r'check\("(?P<identifier>[\w.]+)", (?P<function>\w+)\)')


def exercise_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cell with the student's answer to each exercise that the notebook checks.

    Keys are identifiers such as `attention.causal_mask`, in the order of the notebook.
    """
    answers = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }
    checks = (CHECK.fullmatch(cell.source) for cell in notebook.cells)
    return {check["identifier"]: answers[check["function"]] for check in checks if check}


def filled(notebook: NotebookNode, sources: Mapping[str, str]) -> NotebookNode:
    """Return a copy of the notebook with the given sources in the place of their stubs."""
    notebook = nbformat.from_dict(notebook)
    cells = exercise_cells(notebook)
    for identifier, source in sources.items():
        cells[identifier].source = source
    return notebook


def answer_source(function: Callable, name: str) -> str:
    """Return source that defines `name` as this function does and needs nothing of this project.

    Module-level functions and constants that it uses come before it; what is imported from
    elsewhere is imported again. Where something that comes along is itself called `name`, it gets
    an underscore in front, so that the last definition is the answer.
    """
    definitions: dict[str, str] = {}
    imports: set[str] = set()
    collect(function, definitions, imports)
    answer = definitions.pop(function.__name__)
    sources = [*definitions.values(), answer]
    if function.__name__ != name:
        sources = [renamed(source, name, f"_{name}") for source in sources]
        sources[-1] = renamed(sources[-1], function.__name__, name)
    return "\n\n\n".join(["\n".join(sorted(imports)), *sources]).strip()


def collect(function: FunctionType, definitions: dict[str, str], imports: set[str]) -> None:
    """Add a function's source to `definitions`, after all that it needs."""
    source = function_source(function)
    for name in names_used(function, source):
        module_name, _, attribute = name.rpartition(".")
        scope = vars(function.__globals__[module_name]) if module_name else function.__globals__
        value = scope[attribute]
        if attribute in definitions or value is function:
            continue
        if isinstance(value, FunctionType) and in_project(value):
            collect(value, definitions, imports)
            source = renamed(source, name, value.__name__)
        elif line := import_line(name, value):
            imports.add(line)
        else:
            source = renamed(source, name, attribute)
            definitions[attribute] = f"{attribute} = {value!r}"
    definitions[function.__name__] = source


def function_source(function: FunctionType) -> str:
    """Return the source of a function without its decorators."""
    source = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    return "\n".join(source.splitlines()[definition.lineno - 1 : definition.end_lineno])


def names_used(function: FunctionType, source: str) -> list[str]:
    """Return the names of its module that a function reads.

    What is read from a module of this project comes with a dot: `attention.softmax`.
    """
    nodes = list(ast.walk(ast.parse(source)))
    local = {node.arg for node in nodes if isinstance(node, ast.arg)}
    local |= {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    found = []
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = function.__globals__.get(node.value.id)
            if isinstance(module, ModuleType) and in_project(module) and node.value.id not in local:
                found.append(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Name) and node.id in function.__globals__.keys() - local:
            found.append(node.id)
    modules = {name.partition(".")[0] for name in found if "." in name}
    return [name for name in dict.fromkeys(found) if name not in modules]


def in_project(value: Any) -> bool:
    """Say whether a module or a function is this project's own."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return (name or "").partition(".")[0] in PROJECT


def import_line(name: str, value: Any) -> str | None:
    """Return the line that imports `value` under `name`, or None where there is nothing to."""
    if isinstance(value, ModuleType):
        alias = "" if name == value.__name__ else f" as {name}"
        return f"import {value.__name__}{alias}"
    if callable(value):
        alias = "" if name == value.__name__ else f" as {name}"
        return f"from {value.__module__} import {value.__name__}{alias}"
    return None


def renamed(source: str, old: str, new: str) -> str:
    """Return the source with a name replaced, but not where it is an attribute (`torch.old`)."""
    return re.sub(rf"(?<![\w.]){re.escape(old)}\b", new, source)
