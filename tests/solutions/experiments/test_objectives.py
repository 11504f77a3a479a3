"""Masked and causal training get the same compute, and are measured on the same tokens."""

import math

import pytest
import torch

from solutions.experiments import objectives
from solutions.experiments.objectives import (
    CONFIGURATION,
    HIDDEN,
    MASK,
    OBJECTIVES,
    VOCABULARY_SIZE,
    measure,
    operations,
    steps,
    training_loss,
    untrained,
)

TEXT = torch.randint(VOCABULARY_SIZE, (2_000,), generator=torch.Generator().manual_seed(0))


def test_all_objectives_get_the_same_compute():
    spent = [
        steps(objective) * operations(CONFIGURATION, objective.rate)
        for objective in OBJECTIVES.values()
    ]
    assert max(spent) / min(spent) < 1.005


def test_operations_count_the_weights_that_a_position_meets():
    model = untrained(0, causal=True)
    matrices = sum(weight.numel() for weight in model.blocks.parameters() if weight.dim() == 2)
    output = model.token_embedding.weight.numel()
    attention = CONFIGURATION.layers * 2 * CONFIGURATION.width * CONFIGURATION.context_length
    assert operations(CONFIGURATION, 1.0) == 6 * (matrices + attention + output)
    assert operations(CONFIGURATION, 0.0) == 6 * (matrices + attention)


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_training_starts_at_an_even_guess(name):
    model = untrained(0, causal=OBJECTIVES[name].causal)
    loss = training_loss(model, TEXT, OBJECTIVES[name], torch.Generator().manual_seed(0))
    assert loss.item() == pytest.approx(math.log(VOCABULARY_SIZE + 1), abs=0.1)


@pytest.mark.parametrize("causal", [True, False])
def test_what_is_measured_is_not_in_sight(causal):
    model = untrained(0, causal=causal)
    windows = TEXT[:1_280].reshape(20, 64)
    seen = []
    hidden_states = model.hidden_states
    model.hidden_states = lambda tokens: (seen.append(tokens), hidden_states(tokens))[1]
    measure(model, windows)
    if causal:
        assert torch.equal(seen[0], windows[:, :31])
        assert torch.equal(seen[1], windows)
        assert model.causal
    else:
        assert seen[0].shape == (20, 32)
        assert (seen[0][:, -1] == MASK).all()
        assert (seen[1][:, HIDDEN] == MASK).all()


def test_a_model_that_knows_the_hidden_tokens_has_no_loss():
    windows = TEXT[:128].reshape(2, 64)
    answers = torch.nn.functional.one_hot(windows, VOCABULARY_SIZE + 1) * 100.0

    class Oracle:
        causal = False

        def hidden_states(self, tokens):
            return answers[:, : tokens.shape[1]]

        def logits(self, hidden):
            return hidden

    assert measure(Oracle(), windows) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))


def test_letters_are_numbered_and_all_else_is_one_space():
    assert objectives.letters("A b--Z\n9é!c") == [1, 0, 2, 0, 26, 0, 3]
    assert objectives.read(["ab", "c"]).tolist() == [1, 2, 0, 3]


def test_counting_both_neighbors_beats_one_and_one_beats_none(monkeypatch):
    # every second letter is the sum of its neighbors, which are random: it takes both to tell
    drawn = torch.randint(3, (3_001,), generator=torch.Generator().manual_seed(0))
    text = torch.stack(((drawn[:-1] + drawn[1:]) % 3 + 3, drawn[1:]), dim=1).flatten()
    windows = text[:1_280].reshape(20, 64)
    monkeypatch.setattr(objectives, "texts", lambda: (text, windows))
    counted = objectives.counted()
    assert counted["both neighbors"] < 0.1
    assert counted["the letter before"] == pytest.approx(math.log(3), abs=0.1)
    assert counted["frequencies"] == pytest.approx(math.log(6), abs=0.1)
