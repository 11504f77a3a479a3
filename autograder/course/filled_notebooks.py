"""Notebooks as students hand them in, made from functions of this project.

The solved notebook exists nowhere; it is derived: the reference, with whatever of its module it
uses, in the place of each stub. A wrong one is made in the same way from a misconception.
"""

import ast
import copy
import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

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

    The functions, classes and constants of the project that it uses come before it; what is
    imported from elsewhere is imported again. Where one of them is itself called `name`, it gets
    an underscore in front.
    """
    cell = Copy({(function.__module__, function.__name__): name})
    cell.add(function.__module__, function.__name__)
    return "\n\n\n".join(["\n".join(sorted(cell.imports)), *cell.definitions]).strip()


@dataclass
class Copy:
    """Definitions on their way into a notebook cell, where they cannot import the project.

    `names` says what each is called there, by module and by its name in it.
    """

    names: dict[tuple[str, str], str]
    definitions: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)

    def add(self, module: str, name: str) -> None:
        """Add a definition of a module, after all that it needs."""
        statements = top_level(module)
        node = statements[name]
        if isinstance(node, ast.FunctionDef) and not module.startswith("solutions"):
            node = without_decorators(node)  # those of a spec
        new_names = {used: self.name_of(module, used) for used in names_used(node, module)}
        new_names[name] = self.names[module, name]
        self.definitions.append(rewritten(node, module, new_names))

    def name_of(self, module: str, name: str) -> str:
        """Return what a name of a module is called in the copy, and see to it that it is there."""
        qualifier, _, name = name.rpartition(".")
        if qualifier:
            module = vars(sys.modules[module])[qualifier].__name__
        statement = top_level(module)[name]
        if isinstance(statement, ast.Import | ast.ImportFrom):
            (alias,) = statement.names
            if isinstance(statement, ast.ImportFrom) and in_project(statement.module):
                return self.name_of(statement.module, alias.name)
            self.imports.add(ast.unparse(statement))
            return name
        if (module, name) not in self.names:
            taken = name in self.names.values()
            self.names[module, name] = f"_{name}" if taken else name
            self.add(module, name)
        return self.names[module, name]


@functools.cache
def top_level(module: str) -> dict[str, ast.stmt]:
    """Return the statement that gives each name of a module its meaning; imports one by one."""
    found: dict[str, ast.stmt] = {}
    for statement in ast.parse(inspect.getsource(sys.modules[module])).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = statement
            case ast.Import(names=aliases):
                for alias in aliases:
                    found[alias.asname or alias.name.partition(".")[0]] = ast.Import([alias])
            case ast.ImportFrom(module=source, names=aliases):
                for alias in aliases:
                    found[alias.asname or alias.name] = ast.ImportFrom(source, [alias], 0)
    return found


def names_used(node: ast.stmt, module: str) -> list[str]:
    """Return the names of its module that a statement reads, each once.

    What is read from another module of this project comes with a dot: `attention.softmax`.
    """
    parts = list(ast.walk(node))
    local = {part.arg for part in parts if isinstance(part, ast.arg)}
    local |= {
        part.id
        for part in parts
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    }
    known = top_level(module).keys() - local
    scope = vars(sys.modules[module])
    modules = {name for name in known if isinstance(scope.get(name), ModuleType)}
    modules = {name for name in modules if in_project(scope[name].__name__)}
    names = (dotted_name(part) for part in parts)
    return [
        name
        for name in dict.fromkeys(names)
        if name in known - modules or ("." in name and name.partition(".")[0] in modules)
    ]


def dotted_name(node: ast.AST) -> str:
    """Return `name` or `name.attribute` where a node is that, and else nothing."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return f"{name}.{attribute}"
    return ""


def in_project(module: str | None) -> bool:
    """Say whether a module is this project's own."""
    return (module or "").partition(".")[0] in PROJECT


def without_decorators(node: ast.FunctionDef) -> ast.FunctionDef:
    """Return the same definition undecorated."""
    undecorated = copy.copy(node)
    undecorated.decorator_list = []
    return undecorated


def rewritten(node: ast.stmt, module: str, names: Mapping[str, str]) -> str:
    """Return the text of a statement, with some of its names replaced."""
    decorators = getattr(node, "decorator_list", [])
    first = min(part.lineno for part in [node, *decorators])
    lines = inspect.getsource(sys.modules[module]).splitlines()
    # columns are counted in bytes
    text = [line.encode() for line in lines[first - 1 : node.end_lineno]]
    places = [part for part in ast.walk(node) if names.get(name := dotted_name(part), name) != name]
    for part in sorted(places, key=lambda part: (part.lineno, part.col_offset), reverse=True):
        line, old = text[part.lineno - first], dotted_name(part).encode()
        if line[part.col_offset : part.end_col_offset] != old:
            raise ValueError(f"{module}, line {part.lineno}: cannot replace {old.decode()} here")
        new = names[old.decode()].encode()
        text[part.lineno - first] = line[: part.col_offset] + new + line[part.end_col_offset :]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        line = text[node.lineno - first]
        text[node.lineno - first] = line.replace(node.name.encode(), names[node.name].encode(), 1)
    return b"\n".join(text).decode()
