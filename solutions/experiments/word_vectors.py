"""Word2Vec trained on the course's texts by this course's code and by gensim, over seeds.

`word_vectors()` returns what was learned and measured. `python -m
solutions.experiments.word_vectors` makes it anew.
"""

import functools
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from solutions.embeddings import (
    Word2VecSettings,
    count_vocabulary,
    similarity_correlation,
    train_word2vec,
    word_lists,
)
from solutions.experiments.anew import main
from solutions.materials import corpora
from solutions.materials.checkpoints import Checkpoint, Training, trained

SEEDS = (1, 2, 3)
EPOCHS = 4
LEARNING_RATE = 0.05  # twice gensim's default, since so few epochs leave little time
BEGINNING = 3_000  # sentences, on which a test trains again
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


def _trained(
    model: str, maker: Maker, seed: int, sentences: list[list[str]], epochs: int = EPOCHS
) -> tuple[list[str], Tensor]:
    settings = replace(SETTINGS[model], epochs=epochs)
    if maker == "gensim":
        return train_gensim(sentences, settings, seed)
    return train_word2vec(sentences, settings, torch.Generator().manual_seed(seed))


def _correlations(words: list[str], vectors: Tensor) -> dict[str, float]:
    tests = ("wordsim353", "simlex999")
    return {
        test: similarity_correlation(words, vectors, corpora.word_similarities(test))
        for test in tests
    }


def _run(model: str, maker: Maker, seed: int) -> Checkpoint:
    sentences = text()
    began = time.perf_counter()
    words, vectors = _trained(model, maker, seed, sentences)
    seconds = time.perf_counter() - began
    analogies = {}
    if model == "skip-gram":
        questions = [question for section in corpora.analogies().values() for question in section]
        analogies = answer_analogies(words, vectors, questions)
    measured = {
        "model": model,
        "maker": maker,
        "seed": seed,
        **_correlations(words, vectors),
        "analogies": analogies,
        "seconds": seconds,
    }
    record = {"measured": measured, "text_words": sum(map(len, sentences))}
    if (model, seed) != KEPT:
        return Checkpoint({}, record)
    # gensim orders words of equal count in its own way
    ordered = list(count_vocabulary(sentences, SETTINGS[model].minimum_count))
    place = {word: row for row, word in enumerate(words)}
    tensors = {"vectors": vectors[[place[word] for word in ordered]]}
    return Checkpoint(tensors, {**record, "words": " ".join(ordered)})


def _begin(model: str, maker: Maker) -> Checkpoint:
    _, vectors = _trained(model, maker, SEEDS[0], text()[:BEGINNING], epochs=1)
    return Checkpoint(
        {}, {"norm": vectors.norm().item(), "spread": vectors.std(dim=0).tolist()[:5]}
    )


def _measure(run: str, checkpoint: Checkpoint) -> dict[str, float]:
    return _correlations(checkpoint.record["words"].split(" "), checkpoint.tensors["vectors"])


def _settings() -> dict[str, Any]:
    shapes = {name: asdict(setting) for name, setting in SETTINGS.items()}
    return {"seeds": SEEDS, "kept": KEPT, **shapes}


RUNS = {
    f"{model}, {maker}, seed {seed}": (model, maker, seed)
    for model in SETTINGS
    for maker in get_args(Maker)
    for seed in SEEDS
}
TRAINING = Training(
    "word-vectors",
    _settings,
    {name: functools.partial(_run, *run) for name, run in RUNS.items()},
    beginnings={
        f"{model}, {maker}": functools.partial(_begin, model, maker)
        for model in SETTINGS
        for maker in get_args(Maker)
    },
    measure=_measure,
)


def word_vectors() -> WordVectors:
    """Return all trainings, and the vectors of one seed."""
    made = trained(TRAINING)
    ours, theirs = (made[f"{KEPT[0]}, {maker}, seed {KEPT[1]}"] for maker in get_args(Maker))
    return WordVectors(
        ours.record["text_words"],
        [Measured(**one.record["measured"]) for one in made.values()],
        ours.record["words"].split(" "),
        ours.tensors["vectors"],
        theirs.tensors["vectors"],
    )


if __name__ == "__main__":
    sys.exit(main(["word-vectors"]))
