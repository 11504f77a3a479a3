"""Heads, freezing and adapters: what is trained, what is not, and that adapters can be merged."""

import copy

import pytest
import torch

from solutions.experiments import fine_tuning
from solutions.experiments.fine_tuning import Classifier
from solutions.experiments.loop import Recipe, train
from solutions.training import instruction_example, masked_cross_entropy
from solutions.transformer import Configuration, Transformer

SMALL = Configuration(vocabulary_size=11, context_length=12, layers=2, width=8, heads=2)


def classifier(seed: int = 0) -> Classifier:
    generator = torch.Generator().manual_seed(seed)
    return Classifier(Transformer(SMALL, causal=True, generator=generator), 3, generator)


def example_batch() -> tuple[torch.Tensor, torch.Tensor]:
    return fine_tuning.pad_right([[1, 2, 3], [4], [5, 6, 7, 8, 9]], 12)


def test_a_texts_scores_do_not_depend_on_the_batch_it_is_padded_in():
    model = classifier()
    alone = model(*fine_tuning.pad_right([[1, 2, 3]], 12))
    torch.testing.assert_close(model(*example_batch())[:1], alone)


def test_texts_are_cut_at_the_end_and_padding_is_marked():
    tokens, real = fine_tuning.pad_right([[1, 2, 3, 4], [5]], 3)
    assert tokens.tolist() == [[1, 2, 3], [5, 0, 0]]
    assert real.tolist() == [[True, True, True], [True, False, False]]


@pytest.mark.parametrize("method", ["full", "last block", "head", "LoRA"])
def test_each_method_changes_what_it_says_and_nothing_else(method):
    model = classifier()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fine_tuning.prepare(model, method, rank=2)
    counted = fine_tuning.count_trained(model)
    tokens, real = example_batch()
    labels = torch.tensor([0, 1, 2])
    train(
        model,
        lambda model, step: torch.nn.functional.cross_entropy(model(tokens, real), labels),
        Recipe(steps=3, peak=0.01),
    )
    after = model.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    added = {name for name in after if name not in before}
    expected = {
        # a position that no text reaches has no gradient, but is decayed
        "full": set(before),
        "last block": {n for n in before if n.startswith(("body.blocks.1.", "body.final", "head"))},
        "head": {"head.weight", "head.bias"},
        "LoRA": {"head.weight", "head.bias"},
    }[method]
    # a key's bias adds the same to all scores of a query, so its gradient is rounding error
    assert {n for n in changed ^ expected if not n.endswith("key.bias")} == set()
    assert (method == "LoRA") == bool(added)
    assert counted == sum(after[name].numel() for name in expected | added)


def test_a_method_without_a_name_is_refused():
    with pytest.raises(ValueError, match="'lora'"):
        fine_tuning.prepare(classifier(), "lora")


def test_adapters_start_as_the_model_and_are_merged_into_what_they_became():
    model = classifier()
    tokens, real = example_batch()
    before = model(tokens, real)
    names = set(model.state_dict())
    fine_tuning.prepare(model, "LoRA", rank=2, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(model(tokens, real), before)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("up"):
                parameter.normal_(generator=torch.Generator().manual_seed(2))
    adapted = model(tokens, real)
    assert not torch.allclose(adapted, before, atol=1e-2)
    merged = copy.deepcopy(model)
    fine_tuning.merge_adapters(merged)
    assert set(merged.state_dict()) == names
    torch.testing.assert_close(merged(tokens, real), adapted, rtol=1e-4, atol=1e-5)


def test_the_loss_of_answers_is_the_masked_cross_entropy():
    model = classifier().body
    examples = [instruction_example([1, 2, 3], [4, 5], 0), instruction_example([6], [7], 0)]
    tokens, targets = fine_tuning.pad_examples(examples)
    assert targets.tolist() == [[-100, -100, 4, 5, 0], [7, 0, -100, -100, -100]]
    torch.testing.assert_close(
        fine_tuning.answer_loss(model, tokens, targets),
        masked_cross_entropy(model(tokens), targets),
    )


def test_batches_hold_every_text_once_and_texts_of_like_length():
    lengths = torch.randint(1, 100, (203,), generator=torch.Generator().manual_seed(0)).tolist()
    batches = fine_tuning.batches_of_like_length(lengths, 16, torch.Generator().manual_seed(1))
    assert sorted(i for batch in batches for i in batch) == list(range(203))
    spread = [max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in batches]
    assert max(spread) < 20
    again = fine_tuning.batches_of_like_length(lengths, 16, torch.Generator().manual_seed(2))
    assert {frozenset(batch) for batch in batches} != {frozenset(batch) for batch in again}
