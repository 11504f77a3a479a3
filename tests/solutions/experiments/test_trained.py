"""What is shipped is what today's code makes: a training begins as it did, and measures as it did.

A mismatch means that the code does something else now. If it should, `make train NAME` makes the
results anew.
"""

import json
import math

import pytest

from solutions.experiments.anew import beginning, measured, trainings
from solutions.materials.checkpoints import (
    SHIPPED,
    as_json,
    record_of,
    trained,
    weights_hash,
)

TRAININGS = trainings()
BEGINNINGS = [(training, name) for training in TRAININGS for name in training.beginnings]
MEASURED = [training for training in TRAININGS if training.measure]
# Sums of float32 come in another order on other processors; over eight updates this grows to some
# 1e-5 of a loss. Whoever changes a rate or a measure changes far more.
RELATIVE, ABSOLUTE = 5e-4, 1e-5
MOST_MEGABYTES = 25


def named(value):
    return getattr(value, "name", value)


def differences(now, then, place=""):
    """Give the places at which two records differ by more than the tolerance."""
    if isinstance(then, dict):
        if not isinstance(now, dict) or now.keys() != then.keys():
            return [f"{place}: other entries"]
        parts = [(f"{place}.{key}", now[key], then[key]) for key in then]
    elif isinstance(then, list):
        if not isinstance(now, list) or len(now) != len(then):
            return [f"{place}: another length"]
        if then and all(isinstance(item, bool) for item in then):  # an answer may tip over
            other = sum(one != two for one, two in zip(now, then, strict=True))
            return [f"{place}: {other} of {len(then)} differ"] if other > len(then) / 50 else []
        parts = [(f"{place}[{i}]", now[i], then[i]) for i in range(len(then))]
    elif isinstance(then, float) and isinstance(now, float):
        close = math.isclose(now, then, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        return [] if close else [f"{place}: {now} instead of {then}"]
    else:
        return [] if now == then else [f"{place}: {now!r} instead of {then!r}"]
    return [found for part in parts for found in differences(part[1], part[2], part[0])]


@pytest.mark.parametrize("training", TRAININGS, ids=named)
def test_it_was_made_with_these_settings_and_all_runs_are_there(training):
    shipped = record_of(training)
    assert list(shipped["runs"]) == list(training.runs)
    assert shipped["weights"] == weights_hash(training), training.command


@pytest.mark.parametrize(("training", "name"), BEGINNINGS, ids=named)
def test_a_training_begins_as_it_did(training, name):
    then = record_of(training)["beginnings"][name]
    found = differences(as_json(beginning(training, name)), then)
    assert not found, f"{training.command}: {'; '.join(found[:3])}"


@pytest.mark.parametrize("training", MEASURED, ids=named)
def test_the_shipped_weights_measure_what_is_recorded(training):
    for run, checkpoint in trained(training).items():
        then = record_of(training)["runs"][run]["measured"]
        found = differences(as_json(measured(training, run, checkpoint)), then, run)
        assert not found, f"{training.command}: {'; '.join(found[:3])}"
        assert bool(then) == bool(checkpoint.tensors)


def test_nothing_is_shipped_that_no_training_makes_and_all_of_it_is_small():
    names = {training.name for training in TRAININGS}
    assert {path.stem for path in SHIPPED.iterdir()} == names
    size = sum(path.stat().st_size for path in SHIPPED.iterdir())
    assert size < MOST_MEGABYTES * 1e6


def test_a_difference_is_seen_where_it_is():
    then = {"losses": [2.0, 1.0], "right": [True] * 100}
    assert differences(json.loads(json.dumps(then)), then) == []
    assert differences({**then, "losses": [2.0, 1.002]}, then) == [
        ".losses[1]: 1.002 instead of 1.0"
    ]
    assert differences({**then, "right": [True] * 97 + [False] * 3}, then)
    assert differences({**then, "losses": [2.0]}, then) == [".losses: another length"]
