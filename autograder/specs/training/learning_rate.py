"""What `training.learning_rate` accepts."""

import math

import torch

from autograder.spec import Call, Draw, Exercise, Part
from solutions import training as reference


def warming_up(draw: Draw) -> list[Call]:
    peak = draw.integer(2, 90) / 100
    warmup = draw.integer(5, 9)
    total = warmup + draw.integer(20, 40)
    middle = draw.integer(1, warmup - 2)
    return [
        Call((0, 0.5, 4, 20), tries="step 0 of a warm-up of 4 steps: a quarter of the peak"),
        Call((3, 0.5, 4, 20), tries="the last step of the warm-up"),
        Call((4, 0.5, 4, 20), tries="the first step after it"),
        Call((0, peak, warmup, total), tries="step 0"),
        Call((middle, peak, warmup, total), tries="a step on the way up"),
        Call((0, peak, warmup, total, peak / 3), tries="a warm-up knows no floor"),
        Call((middle, peak, warmup, total, peak / 3), tries="on the way up, with a floor"),
        Call((0, peak, 1, total), tries="a warm-up of one step"),
    ]


def coming_down(draw: Draw) -> list[Call]:
    peak = draw.integer(20, 90) / 100
    warmup = draw.integer(5, 9)
    length = 2 * draw.integer(10, 20)
    total = warmup + length
    floor = peak / draw.integer(4, 9)
    quarter, late = warmup + length // 4, warmup + draw.integer(length // 2 + 1, length * 4 // 5)
    return [
        Call((warmup + length // 2, peak, warmup, total), tries="half way down"),
        Call((quarter, peak, warmup, total), tries="a quarter of the way down"),
        Call((late, peak, warmup, total), {"floor": 0.0}, "late on the way down"),
        Call((warmup + length // 2, peak, warmup, total, floor), tries="half way down to a floor"),
        Call((quarter, peak, warmup, total, floor), tries="a quarter of the way down to a floor"),
        Call((late, peak, warmup, total), {"floor": floor}, "late on the way to a floor"),
        Call((total - 1, peak, warmup, total, floor), tries="the step before the floor"),
        Call((warmup, peak, warmup, total, floor), tries="the first step after the warm-up"),
    ]


def at_the_ends(draw: Draw) -> list[Call]:
    peak = draw.integer(20, 90) / 100
    warmup, length = draw.integer(3, 8), draw.integer(12, 30)
    total, floor = warmup + length, peak / draw.integer(3, 8)
    # exactly 0 is never expected: a cosine written another way comes only close to it
    return [
        Call((total, peak, warmup, total, floor), tries="step `total_steps`"),
        Call((total + 1, peak, warmup, total, floor), tries="the step after `total_steps`"),
        Call((total + length, peak, warmup, total, floor), tries="long after the end"),
        Call((total + 2 * length, peak, warmup, total, floor), tries="even longer after the end"),
        Call((0, peak, 0, length, floor), tries="step 0 without a warm-up"),
        Call((1, peak, 0, length), tries="step 1 without a warm-up"),
        Call((length // 3, peak, 0, length), tries="a later step without a warm-up"),
        Call((1, peak, 0, 1, floor), tries="the end of a single step"),
    ]


def impossible_schedules(draw: Draw) -> list[Call]:
    total = draw.integer(10, 30)
    return [
        Call((0, 0.1, total, total), tries="a warm-up as long as everything"),
        Call((5, 0.1, total + draw.integer(1, 9), total), tries="a warm-up longer than that"),
        Call((5, 0.1, total - 1, total), tries="a warm-up of all steps but one"),
        Call((0, 0.1, -draw.integer(1, 5), total), tries="a warm-up of less than no step"),
    ]


learning_rate = Exercise(
    "training.learning_rate",
    parts=[
        Part("warm-up", 1, warming_up, public=True),
        Part("cosine", 1, coming_down, public=True),
        Part("the ends", 0.5, at_the_ends),
        Part("impossible schedules", 0.5, impossible_schedules),
    ],
    forbidden=("CosineAnnealingLR", "LinearLR", "SequentialLR", "LambdaLR"),
)


def schedule(step, peak, warmup_steps, total_steps, floor, rise, fall):
    """Give `rise(step)` in the warm-up and `fall(progress)` after it, refusing what must be."""
    if not 0 <= warmup_steps < total_steps:
        raise ValueError("no room for a cosine")
    if step < warmup_steps:
        return rise(step)
    return fall(min(1.0, (step - warmup_steps) / (total_steps - warmup_steps)))


def half_cosine(progress: float) -> float:
    """Fall from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * progress))


@learning_rate.misconception(
    "The warm-up starts at 0, so step 0 teaches nothing. Steps count from 0: step 0 gets "
    "peak / warmup_steps, and the last step of the warm-up gets the peak."
)
def rate_from_zero(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * step / warmup_steps,
        lambda progress: floor + (peak - floor) * half_cosine(progress),
    )


@learning_rate.misconception(
    "The warm-up rises from the floor. It rises as if from 0, by peak / warmup_steps each step; "
    "the floor belongs to the cosine."
)
def rate_warms_up_from_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: floor + (peak - floor) * (step + 1) / warmup_steps,
        lambda progress: floor + (peak - floor) * half_cosine(progress),
    )


@learning_rate.misconception(
    "The way down is measured from step 0. It begins after the warm-up: progress is "
    "(step - warmup_steps) / (total_steps - warmup_steps)."
)
def rate_counts_the_warm_up(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda _: floor + (peak - floor) * half_cosine(min(1.0, step / total_steps)),
    )


@learning_rate.misconception(
    "The way down is `total_steps` long. The warm-up is part of the total, so total_steps - "
    "warmup_steps are left for the cosine."
)
def rate_falls_for_too_long(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda _: (
            floor + (peak - floor) * half_cosine(min(1.0, (step - warmup_steps) / total_steps))
        ),
    )


@learning_rate.misconception(
    "A cosine goes on: after `total_steps` the rate rises again. It has to stay at the floor, so "
    "progress may not exceed 1."
)
def rate_rises_again(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda _: (
            floor
            + (peak - floor) * half_cosine((step - warmup_steps) / (total_steps - warmup_steps))
        ),
    )


@learning_rate.misconception(
    "The floor is added to a cosine that falls from the peak to 0, so the rate starts above the "
    "peak. The cosine spans peak - floor."
)
def rate_above_the_peak(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: floor + peak * half_cosine(progress),
    )


@learning_rate.misconception(
    "The rate falls to 0 and is cut off at the floor. The cosine itself ends at the floor: "
    "floor + (peak - floor) · (1 + cos) / 2."
)
def rate_cut_off_at_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: max(floor, peak * half_cosine(progress)),
    )


@learning_rate.misconception("The floor is not used: 0 is only its default.")
def rate_without_a_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return reference.learning_rate(step, peak, warmup_steps, total_steps)


@learning_rate.misconception("The rate falls in a straight line; half a cosine is asked for.")
def rate_in_a_straight_line(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: peak + (floor - peak) * progress,
    )


@learning_rate.misconception(
    "This is a quarter of a cosine, cos(π/2 · progress). Half a cosine is (1 + cos(π · progress)) "
    "/ 2: flat at both ends."
)
def rate_by_a_quarter_of_a_cosine(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: floor + (peak - floor) * math.cos(math.pi / 2 * progress),
    )


@learning_rate.misconception("Warm-ups that leave no step for the cosine raise no ValueError.")
def rate_of_any_schedule(step, peak, warmup_steps, total_steps, floor=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return floor
    return floor + (peak - floor) * half_cosine(
        (step - warmup_steps) / (total_steps - warmup_steps)
    )


@learning_rate.alternative
def rate_case_by_case(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps < 0:
        raise ValueError("warmup_steps is negative")
    if warmup_steps >= total_steps:
        raise ValueError("the warm-up is too long")
    if step + 1 <= warmup_steps:
        return (step + 1) / warmup_steps * peak
    if step >= total_steps:
        return floor
    share = (step - warmup_steps) / (total_steps - warmup_steps)
    return (peak + floor) / 2 + (peak - floor) / 2 * math.cos(share * math.pi)


@learning_rate.alternative
def rate_by_the_half_angle(step, peak, warmup_steps, total_steps, floor=0.0):
    if total_steps <= warmup_steps or warmup_steps < 0:
        raise ValueError
    if step < warmup_steps:
        return peak / warmup_steps * (step + 1)
    progress = min(step - warmup_steps, total_steps - warmup_steps) / (total_steps - warmup_steps)
    return floor + (peak - floor) * math.cos(progress * math.pi / 2) ** 2


@learning_rate.alternative
def rate_in_float32(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return torch.linspace(peak / warmup_steps, peak, warmup_steps)[step]
    progress = torch.tensor((step - warmup_steps) / (total_steps - warmup_steps)).clamp(max=1)
    return floor + (peak - floor) * (1 + torch.cos(torch.pi * progress)) / 2
