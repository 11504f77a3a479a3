"""What `training.clip_gradients` accepts."""

import math

import torch
from torch import Tensor

from autograder.spec import Call, Close, Draw, Exercise, Part
from solutions import training as reference

# why a mutant of the reference may pass
ZEROS_STAY = "where the norm is 0 every gradient is 0, and stays so times any finite factor"

CLIPPING = (
    " in factor = torch.clamp(maximum_norm / norm, max=1.0) if norm > 0 else torch.ones_like(norm)"
)


def of_several_shapes(draw: Draw, scale: float = 1.0) -> list[Tensor]:
    """Return gradients of several shapes, some of them much smaller than others."""
    rows, columns, length, depth = draw.sizes(4)
    return [
        draw.normal(rows, columns, scale=scale),
        draw.normal(length, scale=3 * scale),
        draw.normal(depth, 2, 3, scale=scale / 4),
    ]


def joint_norm(gradients: list[Tensor]) -> float:
    """Return the norm of all entries together."""
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))


def too_large(draw: Draw) -> list[Call]:
    both = [torch.tensor([3.0]), torch.tensor([[4.0]])]
    several = of_several_shapes(draw)
    small = of_several_shapes(draw, 0.02)
    return [
        Call(([torch.tensor([3.0, 4.0])], 1.0), tries="one gradient of norm 5, at most 1"),
        Call((both, 2.5), tries="two gradients, 3 and 4: together they have norm 5, at most 2.5"),
        Call((several, joint_norm(several) / draw.integer(2, 9)), tries="several shapes"),
        Call((small, joint_norm(small) / 4), tries="small gradients, an even smaller maximum"),
        # each alone is within the maximum
        Call(
            ([torch.full((5,), 0.9), torch.full((7,), -0.9)], 2.5), tries="only together too large"
        ),
        Call((of_several_shapes(draw, 1e4), 1.0), tries="very large gradients"),
    ]


def small_enough(draw: Draw) -> list[Call]:
    several = of_several_shapes(draw)
    tiny = of_several_shapes(draw, 1e-2)
    return [
        Call(([torch.tensor([3.0, 4.0])], 10.0), tries="norm 5, at most 10"),
        Call((several, joint_norm(several) * draw.integer(2, 5)), tries="several shapes"),
        Call((several, joint_norm(several) * 1.02), tries="just below the maximum"),
        Call((tiny, 1.0), tries="small gradients"),
        Call(([torch.tensor([3.0, 4.0])], 5.0), tries="norm 5, at most 5"),
    ]


def before_clipping(draw: Draw) -> list[Call]:
    several = of_several_shapes(draw, draw.choice(0.1, 1.0, 10.0))
    norm = joint_norm(several)
    return [
        Call((several, norm / 3), tries="gradients that are clipped"),
        Call((several, norm * 3), tries="gradients that are not"),
        Call(([draw.normal(3, 5, scale=4)], 1.0), tries="a single gradient"),
    ]


def norm_expected(call: Call) -> tuple:
    """Expect the norm as a number, since the contract leaves open its dtype."""
    clipped, norm = reference.clip_gradients(*call.arguments)
    return clipped, norm.item()


def all_zero(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    return [
        Call(([torch.zeros(rows, columns), torch.zeros(3)], 1.0), tries="nothing but zeros"),
        Call(
            ([torch.zeros(rows), draw.normal(columns, scale=9)], 1.0), tries="one of two is zeros"
        ),
    ]


def in_double_precision(draw: Draw) -> list[Call]:
    several = [gradient.double() for gradient in of_several_shapes(draw)]
    return [
        Call((several, joint_norm(several) / 2), tries="float64 that is clipped"),
        Call((several, joint_norm(several) * 2), tries="float64 that is not"),
    ]


def not_finite(draw: Draw) -> list[Call]:
    nan, infinite = draw.normal(3, 2), draw.normal(4)
    nan[1, 0], infinite[2] = math.nan, -math.inf
    fine = draw.normal(3)
    return [
        Call(([fine, nan], 1.0), tries="a gradient with NaN"),
        Call(([infinite, fine], 1.0), tries="a gradient with an infinity"),
        Call(([fine, draw.normal(2)], 1e9), tries="gradients that are finite"),
        Call(([nan, infinite], 1e9), tries="NaN and infinity, a large maximum"),
    ]


clip_gradients = Exercise(
    "training.clip_gradients",
    parts=[
        Part("too large", 1, too_large, Close(items=(0,)), public=True, expect=norm_expected),
        Part("small enough", 0.5, small_enough, Close(items=(0,)), expect=norm_expected),
        Part("the norm", 0.5, before_clipping, Close(items=(1,)), expect=norm_expected),
        Part("zeros", 0.5, all_zero, expect=norm_expected),
        Part("dtype", 0.5, in_double_precision, Close(items=(0,)), expect=norm_expected),
        Part("not finite", 1, not_finite, Close(items=(0,))),
    ],
    equivalent={
        f"norm > 0 -> norm >= 0{CLIPPING}": ZEROS_STAY,
        f"0 -> -1{CLIPPING}": ZEROS_STAY,
        "torch.ones_like(norm) -> norm": ZEROS_STAY,
    },
    forbidden=("clip_grad_norm_", "clip_grads_with_norm_", "get_total_norm"),
)


def finite_norm(gradients):
    """Return the joint norm, refusing what the contract refuses."""
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    if not norm.isfinite():
        raise ValueError("not finite")
    return norm


@clip_gradients.misconception(
    "Each gradient is clipped by its own norm. One factor for all keeps the direction of the step."
)
def clip_each(gradients, maximum_norm):
    norm = finite_norm(gradients)
    own = [max(float(gradient.norm()), 1e-12) for gradient in gradients]
    pairs = zip(gradients, own, strict=True)
    return [gradient * min(1.0, maximum_norm / length) for gradient, length in pairs], norm


@clip_gradients.misconception(
    "Entries are cut off at the maximum. That changes the direction of the step; the *norm* is to "
    "be at most the maximum, so scale everything by one factor."
)
def clip_entries(gradients, maximum_norm):
    norm = finite_norm(gradients)
    return [gradient.clamp(-maximum_norm, maximum_norm) for gradient in gradients], norm


@clip_gradients.misconception(
    "Gradients are scaled up to the maximum as well. Where the joint norm is small enough, they "
    "stay as they are."
)
def clip_always(gradients, maximum_norm):
    norm = finite_norm(gradients)
    factor = maximum_norm / norm if norm > 0 else 1.0
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "The norms of the tensors are added. The joint norm is the root of the sum of their squares, "
    "as if all entries stood in one vector."
)
def clip_by_the_sum_of_norms(gradients, maximum_norm):
    finite_norm(gradients)
    norm = sum(gradient.norm() for gradient in gradients)
    factor = min(1.0, maximum_norm / max(float(norm), 1e-12))
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception("The root is missing: this is the square of the joint norm.")
def clip_without_the_root(gradients, maximum_norm):
    norm = finite_norm(gradients) ** 2
    factor = min(1.0, maximum_norm / max(float(norm), 1e-12))
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "The largest entry is taken for the norm; it is the root of the sum of all squares."
)
def clip_by_the_largest(gradients, maximum_norm):
    finite_norm(gradients)
    norm = max(gradient.abs().max() for gradient in gradients)
    factor = min(1.0, maximum_norm / max(float(norm), 1e-12))
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "The norm after clipping is returned; what happened in training is told by the norm before."
)
def clip_norm_afterwards(gradients, maximum_norm):
    norm = finite_norm(gradients)
    clipped, _ = reference.clip_gradients(gradients, maximum_norm)
    return clipped, norm.clamp(max=maximum_norm)


@clip_gradients.misconception(
    "The gradients that were passed in are changed, as PyTorch's own function does. Here new "
    "tensors are returned."
)
def clip_in_place(gradients, maximum_norm):
    norm = finite_norm(gradients)
    for gradient in gradients:
        gradient.mul_(min(1.0, maximum_norm / max(float(norm), 1e-12)))
    return gradients, norm


@clip_gradients.misconception(
    "Gradients of zeros give NaN: 0 times maximum / 0. A norm of 0 needs no scaling."
)
def clip_zeros_to_nan(gradients, maximum_norm):
    norm = finite_norm(gradients)
    factor = maximum_norm / norm
    return [
        torch.where(norm <= maximum_norm, g * factor / factor, g * factor) for g in gradients
    ], norm


@clip_gradients.misconception(
    "A norm that is NaN or infinite is let through; it has to raise a ValueError, or one bad "
    "batch ruins all parameters."
)
def clip_anything(gradients, maximum_norm):
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    factor = (maximum_norm / (norm + 1e-12)).clamp(max=1.0)
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "Only NaN is refused. A norm that is infinite is no more use: the factor would be 0."
)
def clip_infinity(gradients, maximum_norm):
    if any(gradient.isnan().any() for gradient in gradients):
        raise ValueError("NaN")
    return clip_anything(gradients, maximum_norm)


@clip_gradients.misconception("Only the clipped gradients are returned, without the norm.")
def clip_without_norm(gradients, maximum_norm):
    return reference.clip_gradients(gradients, maximum_norm)[0]


@clip_gradients.alternative
def clip_as_in_pytorch(gradients, maximum_norm):
    norm = finite_norm(gradients)
    factor = torch.clamp(maximum_norm / (norm + 1e-6), max=1.0)
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.alternative
def clip_by_torch(gradients, maximum_norm):
    parameters = [torch.zeros_like(gradient) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    try:
        norm = torch.nn.utils.clip_grad_norm_(parameters, maximum_norm, error_if_nonfinite=True)
    except RuntimeError as error:
        raise ValueError("not finite") from error
    return [parameter.grad for parameter in parameters], norm


@clip_gradients.alternative
def clip_in_plain_numbers(gradients, maximum_norm):
    total = 0.0
    for gradient in gradients:
        for entry in gradient.flatten().tolist():
            total += entry * entry
    norm = math.sqrt(total) if math.isfinite(total) else math.nan
    if math.isnan(norm):
        raise ValueError("not finite")
    if norm <= maximum_norm:
        return tuple(gradient.clone() for gradient in gradients), norm
    return tuple(gradient / norm * maximum_norm for gradient in gradients), norm


@clip_gradients.alternative
def clip_in_float64(gradients, maximum_norm):
    norm = sum((gradient.double() ** 2).sum() for gradient in gradients).sqrt()
    if norm.isnan() or norm.isinf():
        raise ValueError("not finite")
    if norm <= maximum_norm:
        return list(gradients), norm
    return [(gradient * maximum_norm / norm).to(gradient.dtype) for gradient in gradients], norm
