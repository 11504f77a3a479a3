"""How much one submission may use."""

from dataclasses import dataclass

MB = 2**20


@dataclass(frozen=True)
class Limits:
    """How much one submission may use. Seconds are of the clock on the wall, sizes are bytes."""

    cell_seconds: float = 30.0
    notebook_seconds: float = 300.0  # all cells, and all that is run again after a crash
    memory: int = 2048 * MB  # beyond what every child starts with
    disk: int = 128 * MB  # everything it writes: /tmp, its folder, shared memory
    files: int = 4096
    open_files: int = 256
    processes: int = 192  # threads count too: as many as the cores of a large machine
    output: int = 1 * MB  # text of one cell
    images: int = 8 * MB  # pictures of one cell
