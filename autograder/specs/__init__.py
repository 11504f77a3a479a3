"""What the exercises accept: a folder for each module of `solutions`, a file for each exercise.

An exercise stands in the file, and there under the name, of its function. What several exercises
of a module share stands beside them.
"""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Sequence

from autograder.spec.exercise import Exercise


class UnknownExerciseError(LookupError):
    """No spec has an exercise of that name; the message names the nearest one."""


def module_names() -> list[str]:
    """Return the modules that have specs, such as `attention`."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def exercises(module: str) -> list[Exercise]:
    """Return the exercises of one module, in the order in which `solutions` defines them."""
    found = [exercise for name in _files(module) if (exercise := _exercise(module, name))]
    defined = list(vars(importlib.import_module(f"solutions.{module}")))
    return sorted(found, key=lambda exercise: defined.index(exercise.name))


@functools.cache
def find(identifier: str) -> Exercise:
    """Return the exercise with an identifier such as `attention.causal_mask`.

    Raises:
        UnknownExerciseError: there is none.
    """
    module, _, name = identifier.rpartition(".")
    if module in module_names() and name in _files(module) and (found := _exercise(module, name)):
        return found
    known = [exercise.identifier for each in module_names() for exercise in exercises(each)]
    raise UnknownExerciseError(unknown(identifier, known))


def _files(module: str) -> set[str]:
    folder = importlib.import_module(f"{__name__}.{module}")
    return {file.name for file in pkgutil.iter_modules(folder.__path__)}


def _exercise(module: str, name: str) -> Exercise | None:
    """Return the exercise in a file, or None if it holds what exercises share."""
    found = getattr(importlib.import_module(f"{__name__}.{module}.{name}"), name, None)
    return found if isinstance(found, Exercise) else None


def unknown(identifier: str, known: Sequence[str]) -> str:
    """Say that an exercise is unknown, and which one may be meant."""
    near = difflib.get_close_matches(identifier, known, n=1, cutoff=0.4)
    return f"there is no exercise {identifier!r}" + (f"; do you mean {near[0]!r}?" if near else "")
