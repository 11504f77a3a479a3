"""One pass gives what a prompt for every number of examples gives, and prompts are drawn fairly."""

import pytest
import torch

from solutions.emergence import few_shot_prompt
from solutions.experiments.in_context import Item, Task, answer, draw_prompts, encode_prompt, tasks
from solutions.materials import pretrained
from solutions.transformer import Configuration, Transformer


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def tokenizer():
    return pretrained.smollm2_tokenizer()


@pytest.fixture(scope="module")
def every_task(tokenizer):
    return tasks(tokenizer)


@pytest.fixture(scope="module")
def model() -> Transformer:
    configuration = Configuration(
        vocabulary_size=49_152, context_length=256, layers=2, width=8, heads=2, positions="rotary"
    )
    model = Transformer(configuration, causal=True, generator=seeded()).eval()
    with torch.no_grad():  # as large as a trained model's, so that attention matters
        for parameter in model.blocks.parameters():
            parameter.mul_(20)
    return model


def test_one_pass_answers_as_separate_prompts_would(model, tokenizer, every_task):
    prompts = draw_prompts(every_task["capital"], 3, seeded(), random_labels=True)
    # some answers the model really gives, so that there are right ones to be found
    for items in prompts:
        for k in (0, 5, 16):
            ids = encode_prompt(tokenizer, items)[0][: encode_prompt(tokenizer, items)[1][k] + 1]
            said = model(torch.tensor([ids]))[0, -1].argmax().item()
            items[k] = Item(items[k].question, items[k].shown, f"{said}")

    class Numbers:
        """The model's tokenizer, to which an answer that is a number is that token."""

        def encode(self, text):
            plain = tokenizer.encode(text)
            return type("", (), {"ids": [int(text)] if text.strip().isdigit() else plain.ids})

    found = answer(model, Numbers(), prompts, batch=2)
    for items, said in zip(prompts, found.said, strict=True):
        for k, item in enumerate(items):
            shown = [(other.question, other.shown) for other in items[:k]]
            ids = tokenizer.encode(few_shot_prompt(shown, item.question)).ids
            with torch.no_grad():
                likeliest = model(torch.tensor([ids]))[0, -1].argmax().item()
            assert said[k] == ([likeliest] == Numbers().encode(f" {item.answer}").ids)
    assert found.said[:, [0, 5, 16]].all()


def test_the_best_of_the_answers_is_right_at_least_as_often_as_the_best_of_all_tokens(
    model, tokenizer, every_task
):
    found = answer(model, tokenizer, draw_prompts(every_task["sentiment"], 4, seeded()))
    assert (found.chosen >= found.said).all()
    assert found.chosen.shape == (4, 9)


def test_ablating_every_head_changes_answers_and_scales_of_one_do_not(model, tokenizer, every_task):
    prompts = draw_prompts(every_task["first letter"], 4, seeded())
    plain = answer(model, tokenizer, prompts)
    whole = answer(model, tokenizer, prompts, head_scales=torch.ones(2, 2))
    none = answer(model, tokenizer, prompts, head_scales=torch.zeros(2, 2))
    assert torch.equal(plain.chosen, whole.chosen)
    assert not torch.equal(plain.chosen, none.chosen)


def test_true_and_random_labels_ask_the_same_questions(every_task):
    task = every_task["antonym"]
    true = draw_prompts(task, 20, seeded(3))
    random = draw_prompts(task, 20, seeded(3), random_labels=True)
    for with_true, with_random in zip(true, random, strict=True):
        assert [(i.question, i.answer) for i in with_true] == [
            (i.question, i.answer) for i in with_random
        ]
        assert all(item.shown == item.answer for item in with_true)
        assert len({item.question for item in with_true}) == len(with_true) == 17
    items = [item for items in random for item in items]
    answers = {answer for _, answer in task.pairs}
    assert all(item.shown in answers for item in items)
    # each of 340 labels is right by chance once in 63 times
    assert sum(item.shown == item.answer for item in items) < 25


def test_every_answer_is_one_token_and_every_question_has_one(tokenizer, every_task):
    assert len(every_task) == 6
    for task in every_task.values():
        assert len(dict(task.pairs)) == len(task.pairs) > task.examples
        assert all(len(tokenizer.encode(f" {right}").ids) == 1 for _, right in task.pairs)


def test_the_antonyms_written_here_are_all_used(every_task):
    assert len(every_task["antonym"].pairs) == 63


def test_half_of_the_reviews_are_positive(every_task):
    labels = [label for _, label in every_task["sentiment"].pairs]
    assert labels.count("positive") == labels.count("negative") >= 50


def test_a_prompt_that_does_not_continue_the_shorter_one_is_refused(tokenizer):
    task = Task((("a", "b"), (" c", "d")), examples=1)
    prompts = draw_prompts(task, 1, seeded())
    items = sorted(prompts[0], key=lambda item: item.question, reverse=True)

    class Whole:
        """A tokenizer whose tokens are whole texts."""

        def encode(self, text):
            return type("", (), {"ids": [hash(text)]})

    with pytest.raises(ValueError, match="beginning"):
        encode_prompt(Whole(), items)
