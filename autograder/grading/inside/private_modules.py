"""Keeps the modules that serve the grader apart from those that a student's code can name.

Both run in one process, so this is no wall: who looks for these modules finds them, and gains no
more than saying something wrong. It is for code that changes a module for purposes of its own, and
should not lose every later exercise by that.
"""

import sys
from types import ModuleType

OWN = "autograder"
SHARED = ("builtins", "sys", "tempfile")  # in which something is set for all


def keep_apart() -> None:
    """Let the modules of this program use copies of all others, and later imports find copies.

    A copy has the same functions and classes under the same names; setting a name in one does not
    reach the other.
    """
    own = {name: module for name, module in sys.modules.items() if name.split(".")[0] == OWN}
    for_students = {id(module): copied(module) for module in own.values()}
    for name, module in own.items():
        found = sys.modules[name] = for_students[id(module)]
        for key, value in vars(module).items():
            setattr(found, key, for_students.get(id(value), value))
    for_ourselves: dict[str, ModuleType] = {}
    for module in own.values():
        for key, value in list(vars(module).items()):
            if isinstance(value, ModuleType) and id(value) not in for_students:
                name = value.__name__
                if name not in SHARED:
                    setattr(module, key, for_ourselves.setdefault(name, copied(value)))


def copied(module: ModuleType) -> ModuleType:
    """Return another module with the same content."""
    copy = ModuleType(module.__name__)
    vars(copy).update(vars(module))
    return copy
