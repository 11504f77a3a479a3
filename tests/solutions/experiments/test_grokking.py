"""What is measured of a grokking model is what its name says."""

import math

import pytest
import torch

from solutions.emergence import modular_addition
from solutions.experiments import grokking
from solutions.transformer import Transformer


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_table_of_two_waves_has_all_its_power_in_two_frequencies():
    n = torch.arange(41.0)
    waves = [torch.cos(2 * math.pi * k * n / 41 + k) for k in (3, 3, 11)]
    table = torch.stack(waves, dim=1) + 5
    assert grokking.frequency_share(table, 2) == pytest.approx(1)
    assert grokking.frequency_share(table, 1) == pytest.approx(2 / 3)


def test_random_numbers_have_power_everywhere():
    share = grokking.frequency_share(torch.randn(41, 10_000, generator=seeded()), 5)
    assert share == pytest.approx(5 / 20, abs=0.01)


def test_the_norm_is_that_of_all_weights_together():
    model = Transformer(grokking.CONFIGURATION, causal=True, generator=seeded())
    together = torch.cat([parameter.flatten() for parameter in model.parameters()])
    assert grokking.weight_norm(model) == pytest.approx(together.norm().item(), rel=1e-5)


def test_the_sum_is_read_after_both_summands_and_never_shown():
    model = Transformer(grokking.CONFIGURATION, causal=True, generator=seeded()).eval()
    training, test = modular_addition(grokking.MODULUS, 0.45, seeded())
    logits = grokking.sum_logits(model, training)
    other_sum = training.clone()
    other_sum[:, 2] = 0
    assert torch.equal(grokking.sum_logits(model, other_sum), logits)
    torch.testing.assert_close(logits, model(training[:, :2])[:, 1])
    measured = grokking.measure(model, training, test)
    right = (logits.argmax(dim=-1) == training[:, 2]).double().mean().item()
    assert measured["training accuracy"] == pytest.approx(right)
    assert measured["test loss"] == pytest.approx(math.log(41), abs=0.05)


def test_the_rate_is_constant_and_only_the_weight_decay_differs():
    with_decay, without = grokking.recipe(1.0), grokking.recipe(0.0)
    assert with_decay.peak == with_decay.floor
    assert (with_decay.weight_decay, without.weight_decay) == (1, 0)
    assert with_decay.steps == without.steps
