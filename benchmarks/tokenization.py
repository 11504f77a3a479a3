"""Training and encoding beside the package `tokenizers`, one thread each, on Shakespeare.

Run `python -m benchmarks.tokenization`. The last line compares the fast trainer with the Rust one:
the Rust trainer's seconds over ours, both with pre-tokenization.
"""

import os

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import time

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from benchmarks.timing import medians, report
from solutions.materials import corpora
from solutions.materials.pretrained import smollm2_tokenizer
from solutions.tokenization import (
    BYTE_ALPHABET,
    SMOLLM2_PATTERN,
    Pair,
    count_words,
    encode,
    tokenizer_parts,
    train_bpe,
    train_bpe_fast,
)

VOCABULARY_SIZE = 4096
MERGES_OF_BOTH = 200  # the simple trainer would take minutes for all of them


def train_ours(texts: list[str]) -> list[Pair]:
    """Cut the texts into words and learn the merges."""
    return train_bpe_fast(count_words(texts), BYTE_ALPHABET, VOCABULARY_SIZE - 256)


def train_theirs(texts: list[str]) -> list[Pair]:
    """Do the same with the Rust trainer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer_parts(tokenizer.to_str())[1]


def seconds(function, *arguments) -> float:
    """Time one call."""
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    texts = list(corpora.shakespeare().values())
    size = sum(len(text.encode()) for text in texts)
    if train_ours(texts) != train_theirs(texts):
        raise SystemExit("the merges differ from those of tokenizers: nothing to compare")
    print(f"Shakespeare, {size / 1e6:.2f} MB, {VOCABULARY_SIZE} tokens, merges identical")

    words = count_words(texts)
    simple = seconds(train_bpe, words, BYTE_ALPHABET, MERGES_OF_BOTH)
    fast = min(seconds(train_bpe_fast, words, BYTE_ALPHABET, MERGES_OF_BOTH) for _ in range(3))
    print(f"first {MERGES_OF_BOTH} merges: train_bpe {simple:.1f} s, train_bpe_fast {fast:.2f} s")
    print(f"simple trainer ratio {simple / fast:.0f} (goal 20)")

    tokenizer = smollm2_tokenizer()
    vocabulary, merges, special_tokens = tokenizer_parts(tokenizer.to_str())
    text = "\n".join(texts)[: 2**20]
    taken = medians(
        {
            "ours": lambda: encode(text, vocabulary, merges, SMOLLM2_PATTERN, special_tokens),
            "tokenizers": lambda: tokenizer.encode(text).ids,
        },
        repeats=3,
        seconds=0,
    )
    rates = ", ".join(f"{name} {len(text) / taken[name] / 1e6:.2f}" for name in taken)
    print(f"encode 1 MB with SmolLM2's vocabulary, million characters a second: {rates}")

    taken = medians(
        {"ours": lambda: train_ours(texts), "tokenizers": lambda: train_theirs(texts)},
        repeats=3,
        seconds=0,
    )
    print(f"train: ours {taken['ours']:.2f} s, tokenizers {taken['tokenizers']:.2f} s")
    report("tokenization", taken["tokenizers"] / taken["ours"], 0.25)


if __name__ == "__main__":
    main()
