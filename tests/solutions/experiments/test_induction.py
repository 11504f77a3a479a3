"""Copying is measured where it is possible, and ablation touches the heads that it names."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from solutions.emergence import repeated_sequences
from solutions.experiments import induction
from solutions.transformer import Transformer


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Copier:
    """Predicts for each token what followed it when it stood in the sequence last."""

    def hidden_states(self, tokens, head_scales=None):
        predicted = torch.zeros_like(tokens)
        for row, sequence in enumerate(tokens.tolist()):
            for i, token in enumerate(sequence):
                earlier = [j for j in range(i) if sequence[j] == token]
                predicted[row, i] = sequence[earlier[-1] + 1] if earlier else -1
        return F.one_hot(predicted + 1, 102).float()

    def logits(self, hidden):
        return hidden[..., 1:]


def test_whoever_copies_scores_one_and_whoever_does_not_scores_chance():
    different = torch.stack([torch.randperm(100, generator=seeded(i))[:12] for i in range(20)])
    sequences = torch.cat([different, different], dim=1)
    assert induction.copying_accuracy(Copier(), sequences) == 1
    unrelated = torch.cat([different, (different + 1) % 100], dim=1)
    assert induction.copying_accuracy(Copier(), unrelated) < 0.1


@pytest.fixture(scope="module")
def model() -> Transformer:
    return Transformer(induction.configuration(2), causal=True, generator=seeded()).eval()


def test_the_losses_and_accuracy_of_a_measurement_are_those_of_the_halves(model):
    sequences = repeated_sequences(5, 24, 32, seeded())
    measured = induction.measure(model, sequences)
    with torch.no_grad():
        log_probability = model(sequences).log_softmax(dim=-1)
    losses = -log_probability[:, :-1].gather(-1, sequences[:, 1:, None]).squeeze(-1)
    assert measured["first loss"] == pytest.approx(losses[:, :23].mean().item(), rel=1e-5)
    assert measured["second loss"] == pytest.approx(losses[:, 24:].mean().item(), rel=1e-5)
    right = log_probability[:, 24:-1].argmax(dim=-1) == sequences[:, 25:]
    assert measured["copying"] == pytest.approx(right.double().mean().item())


def test_an_untrained_head_weighs_the_past_alike(model):
    sequences = repeated_sequences(5, 24, 32, seeded())
    expected = sum(1 / seen for seen in range(25, 49)) / 24
    scores = induction.prefix_matching(model, sequences)
    torch.testing.assert_close(scores, torch.full((2, 2), expected), rtol=0.05, atol=0)
    expected = sum(1 / seen for seen in range(2, 49)) / 47
    before = induction.previous_token(model, sequences)
    torch.testing.assert_close(before, torch.full((2, 2), expected), rtol=0.05, atol=0)


def test_scales_are_zero_at_the_ablated_heads_only():
    scales = induction.head_scales(3, 2, [(0, 1), (2, 0)])
    assert scales.tolist() == [[1, 0], [1, 1], [0, 1]]


def test_top_heads_are_named_by_layer_and_head():
    scores = torch.tensor([[0.1, 0.9, 0.3], [0.2, 0.0, 0.8]])
    assert induction.top_heads(scores, 3) == [(0, 1), (1, 2), (0, 2)]


def test_matched_heads_are_others_of_the_same_layers():
    chosen = [(4, 1), (2, 0), (4, 3)]
    seen = set()
    for seed in range(60):
        drawn = induction.matched_heads(chosen, 5, seeded(seed))
        assert sorted(layer for layer, _ in drawn) == [2, 4, 4]
        assert not set(drawn) & set(chosen)
        assert len(set(drawn)) == 3
        seen |= set(drawn)
    assert seen == {(2, h) for h in (1, 2, 3, 4)} | {(4, h) for h in (0, 2, 4)}


def test_a_layer_without_enough_other_heads_is_refused():
    with pytest.raises(ValueError, match="layer 0"):
        induction.matched_heads([(0, 0), (0, 1)], 3, seeded())
