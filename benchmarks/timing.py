"""How two ways of doing the same thing are timed side by side."""

import statistics
import time
from collections.abc import Callable, Mapping

Way = Callable[[], object]


def in_turns(
    ways: Mapping[str, Way], repeats: int = 15, seconds: float = 0.05
) -> dict[str, list[float]]:
    """Time each way once a turn, and return the seconds of one call, turn by turn.

    Within a turn all run under nearly the same load, so a machine that slows down halfway favors
    none. The order is reversed from turn to turn. A quick call is repeated within its turn until
    it has taken `seconds`.
    """
    calls = {name: _calls(way, seconds) for name, way in ways.items()}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    for _ in range(repeats):
        for name in order:
            began = time.perf_counter()
            for _ in range(calls[name]):
                ways[name]()
            taken[name].append((time.perf_counter() - began) / calls[name])
        order.reverse()
    return taken


def medians(ways: Mapping[str, Way], repeats: int = 15, seconds: float = 0.05) -> dict[str, float]:
    """Return the median seconds of one call of each way, timed as `in_turns` does."""
    taken = in_turns(ways, repeats, seconds)
    return {name: statistics.median(times) for name, times in taken.items()}


def speed_ratio(ours: list[float], theirs: list[float]) -> float:
    """Return how many times as fast ours is: the median of the turns' ratios."""
    return statistics.median(slow / fast for fast, slow in zip(ours, theirs, strict=True))


def report(name: str, ratio: float, goal: float) -> None:
    """Print the line a benchmark ends in; a larger ratio is better, and `goal` is to be reached."""
    print(f"{name} ratio {ratio:.2f} (goal {goal:g})")


def _calls(way: Way, seconds: float) -> int:
    way()  # the first call pays for what later ones find ready
    began = time.perf_counter()
    way()
    return max(1, round(seconds / (time.perf_counter() - began)))
