"""Looks in a student's source for calls that do the exercise in one line.

Nothing is subtracted for them: source can be read in many ways, and a person decides.
"""

import ast
import re

MOST = 20  # that are reported of one answer
MOST_SOURCE = 600_000  # characters; a syntax tree takes up to a thousand times as many bytes
LONGEST = 120
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.M)


def forbidden_calls(source: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return what in the source uses a forbidden name, with its line.

    A name counts where it is an attribute (`torch.softmax`), is imported (`from torch import
    softmax`) or is written out as text (`getattr(torch, "softmax")`). The student's own function
    may have the same name. Lines of IPython's own (`%time`, `!ls`) are skipped.
    """
    if not forbidden:
        return []
    if len(source) > MOST_SOURCE:
        return [f"{len(source):,} characters of source are too many to look through"]
    tree = _parsed(source) or _parsed(MAGIC.sub(r"\1pass", source))
    if tree is None:
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call):
            constants = [argument for argument in node.args if isinstance(argument, ast.Constant)]
            names = [constant.value for constant in constants if type(constant.value) is str]
        else:
            continue
        used = set(names) & set(forbidden)
        if used:
            found.append(f"line {node.lineno} uses {_in_words(node) or min(used)}")
        if len(found) == MOST:
            break
    return found


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _in_words(node: ast.AST) -> str:
    """Return the source of a node, or "" where it is nested too deeply to be written out."""
    try:
        return ast.unparse(node)[:LONGEST]
    except RecursionError:
        return ""
