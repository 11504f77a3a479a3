"""Images for a transformer: digits as patches, a classifier, and a prefix for a text model.

The encoder is the transformer of every other chapter, bidirectional, given patches in the place of
tokens. The reader puts what the encoder makes of an image in front of a text model, and learns to
let it name the digit, with the text model's weights trained too or left as they are.
"""

import copy
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from solutions.embeddings import patchify, splice_image
from solutions.experiments.base_model import Vocabulary
from solutions.experiments.loop import Recipe, token_loss, train
from solutions.transformer import Cache, Configuration, Transformer

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PATCH_SIZE = 2
ENCODER = Configuration(context_length=16, layers=2, width=64, heads=4, output=False)
PLACEHOLDER = b"\xff"  # a byte that stands in no UTF-8 text
PROMPT = " This is the number"  # after the image
ANSWER_END = "."


class ImageEncoder(nn.Module):
    """Patches, each turned into a vector by one linear map, then a bidirectional transformer."""

    def __init__(
        self,
        generator: torch.Generator,
        configuration: Configuration = ENCODER,
        patch_size: int = PATCH_SIZE,
    ) -> None:
        """Draw all weights."""
        super().__init__()
        self.patch_size = patch_size
        self.embedding = nn.Linear(patch_size**2, configuration.width)
        nn.init.normal_(self.embedding.weight, std=0.5, generator=generator)
        nn.init.zeros_(self.embedding.bias)
        self.transformer = Transformer(configuration, causal=False, generator=generator)
        if configuration.positions == "learned":
            # as large as the patches: small ones are drowned by them, and learned slowly
            place = self.transformer.position_embedding.weight
            nn.init.normal_(place, std=0.5, generator=generator)

    def forward(self, images: Tensor, order: Tensor | None = None) -> Tensor:
        """Turn images (batch, height, width) into vectors (batch, patches, width).

        Args:
            images: ink from 0 to 1.
            order: (batch, patches), a permutation in each row, to lay the patches out in another
                order; None for reading order.
        """
        patches = patchify(images[:, None], self.patch_size)
        if order is not None:
            patches = patches.gather(1, order[:, :, None].expand_as(patches))
        return self.transformer(embeddings=self.embedding(patches))


class DigitClassifier(nn.Module):
    """The mean of an encoder's vectors, and a linear layer to the ten digits."""

    def __init__(self, generator: torch.Generator, configuration: Configuration = ENCODER) -> None:
        """Draw all weights."""
        super().__init__()
        self.encoder = ImageEncoder(generator, configuration)
        self.output = nn.Linear(configuration.width, len(NAMES))
        nn.init.normal_(self.output.weight, std=0.02, generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, images: Tensor, order: Tensor | None = None) -> Tensor:
        """(batch, height, width) -> logits (batch, 10)."""
        return self.output(self.encoder(images, order).mean(dim=1))


def random_orders(count: int, patches: int, generator: torch.Generator) -> Tensor:
    """Draw a permutation of the patches for each image, (count, patches)."""
    return torch.rand(count, patches, generator=generator).argsort(dim=1)


def train_classifier(
    images: Tensor,
    labels: Tensor,
    seed: int,
    *,
    shuffled: bool = False,
    configuration: Configuration = ENCODER,
    steps: int = 200,
) -> DigitClassifier:
    """Train a classifier of digits.

    Args:
        images: (count, height, width), ink from 0 to 1.
        labels: (count,) int64.
        seed: of weights, batches and orders.
        shuffled: whether each image's patches come in an order of its own, every time another.
        configuration: of the encoder.
        steps: how many updates, of 64 images each.
    """
    generator = torch.Generator().manual_seed(seed)
    model = DigitClassifier(generator, configuration)
    patches = configuration.context_length

    def loss(model: DigitClassifier, step: int) -> Tensor:
        some = torch.randint(len(images), (64,), generator=generator)
        order = random_orders(len(some), patches, generator) if shuffled else None
        return F.cross_entropy(model(images[some], order), labels[some])

    train(model, loss, Recipe(steps, peak=3e-3, warmup_steps=steps // 10, floor=3e-4))
    return model.eval()


class ImageReader(nn.Module):
    """A text model that gets an image's vectors in the place of a placeholder.

    One linear map leads from the encoder's width to the text model's.
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        text_model: Transformer,
        vocabulary: Vocabulary,
        generator: torch.Generator,
    ) -> None:
        """Take encoder and text model as they are and draw the linear map."""
        super().__init__()
        self.encoder = encoder
        self.text_model = text_model
        self.vocabulary = vocabulary
        self.placeholder = vocabulary.tokens.index(PLACEHOLDER)
        self.map = nn.Linear(
            encoder.transformer.configuration.width, text_model.configuration.width
        )
        nn.init.normal_(self.map.weight, std=0.02, generator=generator)
        nn.init.zeros_(self.map.bias)

    def spliced(self, images: Tensor, tokens: Tensor, order: Tensor | None = None) -> Tensor:
        """Return the text's embeddings with the image's vectors in them.

        Args:
            images: (batch, height, width).
            tokens: (batch, length), each row with the placeholder once.
            order: of the patches, as in `ImageEncoder`.

        Returns:
            (batch, length - 1 + patches, width).
        """
        words = self.text_model.token_embedding(tokens)
        vectors = self.map(self.encoder(images, order))
        return splice_image(words, tokens, vectors, self.placeholder)

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits at the positions of the text, (batch, length - 1, vocabulary_size).

        Those of the image's positions are left out; the text must begin with the placeholder.
        """
        hidden = self.text_model.hidden_states(embeddings=self.spliced(images, tokens))
        return self.text_model.logits(hidden[:, 1 - tokens.shape[1] :])


def captions(
    labels: Sequence[int], vocabulary: Vocabulary, prompt: str = PROMPT
) -> tuple[Tensor, Tensor]:
    """Write what is to be learned for each label: placeholder, prompt, name of the digit, a stop.

    Returns:
        tokens: (batch, length), padded with the end token.
        targets: (batch, length - 1): after each token but the placeholder, the one that follows;
            -100 in the prompt and in the padding. The last one has none.
    """
    placeholder = vocabulary.tokens.index(PLACEHOLDER)
    start = [placeholder, *vocabulary.encode(prompt)]
    rows = [vocabulary.encode(f" {NAMES[label]}{ANSWER_END}") for label in labels]
    length = len(start) + max(map(len, rows))
    tokens = torch.full((len(rows), length), vocabulary.end)
    targets = torch.full((len(rows), length - 1), -100)
    for row, answer in enumerate(rows):
        whole = torch.tensor([*start, *answer])
        tokens[row, : len(whole)] = whole
        targets[row, len(start) - 2 : len(whole) - 2] = whole[len(start) :]
    return tokens, targets


def train_reader(
    encoder: ImageEncoder,
    text_model: Transformer,
    vocabulary: Vocabulary,
    images: Tensor,
    labels: Tensor,
    seed: int,
    *,
    train_text: bool = True,
    steps: int = 60,
) -> ImageReader:
    """Teach a text model to name the digit in an image.

    Args:
        encoder: where to start from; a copy of it is trained.
        text_model: causal, with an output; where to start from, too.
        vocabulary: the text model's.
        images: (count, height, width).
        labels: (count,) int64.
        seed: of the linear map and the batches.
        train_text: whether the text model's weights are trained too, or stay as they are.
        steps: how many updates, of 32 images each.
    """
    generator = torch.Generator().manual_seed(seed)
    encoder = copy.deepcopy(encoder).requires_grad_(True)
    text_model = copy.deepcopy(text_model).requires_grad_(train_text)
    reader = ImageReader(encoder, text_model, vocabulary, generator)
    tokens, targets = captions(range(len(NAMES)), vocabulary)

    def loss(reader: ImageReader, step: int) -> Tensor:
        some = torch.randint(len(images), (32,), generator=generator)
        digit = labels[some]
        return token_loss(reader(images[some], tokens[digit]), targets[digit])

    train(reader, loss, Recipe(steps, peak=3e-3, warmup_steps=steps // 10, floor=3e-4))
    return reader.eval()


@torch.no_grad()
def write_after(reader: ImageReader, embeddings: Tensor, new_tokens: int = 6) -> list[str]:
    """Let the text model continue, always with the likeliest token; cut at the first stop.

    Args:
        reader: whose text model writes.
        embeddings: (batch, length, width), what it has read.
        new_tokens: how many to write at most.
    """
    model, cache, written = reader.text_model, Cache(), []
    hidden = model.hidden_states(embeddings=embeddings, cache=cache)
    for _ in range(new_tokens):
        written.append(model.logits(hidden[:, -1]).argmax(dim=-1))
        hidden = model.hidden_states(written[-1][:, None], cache=cache)
    texts = (reader.vocabulary.decode(row.tolist()) for row in torch.stack(written, dim=1))
    return [text.partition(ANSWER_END)[0].strip() for text in texts]


@torch.no_grad()
def describe(
    reader: ImageReader, images: Tensor | None, order: Tensor | None = None, prompt: str = PROMPT
) -> list[str]:
    """Return what the text model writes after the image and the prompt.

    Args:
        reader: as trained.
        images: (batch, height, width); None for the prompt alone, without an image.
        order: of the patches, as in `ImageEncoder`.
        prompt: what stands after the image.
    """
    tokens = torch.tensor([[reader.placeholder, *reader.vocabulary.encode(prompt)]])
    if images is None:
        return write_after(reader, reader.text_model.token_embedding(tokens[:, 1:]))
    return write_after(reader, reader.spliced(images, tokens.repeat(len(images), 1), order))


def share_named(texts: Sequence[str], labels: Tensor) -> float:
    """Return the share of texts that are the name of the digit, letter for letter."""
    right = [text == NAMES[label] for text, label in zip(texts, labels.tolist(), strict=True)]
    return sum(right) / len(right)


def accuracy(classify: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor) -> float:
    """Return the share of images whose largest logit is the right digit's."""
    with torch.no_grad():
        return (classify(images).argmax(dim=-1) == labels).double().mean().item()
