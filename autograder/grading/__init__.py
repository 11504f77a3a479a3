"""Grading: a submitted file comes in, runs, is judged, and becomes a row of the gradebook."""
