"""What `emergence.grokking_delay` accepts."""

import numpy as np
import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.emergence.reasons import EQUALLY_LONG
from solutions import emergence as reference


def clear_runs(draw: Draw) -> list[Call]:
    return [
        Call(([0, 100, 200], [0.5, 1.0, 1.0], [0.1, 0.2, 0.99]), tries="test later than training"),
        Call(([0, 100, 200], [0.5, 0.9, 0.97], [0.1, 0.96, 0.99]), tries="the test first"),
        Call(([10, 20, 40], [0.5, 0.6, 0.99], [0.1, 0.2, 0.98]), tries="both at the same step"),
        Call(([0, 10, 50, 300], [0.99, 1.0, 1.0, 1.0], [0.0, 0.1, 0.2, 1.0]), tries="at step 0"),
        Call(([0, 100, 200], [0.5, 1.0, 1.0], [0.1, 0.2, 0.3]), tries="a test never solved"),
    ]


def run(draw: Draw, *, grokked: bool = True) -> tuple[list[int], list[float], list[float]]:
    """Return a run with steps at uneven distances, and accuracies that go up and down."""
    length = draw.integer(8, 14)
    steps = torch.tensor(draw.sizes(length, 1, 60)).cumsum(0).tolist()
    fit, solved = sorted(draw.sizes(2, 1, length - 2))
    train = [0.3 + 0.6 * i / length for i in range(length)]
    test = [0.1 + 0.3 * i / length for i in range(length)]
    train[fit:] = [1.0 if (i - fit) % 3 != 1 else 0.9 for i in range(fit, length)]
    if grokked:
        test[solved:] = [0.99 if (i - solved) % 4 != 1 else 0.5 for i in range(solved, length)]
    return steps, train, test


def any_runs(draw: Draw) -> list[Call]:
    steps, train, test = run(draw)
    return [
        *[Call(run(draw), tries="accuracies that fall again") for _ in range(4)],
        Call((steps, test, train), tries="the test first, and both fall again"),
        Call(
            ([1, 2, 4, 8, 16], [0.2, 0.95, 0.96, 1.0, 1.0], [0.0, 0.1, 0.9499, 0.95, 0.9]),
            tries="exactly the threshold",
        ),
        Call(([5], [1.0], [1.0]), tries="a single measurement"),
        Call(([7, 30], [1.0, 0.2], [0.3, 1.0]), tries="training right at the start only"),
    ]


def never_reached(draw: Draw) -> list[Call]:
    steps, train, test = run(draw, grokked=False)
    return [
        Call(run(draw), tries="both reached"),
        Call((steps, train, test), tries="a test never solved"),
        Call((steps, test, train), tries="a test solved, training data never fitted"),
        Call((steps, test, test), tries="neither reached"),
        Call(([0, 5], [1.0, 1.0], [0.2, 0.9]), tries="trained at step 0, never solved"),
        Call(([0, 5], [0.2, 0.9], [1.0, 1.0]), tries="solved at step 0, never fitted"),
    ]


def other_thresholds(draw: Draw) -> list[Call]:
    steps, train, test = run(draw)
    slow = [i / len(steps) for i in range(len(steps))]
    return [
        Call((steps, train, test, 0.6), tries="threshold 0.6"),
        Call((steps, train, slow), {"threshold": 0.5}, "threshold 0.5, by name"),
        Call(([0, 1, 2], [0.5, 0.99, 1.0], [0.1, 0.99, 1.0], 1.0), tries="threshold 1"),
        Call((steps, train, test, 0.995), tries="a threshold that the test does not reach"),
        Call(([3, 9, 27], [0.0, 0.5, 1.0], [0.0, 0.0, 1.0], 0.5), tries="threshold 0.5"),
    ]


grokking_delay = Exercise(
    "emergence.grokking_delay",
    parts=[
        Part("clear runs", 0.5, clear_runs, Same(), public=True),
        Part("accuracy that falls again", 0.5, any_runs, Same()),
        Part("never reached", 0.5, never_reached, Same()),
        Part("another threshold", 0.5, other_thresholds, Same()),
    ],
    equivalent={
        "zip(steps, accuracy, strict=True) -> zip(steps, accuracy)": EQUALLY_LONG,
        "True -> False in reached = (step for step, a in zip(steps, accuracy, strict=True)"
        " if a >= threshold)": EQUALLY_LONG,
    },
)


def first_step(steps, accuracy, reached):
    return next((step for step, a in zip(steps, accuracy, strict=True) if reached(a)), None)


def delay_by(steps, training_accuracy, test_accuracy, reached):
    trained = first_step(steps, training_accuracy, reached)
    solved = first_step(steps, test_accuracy, reached)
    return None if trained is None or solved is None else solved - trained


@grokking_delay.misconception(
    "Measurements are counted; the delay is a number of training steps, which `steps` tells."
)
def delay_in_measurements(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(range(len(steps)), training_accuracy, test_accuracy, threshold)


@grokking_delay.misconception(
    "Training minus test is the wrong way round: a test that is solved later has a positive delay."
)
def delay_negative(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return None if delay is None else -delay


@grokking_delay.misconception(
    "Step 0 is taken for 'never': in Python 0 counts as False. Ask `is None`."
)
def delay_without_step_zero(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = first_step(steps, training_accuracy, lambda a: a >= threshold)
    solved = first_step(steps, test_accuracy, lambda a: a >= threshold)
    if not trained or not solved:
        return None
    return solved - trained


@grokking_delay.misconception("An accuracy of exactly the threshold has reached it: `>=`, not `>`.")
def delay_above_the_threshold(steps, training_accuracy, test_accuracy, threshold=0.95):
    return delay_by(steps, training_accuracy, test_accuracy, lambda a: a > threshold)


@grokking_delay.misconception(
    "The date is moved when accuracy falls again later; the first measurement that reaches the "
    "threshold counts."
)
def delay_of_the_last_rise(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        since = None
        for step, a in zip(steps, accuracy, strict=True):
            since = None if a < threshold else step if since is None else since
        return since

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained


@grokking_delay.misconception(
    "A threshold that was never reached gives 0 here; there is no delay then, so return None."
)
def delay_zero_if_never(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return 0 if delay is None else delay


@grokking_delay.misconception(
    "A threshold that was never reached counts as reached at the last step, or at the first. There "
    "is no delay then: return None."
)
def delay_to_the_end(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        found = first_step(steps, accuracy, lambda a: a >= threshold)
        return steps[-1] if found is None else found

    return date(test_accuracy) - date(training_accuracy)


@grokking_delay.misconception(
    "A threshold that was never reached counts as reached at the last step, or at the first. There "
    "is no delay then: return None."
)
def delay_by_argmax(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained, solved = (
        int(np.argmax(np.array(accuracy) >= threshold))
        for accuracy in (training_accuracy, test_accuracy)
    )
    return steps[solved] - steps[trained]


@grokking_delay.misconception(
    "A test that is solved before the training data are fitted has a negative delay, not 0 or None."
)
def delay_never_negative(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return delay if delay is None else max(delay, 0)


@grokking_delay.misconception("The argument `threshold` is not used: 0.95 is only its default.")
def delay_at_a_fixed_threshold(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(steps, training_accuracy, test_accuracy)


@grokking_delay.alternative
def delay_by_loops(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = solved = None
    for i in range(len(steps)):
        if trained is None and training_accuracy[i] >= threshold:
            trained = steps[i]
        if solved is None and test_accuracy[i] >= threshold:
            solved = steps[i]
    if trained is None or solved is None:
        return None
    return solved - trained


@grokking_delay.alternative
def delay_by_numpy(steps, training_accuracy, test_accuracy, threshold=0.95):
    places = [
        np.flatnonzero(np.asarray(accuracy) >= threshold)
        for accuracy in (test_accuracy, training_accuracy)
    ]
    if any(len(found) == 0 for found in places):
        return None
    return np.asarray(steps)[places[0][0]] - np.asarray(steps)[places[1][0]]


@grokking_delay.alternative
def delay_by_minimum(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = [s for s, a in zip(steps, training_accuracy, strict=True) if not a < threshold]
    solved = [s for s, a in zip(steps, test_accuracy, strict=True) if not a < threshold]
    return min(solved) - min(trained) if trained and solved else None
