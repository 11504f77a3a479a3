"""What a Llama has that the first transformer had not: three parts, each a function."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from solutions.attention import scaled_dot_product_attention


def rms_norm(x: Tensor, weight: Tensor, epsilon: float = 1e-5) -> Tensor:
    """Scale each vector to a root mean square of 1, then each of its entries by a weight.

    y = weight · x / √(mean(x²) + epsilon), the mean over the last dimension. Unlike layer
    normalization it subtracts no mean and adds no bias.

    Args:
        x: (..., width), floating point; not changed.
        weight: (width,), the dtype of `x`.
        epsilon: added to the mean square, under the root; keeps a vector of zeros at zeros.

    Returns:
        (..., width), the dtype of `x`. The root is computed in at least float32.

    Source: Zhang and Sennrich (2019), "Root Mean Square Layer Normalization", equation 4.

    Example:
        >>> rms_norm(torch.tensor([1.0, 7.0]), torch.tensor([1.0, 10.0]))
        tensor([ 0.2000, 14.0000])
    """
    precise = x.to(torch.promote_types(x.dtype, torch.float32))
    mean_square = precise.square().mean(dim=-1, keepdim=True)
    return weight * (precise * torch.rsqrt(mean_square + epsilon)).to(x.dtype)


def swiglu(x: Tensor, gate_weight: Tensor, up_weight: Tensor, down_weight: Tensor) -> Tensor:
    """Apply the feed-forward layer in which one projection gates another.

    y = (silu(x Gᵀ) · x Uᵀ) Dᵀ, where silu(z) = z · sigmoid(z) and the middle product is taken
    entry by entry.

    Args:
        x: (..., width), floating point; not changed.
        gate_weight, up_weight: (feed_forward_width, width), the dtype of `x`.
        down_weight: (width, feed_forward_width), the dtype of `x`. All three are laid out
            (out, in) as in `torch.nn.Linear`; there are no biases.

    Returns:
        (..., width), the dtype of `x`.

    Source: Shazeer (2020), "GLU Variants Improve Transformer", equation 6.
    """
    gate = F.silu(F.linear(x, gate_weight))
    return F.linear(gate * F.linear(x, up_weight), down_weight)


def grouped_query_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Attend with more query heads than key and value heads.

    Consecutive query heads form a group that shares one key head and one value head: with 6 query
    heads and 2 key heads, queries 0, 1 and 2 use key 0, and queries 3, 4 and 5 use key 1. The
    cache shrinks to a third.

    Args:
        query: (batch, heads, query_length, head_width), floating point.
        key: (batch, key_value_heads, key_length, head_width), the dtype of `query`.
        value: (batch, key_value_heads, key_length, value_width), the dtype of `query`.
        mask: bool, broadcasts to (batch, heads, query_length, key_length); True may be attended to.
            No argument is changed.

    Returns:
        (batch, heads, query_length, value_width), the dtype of `query`. A query that may attend to
        nothing gets zeros.

    Raises:
        ValueError: `heads` is not divisible by `key_value_heads`.

    Source: Ainslie et al. (2023), "GQA: Training Generalized Multi-Query Transformer Models from
        Multi-Head Checkpoints", section 2.2.
    """
    heads = query.shape[1]
    return scaled_dot_product_attention(
        query, repeat_heads(key, heads), repeat_heads(value, heads), mask
    )


def repeat_heads(x: Tensor, heads: int) -> Tensor:
    """Repeat each key or value head for every query head of its group.

    Args:
        x: (batch, key_value_heads, length, head_width).
        heads: how many query heads; divisible by `key_value_heads`.

    Returns:
        (batch, heads, length, head_width); `x` itself where there is nothing to repeat.

    Raises:
        ValueError: `heads` is not divisible by `key_value_heads`.
    """
    key_value_heads = x.shape[1]
    if heads % key_value_heads:
        raise ValueError(f"{heads} query heads cannot share {key_value_heads} key heads evenly")
    if heads == key_value_heads:
        return x
    return x.repeat_interleave(heads // key_value_heads, dim=1)
