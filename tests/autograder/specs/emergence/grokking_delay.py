"""Further solutions to `emergence.grokking_delay`, right and wrong."""

import math
from bisect import bisect_left

import numpy as np
import torch

from solutions import emergence as reference


def right__running_maximum(steps, training_accuracy, test_accuracy, threshold=0.95):
    dates = []
    for accuracy in (training_accuracy, test_accuracy):
        best = np.maximum.accumulate(np.array(accuracy)).tolist()
        dates.append(bisect_left(best, threshold))
    if max(dates) >= len(steps):
        return None
    return steps[dates[1]] - steps[dates[0]]


def right__index_of_true(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = [a >= threshold for a in training_accuracy]
    solved = [a >= threshold for a in test_accuracy]
    if True not in trained or True not in solved:
        return None
    return steps[solved.index(True)] - steps[trained.index(True)]


def right__exception(steps, training_accuracy, test_accuracy, threshold=0.95):
    try:
        trained = next(s for s, a in zip(steps, training_accuracy) if a >= threshold)  # noqa: B905
        solved = next(s for s, a in zip(steps, test_accuracy) if a >= threshold)  # noqa: B905
    except StopIteration:
        return None
    return int(solved - trained)


def right__tensors(steps, training_accuracy, test_accuracy, threshold=0.95):
    when = torch.tensor(steps)
    reached = torch.tensor([training_accuracy, test_accuracy], dtype=torch.float64) >= threshold
    if not reached.any(dim=1).all():
        return None
    trained, solved = when[reached.int().argmax(dim=1)]
    return (solved - trained).item()


def wrong__best_accuracy(steps, training_accuracy, test_accuracy, threshold=0.95):
    if max(training_accuracy) < threshold or max(test_accuracy) < threshold:
        return None
    return steps[int(np.argmax(test_accuracy))] - steps[int(np.argmax(training_accuracy))]


def wrong__last_time(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = [s for s, a in zip(steps, training_accuracy, strict=True) if a >= threshold]
    solved = [s for s, a in zip(steps, test_accuracy, strict=True) if a >= threshold]
    return solved[-1] - trained[-1] if trained and solved else None


def wrong__absolute(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return None if delay is None else abs(delay)


def wrong__test_after_training_only(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = next((s for s, a in zip(steps, training_accuracy) if a >= threshold), None)  # noqa: B905
    if trained is None:
        return None
    rest = zip(steps, test_accuracy)  # noqa: B905
    solved = next((s for s, a in rest if a >= threshold and s >= trained), None)
    return None if solved is None else solved - trained


def wrong__date_of_the_test(steps, training_accuracy, test_accuracy, threshold=0.95):
    return next((s for s, a in zip(steps, test_accuracy) if a >= threshold), None)  # noqa: B905


def wrong__minus_one_if_never(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return -1 if delay is None else delay


def wrong__none_if_zero(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold) or None


def wrong__infinite_if_never(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return math.inf if delay is None else delay


def wrong__interpolated(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        for i, a in enumerate(accuracy):
            if a >= threshold:
                if i == 0:
                    return steps[0]
                share = (threshold - accuracy[i - 1]) / (a - accuracy[i - 1])
                return steps[i - 1] + share * (steps[i] - steps[i - 1])
        return None

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained


def wrong__threshold_for_training_is_one(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = next((s for s, a in zip(steps, training_accuracy) if a >= 1), None)  # noqa: B905
    solved = next((s for s, a in zip(steps, test_accuracy) if a >= threshold), None)  # noqa: B905
    return None if trained is None or solved is None else solved - trained


def wrong__count_of_measurements_between(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(
        list(range(len(steps))), training_accuracy, test_accuracy, threshold
    )
    return None if delay is None else delay * (steps[-1] - steps[0]) // max(len(steps) - 1, 1)


def wrong__largest_gap(steps, training_accuracy, test_accuracy, threshold=0.95):
    gaps = [a - b for a, b in zip(training_accuracy, test_accuracy, strict=True)]
    return steps[gaps.index(max(gaps))]


def wrong__steps_below(steps, training_accuracy, test_accuracy, threshold=0.95):
    waiting = [
        s
        for s, a, b in zip(steps, training_accuracy, test_accuracy, strict=True)
        if a >= threshold > b
    ]
    return waiting[-1] - waiting[0] if waiting else None


def wrong__pair_of_dates(steps, training_accuracy, test_accuracy, threshold=0.95):
    return tuple(
        next((s for s, a in zip(steps, accuracy) if a >= threshold), None)  # noqa: B905
        for accuracy in (training_accuracy, test_accuracy)
    )


def wrong__sustained(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        for i in range(len(accuracy)):
            if min(accuracy[i : i + 2]) >= threshold:
                return steps[i]
        return None

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained


def wrong__tolerance(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold - 0.01)
