"""Images as patches: what reaches the transformer, the text model, and the words it writes."""

import pytest
import torch

from solutions.experiments.base_model import END, Vocabulary
from solutions.experiments.image_encoder import (
    NAMES,
    PROMPT,
    DigitClassifier,
    ImageEncoder,
    ImageReader,
    accuracy,
    captions,
    describe,
    random_orders,
    share_named,
    train_classifier,
    train_reader,
    write_after,
)
from solutions.transformer import Configuration, Transformer, generate

ALPHABET = [bytes([byte]) for byte in range(256)]
SMALL = Configuration(context_length=16, layers=1, width=16, heads=2, output=False)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary([*ALPHABET, END.encode()], [])


@pytest.fixture
def text_model() -> Transformer:
    configuration = Configuration(
        vocabulary_size=257, context_length=64, layers=1, width=24, heads=2
    )
    return Transformer(configuration, causal=True, generator=seeded(1)).eval()


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_reading_order_is_an_order_like_any_other():
    encoder = ImageEncoder(seeded(0), SMALL).eval()
    images = torch.rand(3, 8, 8, generator=seeded(1))
    in_order = torch.arange(16).repeat(3, 1)
    torch.testing.assert_close(encoder(images, in_order), encoder(images))
    assert not torch.allclose(encoder(images, in_order.flip(1)), encoder(images))


def test_each_image_has_a_permutation_of_its_own():
    orders = random_orders(50, 16, seeded(0))
    assert torch.equal(orders.sort(dim=1).values, torch.arange(16).repeat(50, 1))
    assert len(set(map(tuple, orders.tolist()))) == 50


def test_without_positions_the_order_of_patches_changes_no_answer():
    configuration = Configuration(
        context_length=16, layers=1, width=16, heads=2, output=False, positions=None
    )
    model = DigitClassifier(seeded(0), configuration).eval()
    images = torch.rand(4, 8, 8, generator=seeded(1))
    orders = random_orders(4, 16, seeded(2))
    torch.testing.assert_close(model(images, orders), model(images))


def test_a_classifier_learns_what_only_the_place_of_ink_tells():
    # the upper half is inked, or the lower
    labels = torch.randint(2, (200,), generator=seeded(0))
    images = torch.zeros(200, 2, 4, 8)
    images[torch.arange(200), labels] = 1
    images = images.view(200, 8, 8)
    model = train_classifier(images, labels, 0, steps=60)
    assert accuracy(model, images, labels) == 1
    blind = train_classifier(images, labels, 0, steps=60, shuffled=True)
    orders = random_orders(200, 16, seeded(3))
    assert accuracy(lambda x: blind(x, orders), images, labels) < 0.7


def test_captions_score_the_name_and_the_stop_only(vocabulary):
    tokens, targets = captions([7, 0], vocabulary, " is")
    assert bytes(tokens[0].tolist()) == b"\xff is seven."
    assert tokens[1].tolist() == [*b"\xff is zero.", vocabulary.end]
    assert targets[0].tolist() == [-100, -100, *b" seven.", -100]
    assert targets[1].tolist() == [-100, -100, *b" zero.", -100, -100]


def test_logits_stand_where_the_words_are(vocabulary, text_model):
    reader = ImageReader(ImageEncoder(seeded(0), SMALL), text_model, vocabulary, seeded(2)).eval()
    images = torch.rand(2, 8, 8, generator=seeded(3))
    tokens, targets = captions([3, 4], vocabulary)
    logits = reader(images, tokens)
    assert logits.shape[:2] == targets.shape
    # what follows cannot be seen
    changed = tokens.clone()
    changed[:, -1] = 0
    torch.testing.assert_close(reader(images, changed)[:, :-1], logits[:, :-1])
    assert not torch.allclose(reader(images.flip(0), tokens)[:, 0], logits[:, 0])


def test_writing_is_what_generate_gives_for_text_alone(vocabulary, text_model):
    reader = ImageReader(ImageEncoder(seeded(0), SMALL), text_model, vocabulary, seeded(2))
    prompt = torch.tensor([vocabulary.encode(PROMPT)])
    expected = generate(text_model, prompt, 6, temperature=0)[0, prompt.shape[1] :]
    expected = vocabulary.decode(expected.tolist()).partition(".")[0].strip()
    assert write_after(reader, text_model.token_embedding(prompt)) == [expected]
    assert describe(reader, None) == [expected]


@pytest.mark.parametrize("train_text", [True, False])
def test_teaching_changes_the_text_model_only_if_asked(vocabulary, text_model, train_text):
    before = {name: weight.clone() for name, weight in text_model.state_dict().items()}
    images = torch.rand(20, 8, 8, generator=seeded(0))
    labels = torch.arange(20) % 10
    encoder = ImageEncoder(seeded(0), SMALL)
    start = encoder.embedding.weight.detach().clone()
    reader = train_reader(
        encoder, text_model, vocabulary, images, labels, 0, train_text=train_text, steps=3
    )
    after = reader.text_model.state_dict()
    same = all(torch.equal(after[name], weight) for name, weight in before.items())
    assert same != train_text
    assert not torch.equal(reader.encoder.embedding.weight, start)
    # what was given stays as it was
    assert torch.equal(encoder.embedding.weight, start)
    assert all(torch.equal(text_model.state_dict()[name], w) for name, w in before.items())


def test_it_learns_to_write_the_name_of_what_it_is_shown(vocabulary, text_model):
    # ink everywhere or nowhere
    images = torch.zeros(20, 8, 8)
    images[10:] = 1
    labels = torch.tensor([2] * 10 + [6] * 10)
    encoder = ImageEncoder(seeded(0), SMALL)
    reader = train_reader(encoder, text_model, vocabulary, images, labels, 0, steps=80)
    assert describe(reader, images[[0, 19]]) == ["two", "six"]


def test_only_the_whole_name_counts():
    labels = torch.tensor([1, 2, 3, 4])
    assert share_named(["one", "two two", "Three", "four"], labels) == 0.5
    assert len(NAMES) == 10
