"""The course's code beside somebody else's, measured in one run: `python -m benchmarks.NAME`."""
