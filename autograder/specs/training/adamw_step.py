"""What `training.adamw_step` accepts."""

import math

import torch

from autograder.spec import Call, Close, Draw, Earlier, Exercise, Part


def state(draw: Draw, *shape: int, dtype=torch.float32) -> tuple:
    """Return a parameter, a gradient and moments as they are after some steps."""
    parameter, gradient = draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype)
    first = draw.normal(*shape, scale=0.7, dtype=dtype)
    return parameter, gradient, first, draw.normal(*shape, dtype=dtype).square() + 0.1


def first_steps(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    one, zero = torch.tensor([1.0]), torch.zeros(1)
    parameter, gradient = draw.normal(rows, columns), draw.normal(rows, columns, scale=3)
    zeros = torch.zeros(rows, columns)
    plain = {"weight_decay": 0.0}
    return [
        Call((one, 4 * one, zero, zero, 1, 0.5), plain, "one number, no decay: a step of 0.5"),
        Call((one, -0.01 * one, zero, zero, 1, 0.5), plain, "a small gradient: also 0.5"),
        Call((parameter, gradient, zeros, zeros, 1, 0.3), plain, "the first step of a matrix"),
        Call((one, zero, zero, zero, 1, 0.5), plain, "a gradient of 0: nothing moves"),
    ]


def later_steps(draw: Draw) -> list[Call]:
    rows, columns, depth = draw.sizes(3)
    betas = (draw.integer(60, 85) / 100, draw.integer(86, 97) / 100)
    settings = {"betas": betas, "weight_decay": 0.0}
    return [
        Call((*state(draw, rows), 2, 0.4), {"weight_decay": 0.0}, "step 2"),
        Call((*state(draw, rows, columns), 7, 0.4), settings, "step 7, other betas"),
        Call((*state(draw, depth, rows, columns), 40, 0.4), settings, "step 40"),
        Call((*state(draw, rows, dtype=torch.float64), 3, 0.4), settings, "step 3, float64"),
        Call((*state(draw, columns), 5000, 0.4), settings, "step 5,000: no correction is left"),
    ]


def moments_of_steps(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    betas = (draw.integer(55, 85) / 100, draw.integer(86, 97) / 100)
    zeros = torch.zeros(rows)
    return [
        Call((draw.normal(rows), draw.normal(rows), zeros, zeros, 1, 0.1), tries="step 1"),
        Call((*state(draw, rows, columns), 5, 0.1, betas), tries="step 5, other betas"),
        Call((*state(draw, rows, columns), 9, 0.1, betas, 0.5, 0.4), tries="step 9, with decay"),
    ]


def epsilons(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    parameter, gradient, *_ = state(draw, rows)
    zeros = torch.zeros(rows)
    # so small that the default of 1e-8 shows
    tiny = draw.normal(rows, scale=1e-8)
    return [
        Call((parameter, gradient, zeros, zeros, 1, 0.5, (0.9, 0.999), 0.7, 0.0), tries="0.7"),
        Call(
            (*state(draw, rows, columns), 4, 0.5, (0.8, 0.9)),
            {"epsilon": 1.5, "weight_decay": 0.0},
            "1.5, at step 4",
        ),
        Call((parameter, tiny, zeros, zeros, 1, 0.5), {"weight_decay": 0.0}, "the default"),
    ]


def decays(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    parameter, *_ = state(draw, rows, columns)
    zeros = torch.zeros(rows, columns)
    decay = draw.integer(2, 6) / 10
    one = torch.tensor([2.0])
    still = (parameter, zeros, zeros, zeros, 1, 0.5, (0.9, 0.999), 1e-8, decay)
    return [
        Call(
            (one, 0 * one, 0 * one, 0 * one, 1, 0.5),
            {"weight_decay": 0.2},
            "a gradient of 0: 2 shrinks by a tenth",
        ),
        Call(still, tries="a gradient of 0"),
        Call((*state(draw, rows), 3, 0.5), {"weight_decay": decay}, "a gradient, at step 3"),
        Call((*state(draw, rows), 3, 0.5), tries="the default decay"),
        Call((*state(draw, rows), 3, 1.5), {"weight_decay": 0.2}, "a large learning rate"),
    ]


def steps_in_a_row(draw: Draw) -> list[Call]:
    shape = tuple(draw.sizes(2))
    steps = 25
    betas = (draw.integer(70, 90) / 100, draw.integer(91, 99) / 100)
    settings = {"betas": betas, "epsilon": 0.05, "weight_decay": 0.3}
    state = (draw.normal(*shape), torch.zeros(shape), torch.zeros(shape))
    calls = []
    for step in range(1, steps + 1):
        parameter, first, second = state
        gradient = draw.normal(*shape, mean=0.3, scale=step**0.5)
        arguments = (parameter, gradient, first, second, step, 0.4 / step)
        tries = f"step {step} of {steps}, from what step {step - 1} returned"
        calls.append(Call(arguments, settings, tries if step > 1 else f"step 1 of {steps}"))
        state = tuple(Earlier(step - 1, (item,)) for item in range(3))
    return calls


adamw_step = Exercise(
    "training.adamw_step",
    parts=[
        Part("the first step", 1, first_steps, Close(items=(0,)), public=True),
        Part("later steps", 1, later_steps, Close(items=(0,))),
        Part("moments", 0.5, moments_of_steps, Close(items=(1, 2))),
        Part("epsilon", 0.5, epsilons, Close(items=(0,))),
        Part("weight decay", 1, decays, Close(items=(0,)), public=True),
        Part("many steps", 1, steps_in_a_row),
    ],
    forbidden=("AdamW", "Adam"),
)


def adam(
    parameter, gradient, first, second, step, rate, betas, epsilon, decay, correct=True, keep=None
):
    """Take a step that can leave out the correction, or keep other moments."""
    first = betas[0] * first + (1 - betas[0]) * gradient
    second = betas[1] * second + (1 - betas[1]) * gradient**2
    corrected = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    used = corrected if correct else (first, second)
    moved = parameter * (1 - rate * decay) - rate * used[0] / (used[1].sqrt() + epsilon)
    return moved, *(corrected if keep == "corrected" else (first, second))


@adamw_step.misconception(
    "The moments are not corrected for their start at zero: divide each by 1 - beta ** step."
)
def adamw_uncorrected(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, weight_decay, correct=False)


@adamw_step.misconception(
    "The corrected moments are returned, and corrected again in the next step. Return them as "
    "they are before the correction."
)
def adamw_returns_corrected(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, weight_decay, keep="corrected")


@adamw_step.misconception(
    "Steps are counted from 0 here, so the correction divides by too much or too little. The first "
    "step is 1."
)
def adamw_counts_from_zero(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step + 1, learning_rate, betas, epsilon, weight_decay)


@adamw_step.misconception(
    "The decay is added to the gradient: that is Adam with L2 regularization, where the division "
    "by the second moment undoes much of it. In AdamW the gradient never sees the decay."
)
def adamw_decays_the_gradient(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    gradient = gradient + weight_decay * parameter
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, 0.0)


@adamw_step.misconception(
    "The decay is not multiplied by the learning rate: the factor is 1 - learning_rate · "
    "weight_decay."
)
def adamw_decays_without_rate(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, weight_decay / learning_rate)


@adamw_step.misconception(
    "The decay is applied after the update, so the update shrinks too. Shrink the parameter first."
)
def adamw_decays_afterwards(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    moved, *moments = adam(*state, step, learning_rate, betas, epsilon, 0.0)
    return moved * (1 - learning_rate * weight_decay), *moments


@adamw_step.misconception("There is no weight decay.")
def adamw_without_decay(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, 0.0)


@adamw_step.misconception(
    "`epsilon` is added under the root. It is added to the root: √v + epsilon."
)
def adamw_epsilon_under_the_root(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    decayed, first, second = adam(*state, step, 0.0, betas, epsilon, 0.0)
    root = (second / (1 - betas[1] ** step) + epsilon).sqrt()
    update = first / (1 - betas[0] ** step) / root
    decayed = parameter * (1 - learning_rate * weight_decay)
    return decayed - learning_rate * update, first, second


@adamw_step.misconception(
    "`epsilon` is added before the correction, so early steps get too much of it. First correct "
    "the second moment, then take the root, then add."
)
def adamw_epsilon_before_the_correction(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    corrected = epsilon / math.sqrt(1 - betas[1] ** step)
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, corrected, weight_decay)


@adamw_step.misconception("The root is missing: the update is divided by the second moment itself.")
def adamw_without_the_root(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    _, first, second = adam(*state, step, 0.0, betas, epsilon, 0.0)
    update = first / (1 - betas[0] ** step) / (second / (1 - betas[1] ** step) + epsilon)
    return parameter * (1 - learning_rate * weight_decay) - learning_rate * update, first, second


@adamw_step.misconception(
    "The shares are exchanged: `beta` of the old moment is kept, 1 - beta comes from the new "
    "gradient."
)
def adamw_shares_exchanged(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = (1 - betas[0]) * first_moment + betas[0] * gradient
    second = (1 - betas[1]) * second_moment + betas[1] * gradient**2
    corrected = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    decayed = parameter * (1 - learning_rate * weight_decay)
    return decayed - learning_rate * corrected[0] / (corrected[1].sqrt() + epsilon), first, second


@adamw_step.misconception("The gradient is not squared: the second moment averages its square.")
def adamw_without_square(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    root = gradient.abs().sqrt()
    _, _, second = adam(parameter, root, first_moment, second_moment, 1, 0.0, betas, epsilon, 0.0)
    state = parameter, gradient, first_moment, second_moment
    _, first, _ = adam(*state, 1, 0.0, betas, epsilon, 0.0)
    corrected = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    decayed = parameter * (1 - learning_rate * weight_decay)
    return decayed - learning_rate * corrected[0] / (corrected[1].sqrt() + epsilon), first, second


@adamw_step.misconception("The step goes uphill: the update has to be subtracted.")
def adamw_uphill(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    moved, *moments = adam(*state, step, learning_rate, betas, epsilon, 0.0)
    return parameter * (2 - learning_rate * weight_decay) - moved, *moments


@adamw_step.misconception(
    "What was passed in is changed in place. Return new tensors and leave the old as they are."
)
def adamw_in_place(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first_moment.mul_(betas[0]).add_((1 - betas[0]) * gradient)
    second_moment.mul_(betas[1]).add_((1 - betas[1]) * gradient**2)
    first, second = first_moment / (1 - betas[0] ** step), second_moment / (1 - betas[1] ** step)
    parameter.mul_(1 - learning_rate * weight_decay)
    parameter.sub_(learning_rate * first / (second.sqrt() + epsilon))
    return parameter, first_moment, second_moment


@adamw_step.alternative
def adamw_by_torch(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    copy = parameter.clone().requires_grad_()
    copy.grad = gradient.clone()
    optimizer = torch.optim.AdamW([copy], learning_rate, betas, epsilon, weight_decay)
    optimizer.state[copy] = {
        "step": torch.tensor(float(step - 1)),
        "exp_avg": first_moment.clone(),
        "exp_avg_sq": second_moment.clone(),
    }
    optimizer.step()
    moments = optimizer.state[copy]
    return copy.detach(), moments["exp_avg"], moments["exp_avg_sq"]


@adamw_step.alternative
def adamw_by_lerp(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = first_moment.lerp(gradient, 1 - betas[0])
    second = second_moment * betas[1] + (1 - betas[1]) * gradient * gradient
    size = learning_rate / (1 - betas[0] ** step)
    root = second.sqrt() / math.sqrt(1 - betas[1] ** step) + epsilon
    new = parameter - learning_rate * weight_decay * parameter
    return torch.addcdiv(new, first, root, value=-size), first, second


@adamw_step.alternative
def adamw_entry_by_entry(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    rows = []
    tensors = (parameter, gradient, first_moment, second_moment)
    for p, g, m, v in zip(*(tensor.flatten().tolist() for tensor in tensors), strict=True):
        m = m + (1 - betas[0]) * (g - m)
        v = v + (1 - betas[1]) * (g * g - v)
        update = m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)) ** 0.5 + epsilon)
        rows.append((p - learning_rate * (update + weight_decay * p), m, v))
    columns = zip(*rows, strict=True)
    return [torch.tensor(c, dtype=parameter.dtype).reshape(parameter.shape) for c in columns]
