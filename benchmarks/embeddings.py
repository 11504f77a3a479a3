"""Word2Vec beside gensim on the same text, one thread each: quality over seeds, and speed.

Run `python -m benchmarks.embeddings`; it takes about five minutes. The last line compares speed in
skip-gram: our words a second over gensim's.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.timing import report
from solutions.embeddings import (
    Word2VecSettings,
    analogy_ranks,
    similarity_correlation,
    train_word2vec,
)
from solutions.experiments.word_vectors import text, train_gensim
from solutions.materials import corpora

SEEDS = (1, 2, 3)
SETTINGS = {model: Word2VecSettings(model) for model in ("cbow", "skip-gram")}

Sentences = list[list[str]]
Vectors = tuple[list[str], torch.Tensor]


def train_ours(sentences: Sentences, settings: Word2VecSettings, seed: int) -> Vectors:
    """Train with the course's own code."""
    return train_word2vec(sentences, settings, torch.Generator().manual_seed(seed))


def measure(
    train: Callable[..., Vectors], sentences: Sentences, settings: Word2VecSettings
) -> dict[str, float]:
    """Train once for each seed; return mean quality, its spread, and words a second."""
    pairs = corpora.word_similarities()
    questions = [question for part in corpora.analogies().values() for question in part]
    correlations, failures, rates = [], [], []
    total = settings.epochs * sum(map(len, sentences))
    for seed in SEEDS:
        began = time.perf_counter()
        vectors = train(sentences, settings, seed)
        rates.append(total / (time.perf_counter() - began))
        correlations.append(similarity_correlation(*vectors, pairs))
        failures.append(float((analogy_ranks(*vectors, questions) > 0).float().mean()))
    return {
        "correlation": statistics.mean(correlations),
        "spread": max(correlations) - min(correlations),
        "failures": statistics.mean(failures),
        "rate": max(rates),
    }


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    sentences = text()
    print(f"{sum(map(len, sentences)):,} words; means over {len(SEEDS)} seeds")
    for model, settings in SETTINGS.items():
        ours, theirs = (measure(train, sentences, settings) for train in (train_ours, train_gensim))
        for name, found in (("ours", ours), ("gensim", theirs)):
            print(
                f"{model} {name}: WordSim-353 Spearman {found['correlation']:.3f}"
                f" (spread {found['spread']:.3f}), analogies failed {found['failures']:.1%},"
                f" {found['rate']:,.0f} words a second"
            )
        difference = ours["correlation"] - theirs["correlation"]
        print(f"{model} difference in correlation {difference:+.3f} (goal: at most 0.05 apart)")
    report("embeddings", ours["rate"] / theirs["rate"], 1)


if __name__ == "__main__":
    main()
