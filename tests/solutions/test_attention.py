"""Attention equals PyTorch's and transformers' own, and keeps what its docstrings promise."""

import doctest
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding

from solutions import attention

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def random_mask(*shape: int, seed: int = 0) -> torch.Tensor:
    """Half True; some rows are wholly masked once there are enough of them."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) < 0.5


def test_the_examples_in_the_docstrings_are_true():
    results = doctest.testmod(attention)
    assert results.attempted >= 8
    assert results.failed == 0


@given(sizes, sizes, st.sampled_from([0.1, 1.0, 100.0]), seeds)
def test_softmax_equals_pytorchs(rows, length, scale, seed):
    scores = random(rows, length, seed=seed, dtype=torch.float64) * scale
    torch.testing.assert_close(attention.softmax(scores), scores.softmax(dim=-1))


def test_softmax_survives_huge_scores():
    scores = torch.tensor([[1e30, 1e30], [-1e30, 0.0], [3e38, -3e38]])
    expected = torch.tensor([[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]])
    torch.testing.assert_close(attention.softmax(scores), expected)


@given(sizes, sizes, seeds)
def test_a_masked_score_has_no_weight_and_no_influence(rows, length, seed):
    scores, mask = random(rows, length, seed=seed), random_mask(rows, length, seed=seed)
    weights = attention.softmax(scores, mask)
    assert (weights[~mask] == 0).all()
    assert torch.equal(weights, attention.softmax(scores.masked_fill(~mask, 1e30), mask))
    kept = torch.where(mask.any(dim=-1), 1.0, 0.0)
    torch.testing.assert_close(weights.sum(dim=-1), kept)


def test_a_wholly_masked_row_gives_zeros_and_finite_gradients():
    scores = random(2, 3).requires_grad_()
    weights = attention.softmax(scores, torch.tensor([[False] * 3, [True, False, True]]))
    assert (weights[0] == 0).all()
    (weights * random(2, 3, seed=1)).sum().backward()
    assert (scores.grad[0] == 0).all()
    assert scores.grad[1].isfinite().all()
    assert (scores.grad[1] != 0).any()


@given(sizes, sizes, sizes, sizes, st.booleans(), seeds)
def test_attention_equals_pytorchs(queries, keys, head_width, value_width, masked, seed):
    query = random(2, 3, queries, head_width, seed=seed, dtype=torch.float64)
    key = random(2, 3, keys, head_width, seed=seed + 1, dtype=torch.float64)
    value = random(2, 3, keys, value_width, seed=seed + 2, dtype=torch.float64)
    mask = random_mask(2, 1, queries, keys, seed=seed) if masked else None
    expected = functional.scaled_dot_product_attention(query, key, value, mask)
    ours = attention.scaled_dot_product_attention(query, key, value, mask)
    torch.testing.assert_close(ours, expected.nan_to_num())


def test_attention_is_the_average_of_the_values_under_its_weights():
    query, key, value = random(2, 4, 5), random(2, 7, 5, seed=1), random(2, 7, 3, seed=2)
    mask = random_mask(4, 7)
    weights = attention.attention_weights(query, key, mask)
    assert weights.shape == (2, 4, 7)
    torch.testing.assert_close(
        weights @ value, attention.scaled_dot_product_attention(query, key, value, mask)
    )


def test_gradients_of_attention_are_right_where_rows_are_wholly_masked():
    tensors = [random(2, 3, seed=seed, dtype=torch.float64).requires_grad_() for seed in range(3)]
    mask = torch.tensor([[False, False], [True, False]])
    assert torch.autograd.gradcheck(
        lambda *arguments: attention.scaled_dot_product_attention(*arguments, mask), tensors
    )


def test_gradients_equal_pytorchs():
    ours = [random(2, 5, 4, seed=seed, dtype=torch.float64).requires_grad_() for seed in range(3)]
    theirs = [tensor.detach().clone().requires_grad_() for tensor in ours]
    attention.scaled_dot_product_attention(
        *ours, attention.causal_mask(5)
    ).square().sum().backward()
    functional.scaled_dot_product_attention(*theirs, is_causal=True).square().sum().backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_the_causal_mask_equals_pytorchs():
    for length in (0, 1, 2, 7):
        theirs = nn.Transformer.generate_square_subsequent_mask(length)
        assert torch.equal(attention.causal_mask(length), theirs == 0)


def test_the_padding_mask_is_true_at_real_positions_and_broadcasts():
    lengths = torch.tensor([0, 2, 5])
    mask = attention.padding_mask(lengths, 5)
    assert mask.shape == (3, 1, 1, 5)
    assert mask.dtype == torch.bool
    for row, length in zip(mask[:, 0, 0].tolist(), (0, 2, 5), strict=True):
        assert row == [True] * length + [False] * (5 - length)
    x = random(3, 2, 5, 4)
    hidden_changed = torch.where(mask.transpose(-1, -2), x, 9.0)
    torch.testing.assert_close(
        attention.scaled_dot_product_attention(x, hidden_changed, hidden_changed, mask),
        attention.scaled_dot_product_attention(x, x, x, mask),
    )


@given(st.integers(0, 8), st.integers(1, 12))
def test_the_sliding_window_holds_the_last_positions(length, window):
    mask = attention.sliding_window_mask(length, window)
    assert mask.dtype == torch.bool
    ones = torch.ones(length, length, dtype=torch.bool)
    assert torch.equal(mask, ones.tril() & ones.triu(1 - window))
    if window >= length:
        assert torch.equal(mask, attention.causal_mask(length))


def test_heads_are_consecutive_slices_of_the_width():
    x = random(2, 5, 12)
    heads = attention.split_heads(x, 3)
    assert heads.shape == (2, 3, 5, 4)
    for head, piece in enumerate(x.chunk(3, dim=-1)):
        assert torch.equal(heads[:, head], piece)
    assert torch.equal(attention.merge_heads(heads), x)


@pytest.mark.parametrize("causal", [True, False])
def test_multi_head_attention_equals_pytorchs(causal):
    x = random(2, 5, 12)
    theirs = nn.MultiheadAttention(12, 3, bias=False, batch_first=True)
    weights = (*theirs.in_proj_weight.chunk(3), theirs.out_proj.weight)
    mask = attention.causal_mask(5) if causal else None
    expected, _ = theirs(x, x, x, attn_mask=~mask if causal else None)
    ours = attention.multi_head_attention(x, *weights, 3, mask)
    torch.testing.assert_close(ours, expected)


@given(sizes, sizes, st.sampled_from([100.0, 10_000.0]))
def test_sinusoidal_positions_are_the_papers_sines_and_cosines(length, half, base):
    table = attention.sinusoidal_positions(length, 2 * half, base)
    assert table.shape == (length, 2 * half)
    assert table.dtype == torch.float32
    for position in range(length):
        for k in range(half):
            angle = position / base ** (2 * k / (2 * half))
            assert table[position, 2 * k].item() == pytest.approx(math.sin(angle), abs=1e-5)
            assert table[position, 2 * k + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)


def test_sinusoidal_positions_equal_transformers():
    theirs = MarianSinusoidalPositionalEmbedding(64, 16)
    theirs.weight.data = theirs.create_weight()
    ours = attention.sinusoidal_positions(64, 16)
    # theirs holds first the sines, then the cosines
    torch.testing.assert_close(ours[:, 0::2], theirs.weight[:, :8])
    torch.testing.assert_close(ours[:, 1::2], theirs.weight[:, 8:])


def test_rotary_positions_equal_transformers():
    configuration = LlamaConfig(
        hidden_size=32,
        num_attention_heads=4,
        rope_parameters={"rope_type": "default", "rope_theta": 500.0},
    )
    query, key = random(2, 4, 9, 8), random(2, 2, 9, 8, seed=1)
    positions = torch.tensor([0, 1, 2, 3, 5, 8, 100, 1000, 8191])
    cosine, sine = LlamaRotaryEmbedding(configuration)(query, positions[None])
    expected_query, expected_key = apply_rotary_pos_emb(query, key, cosine, sine)
    torch.testing.assert_close(attention.rotary_positions(query, positions, 500.0), expected_query)
    torch.testing.assert_close(attention.rotary_positions(key, positions, 500.0), expected_key)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), seeds)
def test_rotated_products_depend_only_on_the_distance(first, second, shift, seed):
    query, key = (random(1, 6, seed=seed + i, dtype=torch.float64) for i in range(2))

    def product(i: int, j: int) -> torch.Tensor:
        return (
            attention.rotary_positions(query, torch.tensor([i]))
            @ attention.rotary_positions(key, torch.tensor([j])).T
        )

    torch.testing.assert_close(product(first, second), product(first + shift, second + shift))
    rotated = attention.rotary_positions(query, torch.tensor([first]))
    torch.testing.assert_close(rotated.norm(), query.norm())


def test_rotary_angles_stay_exact_in_16_bit():
    x = torch.ones(1, 4, dtype=torch.bfloat16)
    positions = torch.tensor([8191])
    exact = attention.rotary_positions(x.double(), positions)
    torch.testing.assert_close(
        attention.rotary_positions(x, positions).double(), exact, atol=0.02, rtol=0
    )


def test_cached_steps_equal_causal_attention():
    query, key, value = random(2, 3, 6, 4), random(2, 3, 6, 4, seed=1), random(2, 3, 6, 5, seed=2)
    expected = attention.scaled_dot_product_attention(query, key, value, attention.causal_mask(6))
    key_cache, value_cache = key[:, :, :0], value[:, :, :0]
    for i in range(6):
        new = slice(i, i + 1)
        output, key_cache, value_cache = attention.cached_attention_step(
            query[:, :, new], key[:, :, new], value[:, :, new], key_cache, value_cache
        )
        torch.testing.assert_close(output, expected[:, :, new])
    assert torch.equal(key_cache, key)
    assert torch.equal(value_cache, value)


def calls(dtype: torch.dtype) -> dict[str, tuple]:
    x = random(2, 5, 12, dtype=dtype)
    heads = attention.split_heads(x, 3)
    step = heads[:, :, :1]
    weight = random(12, 12, seed=1, dtype=dtype)
    mask = attention.causal_mask(5)
    return {
        "softmax": (random(5, 5, dtype=dtype), mask),
        "attention_weights": (heads, heads, mask),
        "scaled_dot_product_attention": (heads, heads, heads, mask),
        "split_heads": (x, 3),
        "merge_heads": (heads,),
        "multi_head_attention": (x, weight, weight, weight, weight, 3, mask),
        "rotary_positions": (heads, torch.arange(5)),
        "cached_attention_step": (step, step, step, heads, heads),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", calls(torch.float32))
def test_the_dtype_is_kept_and_no_argument_changes(name, dtype):
    arguments = calls(dtype)[name]
    before = [a.clone() if isinstance(a, torch.Tensor) else a for a in arguments]
    results = getattr(attention, name)(*arguments)
    for result in results if isinstance(results, tuple) else (results,):
        assert result.dtype == dtype
        assert result.isfinite().all()
    for argument, copy in zip(arguments, before, strict=True):
        if isinstance(argument, torch.Tensor):
            assert torch.equal(argument, copy)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: attention.sliding_window_mask(3, 0), "window must be at least 1"),
        (lambda: attention.split_heads(torch.ones(1, 2, 5), 2), "width 5 .* 2 heads"),
        (lambda: attention.split_heads(torch.ones(1, 2, 4), 0), "width 4 .* 0 heads"),
        (
            lambda: attention.multi_head_attention(torch.ones(1, 2, 5), *[torch.eye(5)] * 4, 3),
            "width 5 .* 3 heads",
        ),
        (lambda: attention.sinusoidal_positions(3, 5), "width must be even"),
        (
            lambda: attention.rotary_positions(torch.ones(2, 3), torch.arange(2)),
            "head_width must be even",
        ),
    ],
)
def test_an_impossible_request_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
