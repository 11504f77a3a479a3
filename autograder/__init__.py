"""Checks solutions: in a student's notebook, and for grades."""
