"""Where the `nbgrader_config.py` of a course folder made earlier looks for `configure`."""

from autograder.grading.configuration import configure

__all__ = ["configure"]
