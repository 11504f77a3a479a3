"""The class: every submission that a file in `submissions/` describes."""

from collections.abc import Callable

import pytest
from case_files import Case, read_cases
from handing_in import exercises

CASES: dict[str, Case] = read_cases()
EVERYTHING = exercises(CASES["everything_right"])


def lost(case: Case) -> set[str]:
    """Return the exercises of a case that must lose points."""
    return named(case, case.verdict.zero) | named(case, case.verdict.partial)


def named(case: Case, said: tuple[str, ...] | str) -> set[str]:
    """Return the exercises that a verdict names."""
    return set(exercises(case) if said == "everything" else said)


def of_each_case(of_those: Callable[[Case], object] = lambda case: True) -> pytest.MarkDecorator:
    """Run a test for each case, or for each of those of which it has something to say."""
    chosen = [case for case in CASES.values() if of_those(case)]
    return pytest.mark.parametrize("case", chosen, ids=[case.name for case in chosen])
