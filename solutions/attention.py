"""Attention, from a softmax that knows a mask to one step of cached decoding.

Names used throughout:

- A *query* asks, a *key* is compared with it, a *value* is what is handed over.
- A *mask* is a boolean tensor. True means that the query may attend to the key, as in PyTorch.
- No function changes its arguments.
- A floating point result has the dtype and the device of the floating point arguments.
"""

import math

import torch
from torch import Tensor


def softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Turn each row of scores into weights that are positive and sum to 1.

    The weight of entry j in a row is exp(scores[j]) divided by the sum of exp over the row.
    Adding the same number to a whole row changes nothing, so the largest score that is not masked
    is subtracted first: exp then never overflows, however large the scores are.

    Args:
        scores: (..., length), floating point, finite; a row is the last dimension.
        mask: bool, broadcasts to the shape of `scores`; True takes part. Without it all do.

    Returns:
        (..., length), the dtype of `scores`. A masked entry gets exactly 0. A row that is wholly
        masked gives zeros, not NaN, and zero gradients.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", section 4.1.

    Example:
        >>> softmax(torch.tensor([0.0, 0.0, 1000.0]), torch.tensor([True, True, False]))
        tensor([0.5000, 0.5000, 0.0000])
    """
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    # a constant as far as the gradient is concerned: it cancels. finite even where all is masked,
    # since -inf minus -inf would be NaN
    largest = scores.detach().amax(dim=-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).min)
    exponentials = (scores - largest).exp_()
    # the largest score contributes 1, so the total is less than 1 only where all is masked
    return exponentials / exponentials.sum(dim=-1, keepdim=True).clamp(min=1)


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return how much each query attends to each key.

    weights = softmax(query keyᵀ / √head_width). The division keeps the variance of the scores at 1
    when the entries of query and key have variance 1, whatever the head width.

    Args:
        query: (..., query_length, head_width), floating point.
        key: (..., key_length, head_width), the dtype of `query`.
        mask: bool, broadcasts to (..., query_length, key_length); True may be attended to.

    Returns:
        (..., query_length, key_length), the dtype of `query`. Each row sums to 1; the row of a
        query that may attend to nothing is zeros.

    Source: Vaswani et al. (2017), "Attention Is All You Need", equation 1.
    """
    scores = query / math.sqrt(query.shape[-1]) @ key.transpose(-2, -1)
    return softmax(scores, mask)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Return for each query the average of the values, weighted by how well their keys match.

    attention(Q, K, V) = softmax(Q Kᵀ / √head_width) V

    Args:
        query: (..., query_length, head_width), floating point.
        key: (..., key_length, head_width), the dtype of `query`.
        value: (..., key_length, value_width), the dtype of `query`; `value_width` may differ from
            `head_width`.
        mask: bool, broadcasts to (..., query_length, key_length); True may be attended to.

    Returns:
        (..., query_length, value_width), the dtype of `query`. A query that may attend to nothing
        gets zeros.

    Source: Vaswani et al. (2017), "Attention Is All You Need", equation 1.

    Example:
        A query of zeros matches every key equally, so it gets the plain average of the values:

        >>> query, key = torch.zeros(1, 2), torch.randn(3, 2)
        >>> value = torch.tensor([[0.0], [3.0], [6.0]])
        >>> scaled_dot_product_attention(query, key, value)
        tensor([[3.]])
    """
    return attention_weights(query, key, mask) @ value


def causal_mask(length: int) -> Tensor:
    """Return the mask in which a position sees itself and what stands before it.

    Args:
        length: number of positions, at least 0.

    Returns:
        (length, length), bool. Row i is the query, column j the key: True where j <= i.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.2.3.

    Example:
        >>> causal_mask(3)
        tensor([[ True, False, False],
                [ True,  True, False],
                [ True,  True,  True]])
    """
    return torch.ones(length, length, dtype=torch.bool).tril()


def padding_mask(lengths: Tensor, length: int) -> Tensor:
    """Return the mask that hides the padding behind sequences of unequal lengths.

    Sequence b of the batch fills its first `lengths[b]` positions; the rest is padding, which
    nobody may attend to.

    Args:
        lengths: (batch,), integers from 0 to `length`.
        length: the length to which all sequences are padded.

    Returns:
        (batch, 1, 1, length), bool, True at real positions. It broadcasts against scores of shape
        (batch, heads, query_length, length), and combines with another mask by `&`.

    Example:
        >>> padding_mask(torch.tensor([1, 3]), 3)[:, 0, 0]
        tensor([[ True, False, False],
                [ True,  True,  True]])
    """
    real = torch.arange(length, device=lengths.device) < lengths[:, None]  # (batch, length)
    return real[:, None, None, :]


def sliding_window_mask(length: int, window: int) -> Tensor:
    """Return the causal mask in which a position sees only the last `window` positions.

    Args:
        length: number of positions, at least 0.
        window: how many positions each one sees, itself included; at least 1, and may exceed
            `length`, which gives `causal_mask(length)`.

    Returns:
        (length, length), bool. Row i is the query, column j the key: True where
        0 <= i - j < window.

    Raises:
        ValueError: `window` is less than 1.

    Source: Beltagy, Peters and Cohan (2020), "Longformer", section 3.1, in its causal form.

    Example:
        >>> sliding_window_mask(3, 2)
        tensor([[ True, False, False],
                [ True,  True, False],
                [False,  True,  True]])
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    position = torch.arange(length)
    distance = position[:, None] - position  # (length, length): query minus key
    return (distance >= 0) & (distance < window)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Cut the width into heads and put the heads before the positions.

    Head h gets the entries h·head_width to (h + 1)·head_width - 1 of each position, where
    head_width = width / heads.

    Args:
        x: (batch, length, width), any dtype.
        heads: how many heads; divides `width`.

    Returns:
        (batch, heads, length, head_width), the dtype of `x`.

    Raises:
        ValueError: `width` is not divisible by `heads`, or `heads` is less than 1.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.2.2.

    Example:
        >>> split_heads(torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]]), 2)
        tensor([[[[1, 2],
                  [5, 6]],
        <BLANKLINE>
                 [[3, 4],
                  [7, 8]]]])
    """
    batch, length, width = x.shape
    if heads < 1 or width % heads:
        raise ValueError(f"width {width} cannot be split into {heads} heads of equal width")
    return x.reshape(batch, length, heads, width // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """Put the heads of each position side by side again: the inverse of `split_heads`.

    Args:
        x: (batch, heads, length, head_width), any dtype.

    Returns:
        (batch, length, heads·head_width), the dtype of `x`; head 0 comes first.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.2.2 ("Concat").
    """
    batch, heads, length, head_width = x.shape
    return x.transpose(1, 2).reshape(batch, length, heads * head_width)


def multi_head_attention(
    x: Tensor,
    query_weight: Tensor,
    key_weight: Tensor,
    value_weight: Tensor,
    output_weight: Tensor,
    heads: int,
    mask: Tensor | None = None,
) -> Tensor:
    """Let every position attend to every position, in several heads at once.

    Each position is projected to a query, a key and a value; these are split into heads, each head
    attends by itself, and the merged result is projected once more.

    Args:
        x: (batch, length, width), floating point.
        query_weight, key_weight, value_weight, output_weight: (width, width), the dtype of `x`.
            Laid out (out, in) as in `torch.nn.Linear`: y = x Wᵀ. There are no biases.
        heads: how many heads; divides `width`.
        mask: bool, broadcasts to (batch, heads, length, length); True may be attended to.

    Returns:
        (batch, length, width), the dtype of `x`. A position that may attend to nothing gets zeros.

    Raises:
        ValueError: `width` is not divisible by `heads`, or `heads` is less than 1.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.2.2.
    """
    query = split_heads(x @ query_weight.T, heads)  # (batch, heads, length, head_width)
    key = split_heads(x @ key_weight.T, heads)
    value = split_heads(x @ value_weight.T, heads)
    return merge_heads(scaled_dot_product_attention(query, key, value, mask)) @ output_weight.T


def sinusoidal_positions(length: int, width: int, base: float = 10_000.0) -> Tensor:
    """Return one vector per position, made of sines and cosines of falling frequency.

    Entry (position, 2k) is sin(position / base^(2k / width)), and entry (position, 2k + 1) is the
    cosine of the same angle. The first position is 0.

    Args:
        length: number of positions, at least 0.
        width: width of a vector; even.
        base: the ratio of the longest wavelength to the shortest, nearly; positive.

    Returns:
        (length, width), float32, sines and cosines alternating.

    Raises:
        ValueError: `width` is odd.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.5.

    Example:
        >>> sinusoidal_positions(2, 4)
        tensor([[0.0000, 1.0000, 0.0000, 1.0000],
                [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    if width % 2:
        raise ValueError(f"width must be even, so that every sine has its cosine, got {width}")
    angles = position_angles(torch.arange(length), width, base)  # (length, width / 2)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


def rotary_positions(x: Tensor, positions: Tensor, base: float = 10_000.0) -> Tensor:
    """Rotate each query or key by angles that grow with its position.

    The vector is taken as head_width / 2 points in the plane: point k has the coordinates x[k] and
    x[k + head_width / 2] (Llama's layout, first half and second half; the paper pairs neighbors
    instead). At position p, point k is rotated counterclockwise by p / base^(2k / head_width)
    radians. Lengths stay as they are, and the product of a rotated query and a rotated key depends
    only on the difference of their positions.

    Args:
        x: (..., length, head_width), floating point; queries or keys, not values.
        positions: (length,), integers, not necessarily consecutive; the first token of a text
            stands at 0.
        base: how slowly the last point turns; positive.

    Returns:
        (..., length, head_width), the dtype of `x`.

    Raises:
        ValueError: `head_width` is odd.

    Source: Su et al. (2021), "RoFormer", section 3.2.2 and equation 34.

    Example:
        With a head width of 2 there is one point, rotated by 1 radian at position 1:

        >>> rotary_positions(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1]))
        tensor([[1.0000, 0.0000],
                [0.5403, 0.8415]])
    """
    if x.shape[-1] % 2:
        raise ValueError(f"head_width must be even to be split into halves, got {x.shape[-1]}")
    # angles of 16 bit would be off by whole turns at a few hundred positions
    precision = torch.promote_types(x.dtype, torch.float32)
    angles = position_angles(positions, x.shape[-1], base, precision)  # (length, head_width / 2)
    return rotate_halves(x, angles.cos().to(x.dtype), angles.sin().to(x.dtype))


def position_angles(
    positions: Tensor, width: int, base: float = 10_000.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return the angle of each position at each of width / 2 frequencies.

    Both `sinusoidal_positions` and `rotary_positions` use position / base^(2k / width).

    Args:
        positions: (..., length), integers.
        width: even.
        base: positive.
        dtype: floating point type in which to compute.

    Returns:
        (..., length, width / 2), `dtype`, in radians.
    """
    exponents = torch.arange(0, width, 2, device=positions.device).to(dtype) / width
    return positions[..., None].to(dtype) * (1.0 / base**exponents)


def rotate_halves(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate the points (x[k], x[k + width / 2]), given the cosine and sine of each angle.

    `rotary_positions` in its second step; a model computes cosine and sine once for all layers.

    Args:
        x: (..., length, width), floating point; `width` is even.
        cosine, sine: the dtype of `x`, each broadcasts to (..., length, width / 2).

    Returns:
        (..., length, width), the dtype of `x`.
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def cached_attention_step(
    query: Tensor, key: Tensor, value: Tensor, key_cache: Tensor, value_cache: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Attend from one new token to itself and to everything before it.

    In causal attention the keys and values of earlier tokens never change. Kept in a cache, they
    need not be computed again: the new token's key and value are appended, and its query attends to
    them all. No mask is needed, since nothing in the cache stands later.

    Args:
        query: (..., 1, head_width), of the new token, floating point.
        key: (..., 1, head_width), of the new token, the dtype of `query`.
        value: (..., 1, value_width), of the new token, the dtype of `query`.
        key_cache: (..., cached_length, head_width), of the tokens before, oldest first;
            `cached_length` may be 0.
        value_cache: (..., cached_length, value_width), likewise.

    Returns:
        The output, (..., 1, value_width), and the two caches with the new token appended at the
        end: (..., cached_length + 1, head_width) and (..., cached_length + 1, value_width). The
        caches passed in are unchanged.

    Source: Shazeer (2019), "Fast Transformer Decoding: One Write-Head is All You Need",
        section 2.4.
    """
    key_cache = torch.cat((key_cache, key), dim=-2)
    value_cache = torch.cat((value_cache, value), dim=-2)
    return scaled_dot_product_attention(query, key_cache, value_cache), key_cache, value_cache
