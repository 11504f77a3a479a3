"""The parts of a Llama equal those of PyTorch and transformers."""

import doctest

import pytest
import torch
from torch.nn import functional
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaMLP, LlamaRMSNorm

from solutions import llama
from solutions.attention import causal_mask


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_the_examples_in_the_docstrings_are_true():
    results = doctest.testmod(llama)
    assert results.attempted >= 1
    assert results.failed == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rms_norm_equals_transformers(dtype):
    theirs = LlamaRMSNorm(6, eps=0.1).to(dtype)
    theirs.weight.data = random(6, dtype=dtype)
    x = 3 * random(2, 5, 6, seed=1, dtype=dtype)
    ours = llama.rms_norm(x, theirs.weight, 0.1)
    assert ours.dtype == dtype
    assert torch.equal(ours, theirs(x))


def test_rms_norm_equals_pytorchs_in_double_precision():
    x, weight = random(4, 6, dtype=torch.float64), random(6, seed=1, dtype=torch.float64)
    torch.testing.assert_close(
        llama.rms_norm(x, weight, 0.3), functional.rms_norm(x, (6,), weight, 0.3)
    )


def test_rms_norm_of_zeros_is_zeros_with_finite_gradients():
    x = torch.zeros(2, 4, requires_grad=True)
    y = llama.rms_norm(x, torch.ones(4))
    y.sum().backward()
    assert (y == 0).all()
    assert x.grad.isfinite().all()


def test_swiglu_equals_transformers():
    theirs = LlamaMLP(LlamaConfig(hidden_size=6, intermediate_size=10, num_attention_heads=2))
    x = random(2, 5, 6)
    ours = llama.swiglu(x, theirs.gate_proj.weight, theirs.up_proj.weight, theirs.down_proj.weight)
    torch.testing.assert_close(ours, theirs(x))


@pytest.mark.parametrize("key_value_heads", [1, 2, 3, 6])
def test_grouped_query_attention_equals_pytorchs(key_value_heads):
    query = random(2, 6, 5, 4)
    key, value = random(2, key_value_heads, 5, 4, seed=1), random(2, key_value_heads, 5, 3, seed=2)
    ours = llama.grouped_query_attention(query, key, value, causal_mask(5))
    expected = functional.scaled_dot_product_attention(
        query, key, value, is_causal=True, enable_gqa=True
    )
    torch.testing.assert_close(ours, expected)


def test_heads_that_cannot_be_shared_evenly_are_refused():
    query, key = random(1, 4, 2, 2), random(1, 3, 2, 2)
    with pytest.raises(ValueError, match="4 query heads cannot share 3 key heads"):
        llama.grouped_query_attention(query, key, key)
