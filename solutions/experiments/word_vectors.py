"""Word2Vec trained on the course's texts by this course's code and by gensim, over seeds.

`word_vectors()` returns what was learned and measured from the cache, making it first where it is
missing. `python -m solutions.experiments.word_vectors` makes it anew and prints it.
"""

import argparse
import sys
import time
from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor

from solutions import embeddings
from solutions.embeddings import (
    Word2VecSettings,
    similarity_correlation,
    train_word2vec,
    word_lists,
)
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, cached

SEEDS = (1, 2, 3)
EPOCHS = 4
LEARNING_RATE = 0.05  # twice gensim's default, since so few epochs leave little time
SETTINGS = {
    model: Word2VecSettings(model, epochs=EPOCHS, learning_rate=LEARNING_RATE)
    for model in ("cbow", "skip-gram")
}
KEPT = ("skip-gram", SEEDS[0])  # of this model and seed the vectors are kept

Maker = Literal["ours", "gensim"]


@dataclass(frozen=True)
class Measured:
    """One training.

    Attributes:
        model: "cbow" or "skip-gram".
        maker: whose code trained it, "ours" or "gensim".
        seed: of everything that is random.
        wordsim353, simlex999: Spearman's correlation with people's scores.
        analogies: what `answer_analogies` gives; empty for CBOW, which is not asked.
        seconds: what training took.
    """

    model: str
    maker: Maker
    seed: int
    wordsim353: float
    simlex999: float
    analogies: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class WordVectors:
    """All trainings, and the vectors of one seed.

    Attributes:
        text_words: how many words the text has.
        measured: one entry for each model, maker and seed.
        words: the vocabulary, the most frequent first.
        ours, gensim: (vocabulary_size, width), skip-gram's vectors with the first seed.
    """

    text_words: int
    measured: list[Measured]
    words: list[str]
    ours: Tensor
    gensim: Tensor


def text() -> list[list[str]]:
    """Return Wikipedia, news, and the reviews and editorials, as lists of words."""
    kinds = ("movies", "products", "editorials")
    reviews = [review.sentence for kind in kinds for review in corpora.reviews(kind)]
    return word_lists([*corpora.wikipedia().values(), *corpora.news(), *reviews])


def train_gensim(
    sentences: list[list[str]], settings: Word2VecSettings, seed: int
) -> tuple[list[str], Tensor]:
    """Train with gensim and the same settings, on one thread."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        sentences,
        sg=int(settings.model == "skip-gram"),
        vector_size=settings.width,
        window=settings.window,
        negative=settings.negatives,
        epochs=settings.epochs,
        min_count=settings.minimum_count,
        sample=settings.subsampling,
        alpha=settings.learning_rate,
        min_alpha=settings.final_learning_rate,
        workers=1,
        seed=seed,
    )
    return model.wv.index_to_key, torch.tensor(model.wv.vectors)


def answer_analogies(
    words: list[str], vectors: Tensor, questions: list[tuple[str, str, str, str]]
) -> dict[str, float]:
    """Answer analogies in the usual way, and in two that show what it owes to its exclusions.

    Args:
        words: the vocabulary, in lower case.
        vectors: (vocabulary_size, width).
        questions: four words each, the last one the answer; those with an unknown word are left
            out.

    Returns:
        asked: how many analogies have all four words in the vocabulary.
        answered: the share of them answered rightly, the words of the question left out.
        answered_with_all: the same where the words of the question may be the answer.
        question_word: of the answers then, the share that is a word of the question.
        nearest_to_third: the share answered rightly by the nearest neighbor of the third word
            alone, the words of the question left out.
    """
    number = {word: place for place, word in enumerate(words)}
    asked = [[number.get(word.lower(), -1) for word in question] for question in questions]
    ids = torch.tensor([row for row in asked if -1 not in row])
    unit = torch.nn.functional.normalize(vectors, dim=-1)
    found: dict[str, list[Tensor]] = {
        name: [] for name in ("answered", "answered_with_all", "question_word", "nearest_to_third")
    }
    for part in ids.split(1_000):
        first, second, third, right = part.unbind(1)
        cosine = (unit[second] - unit[first] + unit[third]) @ unit.T
        best = cosine.argmax(1)
        usual = cosine.scatter_(1, part[:, :3], -torch.inf).argmax(1)
        alone = (unit[third] @ unit.T).scatter_(1, part[:, :3], -torch.inf).argmax(1)
        found["answered"].append(usual == right)
        found["answered_with_all"].append(best == right)
        found["question_word"].append((best[:, None] == part[:, :3]).any(1))
        found["nearest_to_third"].append(alone == right)
    shares = {name: torch.cat(parts).double().mean().item() for name, parts in found.items()}
    return {"asked": len(ids), **shares}


def word_vectors(*, remake: bool = False) -> WordVectors:
    """Return all trainings, from the cache where they are there."""
    settings = {name: asdict(setting) for name, setting in SETTINGS.items()}
    made_by = (corpora, embeddings, text, train_gensim, answer_analogies, _train_all)
    checkpoint = cached("word-vectors", {"seeds": SEEDS, **settings}, made_by, _make, remake=remake)
    record = checkpoint.record
    return WordVectors(
        record["text_words"],
        [Measured(**entry) for entry in record["measured"]],
        record["words"],
        **checkpoint.tensors,
    )


def _make() -> Checkpoint:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train_all()
    finally:
        torch.set_num_threads(threads)


def _train_all() -> Checkpoint:
    sentences = text()
    pairs = {test: corpora.word_similarities(test) for test in ("wordsim353", "simlex999")}
    questions = [question for section in corpora.analogies().values() for question in section]
    measured, kept, words = [], {}, []
    for model, settings in SETTINGS.items():
        for maker in ("ours", "gensim"):
            for seed in SEEDS:
                began = time.perf_counter()
                if maker == "ours":
                    generator = torch.Generator().manual_seed(seed)
                    found = train_word2vec(sentences, settings, generator)
                else:
                    found = train_gensim(sentences, settings, seed)
                seconds = time.perf_counter() - began
                scores = {test: similarity_correlation(*found, pairs[test]) for test in pairs}
                asked = questions if model == "skip-gram" else []
                measured.append(
                    {
                        "model": model,
                        "maker": maker,
                        "seed": seed,
                        **scores,
                        "analogies": answer_analogies(*found, asked) if asked else {},
                        "seconds": seconds,
                    }
                )
                correlation = scores["wordsim353"]
                print(f"{model}, {maker}, seed {seed}: WordSim-353 {correlation:.3f}", flush=True)
                if (model, seed) == KEPT:
                    words, vectors = found
                    kept[maker] = (words, vectors)
    words = kept["ours"][0]
    # gensim orders words of equal count in its own way
    place = {word: row for row, word in enumerate(kept["gensim"][0])}
    theirs = kept["gensim"][1][[place[word] for word in words]]
    record = {"text_words": sum(map(len, sentences)), "measured": measured, "words": words}
    return Checkpoint({"ours": kept["ours"][1], "gensim": theirs}, record)


def main() -> int:
    """Train anew, or with `--keep` only if something is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m solutions.experiments.word_vectors", description=__doc__
    )
    parser.add_argument("--keep", action="store_true", help="train only if it is missing")
    began = time.perf_counter()
    found = word_vectors(remake=not parser.parse_args().keep)
    for entry in found.measured:
        print(
            f"{entry.model} {entry.maker} seed {entry.seed}: WordSim-353 {entry.wordsim353:.3f}, "
            f"SimLex-999 {entry.simlex999:.3f}, {entry.seconds:.0f} s"
        )
    print(f"{time.perf_counter() - began:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
