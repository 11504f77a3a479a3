"""The course's base model: a small GPT, trained once on real text and carried through the chapters.

`base_model()` returns it. `python -m solutions.experiments.base_model` trains it anew.
"""

import functools
import hashlib
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from solutions import tokenization
from solutions.experiments.anew import main
from solutions.experiments.loop import Recipe, token_loss, train, training_device
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, made_once, trained
from solutions.materials.corpora import Split
from solutions.self_supervision import next_token_pairs, sample_batch
from solutions.transformer import Configuration, Transformer, generate

END = "<|end|>"
VOCABULARY_SIZE = 2_048
CONFIGURATION = Configuration(
    vocabulary_size=VOCABULARY_SIZE,
    context_length=128,
    layers=4,
    width=128,
    heads=4,
    positions="rotary",
)
RECIPE = Recipe(steps=1_800, peak=5e-3, warmup_steps=100, floor=1e-4)
BATCH = 8
SEED = 0
OBSERVED_STEPS = (0, 25, 50, 100, 200, 300, 450, 600, 900, 1_200, 1_500, 1_800)
PROMPT = "The"


@dataclass(frozen=True)
class Vocabulary:
    """The base model's tokens: a byte-level vocabulary of its own and the end of a document.

    Attributes:
        tokens: the bytes of each id; the last one is `END`.
        merges: the merges in the order in which they were learned.
    """

    tokens: list[bytes]
    merges: list[tuple[bytes, bytes]]

    @property
    def end(self) -> int:
        """The id that ends a document, and later an answer."""
        return len(self.tokens) - 1

    def encode(self, text: str) -> list[int]:
        """Turn text into ids; `<|end|>` in the text becomes the end token."""
        return tokenization.encode(text, self.tokens, self.merges, tokenization.GPT2_PATTERN, [END])

    def encode_each(self, texts: Iterable[str]) -> list[list[int]]:
        """Turn texts without `<|end|>` into ids, a list for each.

        One call looks a word up that it has met in any of them, which is far faster than a call
        for each.
        """
        rows: list[list[int]] = []
        row: list[int] = []
        for token in self.encode("".join(text + END for text in texts)):
            if token == self.end:
                rows.append(row)
                row = []
            else:
                row.append(token)
        return rows

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids back into text."""
        return tokenization.decode(list(ids), self.tokens)

    def byte_lengths(self) -> Tensor:
        """Give how many bytes of text each id stands for, (vocabulary_size,); 0 for the end."""
        return torch.tensor([*(len(token) for token in self.tokens[:-1]), 0])


@dataclass(frozen=True)
class BaseModel:
    """The model, its tokens, and what was seen while it was trained.

    Attributes:
        model: in evaluation mode.
        vocabulary: its tokens.
        steps: updates made before each observation.
        bits_per_byte: on validation text, at each observation.
        samples: what the model wrote at each observation.
        losses: training loss of each update, in nats per token.
        tokens: how many tokens it was trained on.
        seconds: how long the updates took on the machine that trained it.
    """

    model: Transformer
    vocabulary: Vocabulary
    steps: list[int]
    bits_per_byte: list[float]
    samples: list[str]
    losses: list[float]
    tokens: int
    seconds: float


def documents(split: Split) -> list[str]:
    """Return every document of the course's running text in one split, sources in turn.

    Shakespeare's works, encyclopedia articles, news, movie and product reviews, editorials
    (sentences of one document joined) and tweets.
    """
    texts = [
        *corpora.shakespeare(split).values(),
        *corpora.wikipedia(split).values(),
        *corpora.news(split),
    ]
    for kind in ("movies", "products", "editorials", "tweets"):
        joined: dict[str, list[str]] = {}
        for review in corpora.reviews(kind, split):
            joined.setdefault(review.document, []).append(review.sentence)
        texts.extend(" ".join(sentences) for sentences in joined.values())
    return texts


def to_stream(texts: Iterable[str], vocabulary: Vocabulary) -> Tensor:
    """Encode documents one after the other, each followed by the end token, int64 (n,)."""
    return torch.tensor(vocabulary.encode("".join(text + END for text in texts)))


def _vocabulary_settings() -> dict[str, Any]:
    return {"size": VOCABULARY_SIZE}


def _learn_merges() -> Checkpoint:
    alphabet = [bytes([byte]) for byte in range(256)]
    words = tokenization.count_words(documents("train"))
    merges = tokenization.train_bpe_fast(words, alphabet, VOCABULARY_SIZE - len(alphabet) - 1)
    printable = [" ".join(map(tokenization.to_printable, pair)) for pair in merges]
    return Checkpoint({}, {"merges": printable})


LEARNED = Training(
    "base-vocabulary",
    _vocabulary_settings,
    {"merges": _learn_merges},
    beginnings={"merges": _learn_merges},
)


@functools.cache
def vocabulary() -> Vocabulary:
    """Return the base model's vocabulary, learned from the training documents."""
    printable = trained(LEARNED)["merges"].record["merges"]
    merges = [tuple(map(tokenization.from_printable, pair.split(" "))) for pair in printable]
    alphabet = [bytes([byte]) for byte in range(256)]
    return Vocabulary([*tokenization.build_vocabulary(alphabet, merges), END.encode()], merges)


@functools.cache
def stream(split: Split) -> Tensor:
    """Return all documents of one split as token ids, int64 (n,); encoded once and kept."""
    words, texts = vocabulary(), documents(split)
    inputs = repr(words.merges) + END.join(texts)
    return made_once(f"base-{split}", inputs.encode(), lambda: to_stream(texts, words))


@torch.no_grad()
def measure_bits_per_byte(model: Transformer, tokens: Tensor, byte_lengths: Tensor) -> float:
    """Measure a causal model on a stream of tokens, cut into windows of its context length.

    Args:
        model: causal, with an output.
        tokens: int64 (n,).
        byte_lengths: bytes of text that each id stands for, (vocabulary_size,).
    """
    inputs, targets = next_token_pairs(tokens, model.configuration.context_length)
    device = next(model.parameters()).device
    nats = sum(
        token_loss(model(some.to(device)), wanted.to(device)).item() * wanted.numel()
        for some, wanted in zip(inputs.split(32), targets.split(32), strict=True)
    )
    return nats / math.log(2) / byte_lengths[targets].sum().item()


def pretrain() -> Checkpoint:
    """Train the base model from random weights, showing progress on standard output."""
    words = vocabulary()
    text, held_out = stream("train"), excerpt(stream("validation"))
    byte_lengths = words.byte_lengths()
    generator = torch.Generator().manual_seed(SEED)
    device = training_device()
    model = Transformer(CONFIGURATION, causal=True, generator=generator).to(device)

    def loss(model: Transformer, step: int) -> Tensor:
        inputs, targets = sample_batch(text, BATCH, CONFIGURATION.context_length, generator)
        return token_loss(model(inputs.to(device)), targets.to(device))

    def observe(step: int) -> dict[str, Any]:
        bits = measure_bits_per_byte(model, held_out, byte_lengths)
        drawn = torch.Generator(device).manual_seed(SEED)
        prompt = torch.tensor([words.encode(PROMPT)], device=device)
        written = generate(model, prompt, 60, temperature=0.8, generator=drawn)[0]
        print(
            f"base model: step {step:,} of {RECIPE.steps:,}, {bits:.2f} bits per byte", flush=True
        )
        return {"bits_per_byte": bits, "sample": words.decode(written.tolist())}

    history = train(model, loss, RECIPE, observe, OBSERVED_STEPS, generator)
    record = {
        "steps": history.steps,
        "bits_per_byte": history.column("bits_per_byte"),
        "samples": history.column("sample"),
        "losses": history.losses,
        "tokens": RECIPE.steps * BATCH * CONFIGURATION.context_length,
        "seconds": history.seconds,
    }
    return Checkpoint(model.cpu().state_dict(), record)


def excerpt(tokens: Tensor, stretches: int = 48) -> Tensor:
    """Take equally spaced stretches from all over a stream, end to end, to measure often.

    Each is as long as four contexts, so that few of the targets follow a cut.
    """
    length = 4 * CONFIGURATION.context_length
    starts = torch.linspace(0, len(tokens) - length, stretches).long()
    return torch.cat([tokens[start : start + length] for start in starts])


def _settings() -> dict[str, Any]:
    return {
        "configuration": asdict(CONFIGURATION),
        "recipe": asdict(RECIPE),
        "batch": BATCH,
        "seed": SEED,
        "observed": OBSERVED_STEPS,
    }


def _model(checkpoint: Checkpoint) -> Transformer:
    model = Transformer(CONFIGURATION, causal=True)
    model.load_state_dict(checkpoint.tensors)
    return model.eval()


def _measure(run: str, checkpoint: Checkpoint) -> dict[str, float]:
    held_out = excerpt(stream("validation"))
    bits = measure_bits_per_byte(_model(checkpoint), held_out, vocabulary().byte_lengths())
    return {"bits_per_byte": bits}


TRAINING = Training(
    "base-model",
    _settings,
    {"base model": pretrain},
    beginnings={"base model": pretrain},
    measure=_measure,
    after=[LEARNED],
)


def base_model() -> BaseModel:
    """Return the trained base model."""
    (checkpoint,) = trained(TRAINING).values()
    return BaseModel(_model(checkpoint), vocabulary(), **checkpoint.record)


def weights_digest(model: Transformer) -> str:
    """Give the SHA-256 of all weights, in the order of their names."""
    state = sorted(model.state_dict().items())
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for _, tensor in state)).hexdigest()


if __name__ == "__main__":
    sys.exit(main(["base-model"]))
