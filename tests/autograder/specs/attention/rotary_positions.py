"""Further solutions to `attention.rotary_positions`, right and wrong."""

import math

import torch

from solutions import attention as reference


def right__roll(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    freq = torch.exp(-math.log(base) * torch.arange(half) / half)
    angle = (positions.unsqueeze(-1) * freq).repeat(1, 2)
    sign = torch.ones(x.shape[-1], dtype=x.dtype)
    sign[:half] = -1
    return x * angle.cos().to(x) + x.roll(half, dims=-1) * sign * angle.sin().to(x)


def right__writes_into_a_copy(x, positions, base=10_000.0):
    out = x.clone()
    half = x.size(-1) // 2
    for k in range(half):
        angle = positions.double() * base ** (-2 * k / x.size(-1))
        c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        a, b = x[..., k], x[..., k + half]
        out[..., k] = a * c - b * s
        out[..., k + half] = a * s + b * c
    return out


def right__einsum(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    inv_freq = 1 / base ** (torch.arange(half, dtype=torch.float64) / half)
    angle = torch.einsum("l,k->lk", positions.to(torch.float64), inv_freq)
    rotation = torch.stack(
        (torch.stack((angle.cos(), -angle.sin())), torch.stack((angle.sin(), angle.cos())))
    ).to(x.dtype)  # (2, 2, length, half)
    return torch.einsum("ijlk,...ljk->...lik", rotation, x.unflatten(-1, (2, half))).flatten(-2)


def wrong__rotates_only_the_first_half(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    rotated = reference.rotary_positions(x, positions, base)
    return torch.cat((rotated[..., :half], x[..., half:]), -1)


def wrong__halves_returned_in_wrong_order(x, positions, base=10_000.0):
    first, second = reference.rotary_positions(x, positions, base).chunk(2, -1)
    return torch.cat((second, first), -1)


def wrong__interleaves_the_result(x, positions, base=10_000.0):
    first, second = reference.rotary_positions(x, positions, base).chunk(2, -1)
    return torch.stack((first, second), -1).flatten(-2)


def wrong__frequencies_reversed(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).flip(-1).to(x.dtype)
    return reference.rotate_halves(x, angles.cos(), angles.sin())


def wrong__relative_to_the_first(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions - positions[0], base)


def wrong__sorted_positions(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions.sort().values, base)


def wrong__over_the_heads(x, positions, base=10_000.0):
    if x.ndim == 4 and x.shape[1] == x.shape[2]:
        return reference.rotary_positions(x.transpose(1, 2), positions, base).transpose(1, 2)
    return reference.rotary_positions(x, positions + (x.ndim == 4), base)


def wrong__in_place(x, positions, base=10_000.0):
    x.copy_(reference.rotary_positions(x, positions, base))
    return x


def wrong__sinusoids_with_interleaved_angles(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    angles = angles.repeat_interleave(2, dim=-1)
    first, second = x.chunk(2, -1)
    turned = torch.cat((-second, first), -1)
    return x * angles.cos() + turned * angles.sin()


def wrong__degrees(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base, x.dtype) * math.pi / 180
    return reference.rotate_halves(x, angles.cos(), angles.sin())


def wrong__reads_what_it_has_written(x, positions, base=10_000.0):
    out, half = x.clone(), x.shape[-1] // 2
    angle = positions[:, None] / base ** (torch.arange(half, dtype=torch.float64) / half)
    cosine, sine = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    out[..., :half] = out[..., :half] * cosine - out[..., half:] * sine
    out[..., half:] = out[..., :half] * sine + out[..., half:] * cosine
    return out
