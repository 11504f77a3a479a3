"""What `attention.rotary_positions` accepts."""

import math

import torch

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.attention.reasons import EQUAL_ANGLES
from solutions import attention as reference

# why a mutant of the reference may pass
ONLY_16_BIT = "it matters in 16-bit precision only, which complex numbers, a right way, do not have"


def unrotated(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 2, 5)
    zeros = torch.zeros(length, dtype=torch.long)
    return [
        Call((draw.normal(1, 4), torch.tensor([0])), tries="position 0: nothing is rotated"),
        Call((draw.normal(length, 2 * half), zeros), tries="several tokens, all at position 0"),
    ]


def one_point(draw: Draw) -> list[Call]:
    length = draw.integer(3, 6)
    return [
        Call((torch.tensor([[1.0, 0.0]]), torch.tensor([1])), tries="the point (1, 0), 1 radian"),
        Call((draw.normal(length, 2), torch.arange(length)), tries="head width 2: one point"),
    ]


def many_points(draw: Draw) -> list[Call]:
    batch, heads, length, half = draw.sizes(4, 2, 7)
    x = draw.normal(batch, heads, length, 2 * half)
    steps = torch.arange(length)
    return [
        Call((draw.normal(3, 4), torch.arange(3)), tries="head width 4: two points"),
        Call((draw.normal(length, 2 * half), steps), tries="no batch"),
        Call((x, steps), tries="a batch of several heads"),
        Call((draw.normal(6, 6, 6, 6), torch.arange(6)), tries="all sizes equal"),
        Call((draw.scattered(x), steps), tries="scattered in memory"),
        Call((x.double(), steps), tries="float64"),
    ]


def any_positions(draw: Draw) -> list[Call]:
    batch, heads, length, half = draw.sizes(4, 2, 7)
    x = draw.normal(batch, heads, length, 2 * half)
    start = draw.integer(5, 20)
    falling = torch.tensor(sorted(draw.sizes(length, 0, 40), reverse=True))
    return [
        Call((x, torch.arange(start, start + length)), tries="positions that start later"),
        Call((x, falling), tries="positions that fall"),
        Call((x, draw.integers(0, 40, length)), tries="positions in no order"),
        Call((x[:, :, :1], torch.tensor([start])), tries="one token, far from the start"),
    ]


def any_base(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 3, 7)
    x, steps = draw.normal(length, 2 * half), torch.arange(length)
    return [
        Call((x, steps, 100.0), tries="base 100"),
        Call((x, steps), {"base": 50.0 + draw.integer(1, 400)}, "another base, by name"),
    ]


rotary_positions = Exercise(
    "attention.rotary_positions",
    parts=[
        Part("position 0", 0.5, unrotated, public=True),
        Part("one point", 1, one_point, public=True),
        Part("several points", 1.5, many_points),
        Part("any positions", 0.5, any_positions),
        Part("another base", 0.5, any_base),
    ],
    equivalent={
        **EQUAL_ANGLES,
        "torch.promote_types(x.dtype, torch.float32) -> x.dtype": ONLY_16_BIT,
        "angles.cos().to(x.dtype) -> angles.cos()": ONLY_16_BIT,
        "angles.sin().to(x.dtype) -> angles.sin()": ONLY_16_BIT,
    },
)


@rotary_positions.misconception(
    "Neighboring entries are paired. Llama's layout pairs x[k] with x[k + head_width / 2]: the "
    "first half with the second."
)
def rotary_interleaved(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    first, second = x[..., 0::2], x[..., 1::2]
    rotated = (
        first * angles.cos() - second * angles.sin(),
        second * angles.cos() + first * angles.sin(),
    )
    return torch.stack(rotated, dim=-1).flatten(-2)


@rotary_positions.misconception(
    "The points turn the wrong way. Counterclockwise, (1, 0) becomes (cos, sin): the minus stands "
    "in the first half."
)
def rotary_clockwise(x, positions, base=10_000.0):
    return reference.rotary_positions(x, -positions, base)


@rotary_positions.misconception(
    "There is no minus: this does not rotate. The first half is first · cos - second · sin."
)
def rotary_without_minus(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat(
        (
            first * angles.cos() + second * angles.sin(),
            second * angles.cos() + first * angles.sin(),
        ),
        dim=-1,
    )


@rotary_positions.misconception("Positions are counted from 1; the first token stands at 0.")
def rotary_from_one(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions + 1, base)


@rotary_positions.misconception(
    "The tokens are taken to stand at 0, 1, 2, ...; where they really stand is in `positions`."
)
def rotary_ignores_positions(x, positions, base=10_000.0):
    return reference.rotary_positions(x, torch.arange(x.shape[-2]), base)


@rotary_positions.misconception("The argument `base` is not used: 10,000 is only its default.")
def rotary_fixed_base(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions)


@rotary_positions.misconception(
    "All points turn by the same angle. Point k turns by position / base^(2k / head_width)."
)
def rotary_one_frequency(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions, 1.0)


@rotary_positions.misconception(
    "The exponent is k / head_width where 2k / head_width is asked for."
)
def rotary_half_exponent(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions, math.sqrt(base))


@rotary_positions.misconception(
    "The exponent is twice as large as it should be: with i = 2k already counted in steps of two, "
    "it is i / head_width, not 2i / head_width."
)
def rotary_double_exponent(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions, base**2)


@rotary_positions.misconception(
    "Sinusoids are added to x, as in the original transformer. Rotary positions rotate x: they "
    "multiply."
)
def rotary_added(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    return x + torch.cat((angles.cos(), angles.sin()), dim=-1)


@rotary_positions.misconception(
    "Sine and cosine are exchanged: at position 0 nothing may change, so cos multiplies x itself."
)
def rotary_exchanged(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    return reference.rotate_halves(x, angles.sin(), angles.cos())


@rotary_positions.misconception(
    "The result is float32 whatever x is; it has to have the dtype of x."
)
def rotary_in_float32(x, positions, base=10_000.0):
    return reference.rotary_positions(x.float(), positions, base)


@rotary_positions.alternative
def rotary_as_in_llama(x, positions, base=10_000.0):
    width = x.shape[-1]
    frequency = 1.0 / (base ** (torch.arange(0, width, 2).float() / width))
    angles = torch.outer(positions.float(), frequency)
    angles = torch.cat((angles, angles), dim=-1)
    turned = torch.cat((-x[..., width // 2 :], x[..., : width // 2]), dim=-1)
    return x * angles.cos().to(x.dtype) + turned * angles.sin().to(x.dtype)


@rotary_positions.alternative
def rotary_by_complex_numbers(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    points = torch.complex(x[..., :half].contiguous(), x[..., half:].contiguous())
    frequency = base ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.exp(1j * positions.double()[:, None] * frequency)
    points = points * turn.to(points.dtype)
    return torch.cat((points.real, points.imag), dim=-1)


@rotary_positions.alternative
def rotary_by_matrices(x, positions, base=10_000.0):
    width = x.shape[-1]
    half = width // 2
    result = torch.empty_like(x)
    for index, position in enumerate(positions.tolist()):
        matrix = torch.zeros(width, width, dtype=x.dtype)
        for k in range(half):
            angle = position / base ** (2 * k / width)
            matrix[k, k] = matrix[k + half, k + half] = math.cos(angle)
            matrix[k, k + half], matrix[k + half, k] = -math.sin(angle), math.sin(angle)
        result[..., index, :] = x[..., index, :] @ matrix.T
    return result
