"""Where the `nbgrader_config.py` of course folders made by earlier versions looks for `configure`."""

from autograder.course.configuration import configure

__all__ = ["configure"]
