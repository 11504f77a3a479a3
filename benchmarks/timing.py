"""How two ways of doing the same thing are timed side by side."""

import statistics
import time
from collections.abc import Callable, Mapping


def medians(
    ways: Mapping[str, Callable[[], object]], repeats: int = 15, seconds: float = 0.05
) -> dict[str, float]:
    """Time each way `repeats` times, in turns, and return the median seconds of one call.

    In turns, since a machine that slows down then slows down for all of them. A quick call is
    repeated within a turn until the turn lasts `seconds`.
    """
    calls = {}
    for name, way in ways.items():
        way()  # the first call pays for what later ones find ready
        began = time.perf_counter()
        way()
        calls[name] = max(1, round(seconds / (time.perf_counter() - began)))
    taken = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(calls[name]):
                way()
            taken[name].append((time.perf_counter() - began) / calls[name])
    return {name: statistics.median(times) for name, times in taken.items()}


def report(name: str, ratio: float, goal: float) -> None:
    """Print the line a benchmark ends in; a larger ratio is better, and `goal` is to be reached."""
    print(f"{name} ratio {ratio:.2f} (goal {goal:g})")
