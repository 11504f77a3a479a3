"""What holds for the tests of all specs."""

from collections.abc import Iterator

import pytest

from autograder.checking.one_thread import one_thread


@pytest.fixture(autouse=True)
def _on_one_thread() -> Iterator[None]:
    """Compute on one thread, as in a notebook and while grading, if a test says nothing else."""
    with one_thread():
        yield
