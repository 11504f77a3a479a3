"""Looks in a student's source for calls that do the exercise in one line.

Nothing is subtracted for them: source can be read in many ways, and a person decides.
"""

import ast


def forbidden_calls(source: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return what in the source uses a forbidden name, with its line.

    A name counts where it is an attribute (`torch.softmax`), is imported (`from torch import
    softmax`) or is written out as text (`getattr(torch, "softmax")`). The student's own function
    may have the same name.
    """
    if not forbidden:
        return []
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names, text = [node.attr], ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            names, text = [alias.name for alias in node.names], ast.unparse(node)
        elif isinstance(node, ast.Call):
            constants = [argument for argument in node.args if isinstance(argument, ast.Constant)]
            names, text = [str(constant.value) for constant in constants], ast.unparse(node)
        else:
            continue
        if set(names) & set(forbidden):
            found.append(f"line {node.lineno} uses {text[:120]}")
    return found
