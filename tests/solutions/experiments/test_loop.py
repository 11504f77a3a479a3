"""The training loop trains, watches, and stops when it must."""

import pytest
import torch
from torch import nn

from solutions.experiments.loop import Recipe, parameter_groups, token_loss, train, training_device
from solutions.training import adamw_step, clip_gradients, learning_rate, masked_cross_entropy


def regression(seed: int = 0) -> tuple[nn.Linear, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(64, 3, generator=generator)
    model = nn.Linear(3, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    return model, x, x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3


def test_the_loop_equals_the_course_own_parts_step_by_step():
    model, x, y = regression()
    recipe = Recipe(steps=30, peak=0.1, warmup_steps=5, weight_decay=0.2, maximum_norm=0.5)
    parameters = [model.weight.detach().clone(), model.bias.detach().clone()]
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    train(model, lambda model, step: (model(x) - y).square().mean(), recipe)
    for step in range(30):
        leaves = [p.clone().requires_grad_() for p in parameters]
        (x @ leaves[0].T + leaves[1] - y).square().mean().backward()
        gradients, _ = clip_gradients([leaf.grad for leaf in leaves], 0.5)
        rate = learning_rate(step, 0.1, 5, 30)
        for i, decay in enumerate((0.2, 0.0)):
            parameters[i], *moments[i] = adamw_step(
                parameters[i], gradients[i], *moments[i], step + 1, rate, (0.9, 0.95), 1e-8, decay
            )
    torch.testing.assert_close(model.weight.detach(), parameters[0], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(model.bias.detach(), parameters[1], rtol=1e-4, atol=1e-6)


def test_training_lowers_the_loss():
    model, x, y = regression()
    history = train(
        model, lambda model, step: (model(x) - y).square().mean(), Recipe(steps=200, peak=0.1)
    )
    assert history.losses[-1] < 0.01 * history.losses[0]


def test_the_observer_sees_the_untrained_and_the_trained_model():
    model, x, y = regression()
    history = train(
        model,
        lambda model, step: (model(x) - y).square().mean(),
        Recipe(steps=10, peak=0.1),
        observe=lambda step: {"bias": model.bias.item()},
    )
    assert history.steps == [0, 10]
    assert history.column("bias") == [0.0, pytest.approx(model.bias.item())]


def test_a_loss_that_is_not_finite_stops_with_its_step():
    model, x, _ = regression()
    with pytest.raises(FloatingPointError, match="step 3"):
        train(
            model,
            lambda model, step: model(x).mean() * (float("nan") if step == 3 else 1.0),
            Recipe(steps=10),
        )


def test_frozen_parameters_stay_as_they_are():
    model, x, y = regression()
    model.weight.requires_grad_(False)
    train(model, lambda model, step: (model(x) - y).square().mean(), Recipe(steps=5, peak=0.1))
    assert torch.equal(model.weight, torch.zeros_like(model.weight))
    assert model.bias != 0


def test_biases_and_norms_do_not_decay():
    decaying, free = parameter_groups(nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)), 0.1)
    assert [p.dim() for p in decaying["params"]] == [2]
    assert [p.dim() for p in free["params"]] == [1, 1, 1]


def test_the_loss_is_the_masked_cross_entropy():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 7, generator=generator)
    targets = torch.randint(7, (3, 5), generator=generator)
    targets[0, :4] = -100
    torch.testing.assert_close(token_loss(logits, targets), masked_cross_entropy(logits, targets))


def test_training_stays_on_the_cpu_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("INSIDE_LANGUAGE_MODELS_DEVICE", raising=False)
    assert training_device() == torch.device("cpu")
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_DEVICE", "auto")
    assert training_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_DEVICE", "abacus")
    with pytest.raises(ValueError, match="'abacus', which PyTorch cannot use here"):
        training_device()
