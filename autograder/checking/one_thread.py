"""One thread for PyTorch, for a while.

On tensors as small as those of the exercises several threads spend their time waiting for each
other; and the last digits of a sum depend on how many there are.
"""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one thread, and afterwards on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
