"""Further solutions to `training.learning_rate`, right and wrong."""

import math

import numpy as np

from solutions import training as reference


def right__as_in_nanogpt(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps < 0 or warmup_steps >= total_steps:
        raise ValueError("bad schedule")
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step > total_steps:
        return floor
    ratio = (step - warmup_steps) / (total_steps - warmup_steps)
    return floor + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (peak - floor)


def right__numpy(step, peak, warmup_steps, total_steps, floor=0.0):
    if not (warmup_steps >= 0 and warmup_steps < total_steps):
        raise ValueError("bad schedule")
    if step < warmup_steps:
        return np.linspace(0, peak, warmup_steps + 1)[step + 1]
    ratio = np.clip((step - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    return floor + (peak - floor) * (1 + np.cos(np.pi * ratio)) / 2


def right__whole_table(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps not in range(total_steps):
        raise ValueError(f"a warm-up of {warmup_steps} of {total_steps} steps")
    rise = [peak * (i + 1) / warmup_steps for i in range(warmup_steps)]
    steps = total_steps - warmup_steps
    fall = [
        floor * (1 - math.cos(math.pi * i / steps)) / 2
        + peak * (1 + math.cos(math.pi * i / steps)) / 2
        for i in range(steps + 1)
    ]
    return (rise + fall)[min(step, total_steps)]


def right__square_of_a_cosine(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps not in range(max(total_steps, 0)):
        raise ValueError("the warm-up has to end before the training")
    if step < warmup_steps:
        return peak / warmup_steps * (step + 1)
    share = min((step - warmup_steps) / (total_steps - warmup_steps), 1.0)
    return floor + (peak - floor) * math.cos(math.pi / 2 * share) ** 2


def wrong__one_step_too_high(step, peak, warmup_steps, total_steps, floor=0.0):
    return reference.learning_rate(step + 1, peak, warmup_steps, total_steps, floor)


def wrong__one_step_too_late(step, peak, warmup_steps, total_steps, floor=0.0):
    return reference.learning_rate(max(step - 1, 0), peak, warmup_steps, total_steps, floor)


def wrong__reaches_the_floor_a_step_early(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    left = max(total_steps - 1 - warmup_steps, 1)
    progress = min(1.0, (step - warmup_steps) / left)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))


def wrong__a_whole_cosine(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.cos(2 * math.pi * progress))


def wrong__degrees(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.cos(180 * progress))


def wrong__not_halved(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress))


def wrong__sine(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.sin(math.pi * progress))


def wrong__zero_after_the_end(step, peak, warmup_steps, total_steps, floor=0.0):
    if step > total_steps:
        return 0.0
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def wrong__warm_up_plus_one(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))


def wrong__exponential_decay(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return max(peak * math.exp(-5 * progress), floor)


def wrong__divides_without_warm_up(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    rise = peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    fall = floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))
    return min(rise, fall)


def wrong__refuses_no_warm_up(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 < warmup_steps < total_steps:
        raise ValueError
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def wrong__allows_a_warm_up_of_everything(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps == total_steps:
        return peak
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def wrong__asserts(step, peak, warmup_steps, total_steps, floor=0.0):
    assert 0 <= warmup_steps < total_steps
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def wrong__constant(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    return peak


def wrong__never_below_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return max(floor, reference.learning_rate(step, peak, warmup_steps, total_steps, floor))


def wrong__checks_when_it_comes_down(step, peak, warmup_steps, total_steps, floor=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)
