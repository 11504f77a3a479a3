"""Where the `nbgrader_config.py` of a course folder made earlier looks for `configure`."""

from autograder.course.configuration import configure

__all__ = ["configure"]
