"""What a student installs: `check` and `check_all`, and all that judging needs."""

from autograder.checking.in_notebook import check, check_all

__all__ = ["check", "check_all"]
