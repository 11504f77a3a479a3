"""What `attention.sinusoidal_positions` accepts."""

import math

import torch

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.attention.reasons import EQUAL_ANGLES
from solutions import attention as reference


def first_positions(draw: Draw) -> list[Call]:
    return [
        Call((1, 4), tries="position 0: every angle is 0"),
        Call((3, 2), tries="width 2: one sine and one cosine, of the position itself"),
        Call((draw.integer(2, 12), 2 * draw.integer(2, 6)), tries="several positions"),
    ]


def more_positions(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 3, 9)
    return [
        Call((length, 2 * half), tries="a longer and wider table"),
        Call((draw.integer(20, 30), 2 * draw.integer(10, 20)), tries="twenty positions and more"),
        Call((8, 8), tries="as long as wide"),
    ]


def other_bases(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 3, 9)
    return [
        Call((length, 2 * half, 100.0), tries="base 100"),
        Call((length, 2 * half), {"base": 50.0 + draw.integer(1, 400)}, "another base, by name"),
    ]


sinusoidal_positions = Exercise(
    "attention.sinusoidal_positions",
    parts=[
        Part("the first positions", 0.5, first_positions, public=True),
        Part("more positions", 1, more_positions),
        Part("another base", 0.5, other_bases),
    ],
    equivalent=EQUAL_ANGLES,
)


@sinusoidal_positions.misconception(
    "All sines come first, then all cosines. They alternate: even entries sine, odd ones cosine."
)
def sinusoids_in_halves(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base)
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


@sinusoidal_positions.misconception(
    "Sine and cosine are exchanged: even entries are sines, odd ones cosines."
)
def sinusoids_exchanged(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base)
    return torch.stack((angles.cos(), angles.sin()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception("The positions start at 1; the first position is 0.")
def sinusoids_from_one(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(1, length + 1), width, base)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception(
    "The exponent is k / width where 2k / width is asked for: the entries 2k and 2k + 1 share the "
    "angle position / base^(2k / width)."
)
def sinusoids_half_exponent(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, math.sqrt(base))
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception(
    "The exponent is twice as large as it should be: with i = 2k already counted in steps of two, "
    "it is i / width, not 2i / width."
)
def sinusoids_double_exponent(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base**2)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception(
    "Each entry has a frequency of its own. A sine and the cosine beside it share one: both have "
    "the exponent 2k / width."
)
def sinusoids_unpaired(length, width, base=10_000.0):
    exponents = torch.arange(width) / width
    angles = torch.arange(length)[:, None] / base**exponents
    return torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos())


@sinusoidal_positions.misconception(
    "The position is multiplied by base^(2k / width); it has to be divided by it."
)
def sinusoids_multiplied(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, 1 / base)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception("The argument `base` is not used: 10,000 is only its default.")
def sinusoids_fixed_base(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width)


@sinusoidal_positions.misconception(
    "The exponents are spread from 0 to 1. They go in steps of 2 / width, and the last one stays "
    "one step short of 1."
)
def sinusoids_to_the_end(length, width, base=10_000.0):
    exponents = torch.linspace(0, 1, width // 2)
    angles = torch.arange(length)[:, None] / base**exponents
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.alternative
def sinusoids_by_filling(length, width, base=10_000.0):
    table = torch.zeros(length, width)
    position = torch.arange(length, dtype=torch.float32).unsqueeze(1)
    divisor = torch.exp(torch.arange(0, width, 2) * (-math.log(base) / width))
    table[:, 0::2] = torch.sin(position * divisor)
    table[:, 1::2] = torch.cos(position * divisor)
    return table


@sinusoidal_positions.alternative
def sinusoids_by_loops(length, width, base=10_000.0):
    rows = []
    for position in range(length):
        row = []
        for k in range(width // 2):
            angle = position / base ** (2 * k / width)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows)


@sinusoidal_positions.alternative
def sinusoids_by_phase(length, width, base=10_000.0):
    entry = torch.arange(width)
    exponent = 2 * torch.div(entry, 2, rounding_mode="floor") / width
    angle = torch.outer(torch.arange(length).double(), base ** -exponent.double())
    return torch.sin(angle + (entry % 2) * (math.pi / 2)).float()


@sinusoidal_positions.alternative
def sinusoids_by_complex_numbers(length, width, base=10_000.0):
    frequency = torch.pow(base, -torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    turn = torch.polar(torch.ones_like(angle), angle)
    return torch.stack((turn.imag, turn.real), -1).flatten(1).float()
