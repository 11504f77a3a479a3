"""The course's texts, word tests and images, each with splits that do not leak.

Every function takes `split`: None for everything as published, or "train", "validation" or "test".
Splits are the same on every machine. They never part a document: a work of Shakespeare's, an
article, a news item or a review lies in one of them with all its sentences, and so do documents
that share 13 consecutive words (the length that Brown et al. 2020, appendix C, use to find test
text in training text). Of sentences that occur twice, a split keeps the first.
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
import os
import re
import tarfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from solutions.materials import packages

if TYPE_CHECKING:
    import torch

Split = Literal["train", "validation", "test"]

# --- splits ------------------------------------------------------------------------------------

_SHARED_WORDS = 13


def _chosen(split: Split | None, assigned: Split) -> bool:
    if split not in (None, "train", "validation", "test"):
        raise ValueError(f"split is {split!r}; choose 'train', 'validation', 'test' or None")
    return split is None or split == assigned


def _word_sequences(text: str) -> set[int]:
    """Hashes of all runs of 13 words, or of the whole text if it is shorter."""
    words = re.findall(r"\w+", text.lower())
    runs = max(1, len(words) - _SHARED_WORDS + 1)
    return {hash(tuple(words[i : i + _SHARED_WORDS])) for i in range(runs)}


def _splits(documents: dict[str, str]) -> dict[str, Split]:
    """Assign documents: 80 % train, 10 % validation, 10 % test, those that share text together."""
    first_with: dict[int, str] = {}
    group = {name: name for name in documents}

    def root(name: str) -> str:
        while group[name] != name:
            group[name] = name = group[group[name]]
        return name

    for name, text in documents.items():
        for sequence in _word_sequences(text):
            group[root(name)] = root(first_with.setdefault(sequence, name))
    members: dict[str, list[str]] = {}
    for name in documents:
        members.setdefault(root(name), []).append(name)

    # an order that has nothing to do with the content, and is the same everywhere
    order = sorted(members.values(), key=lambda names: hashlib.sha256(names[0].encode()).digest())
    assigned: dict[str, Split] = {}
    for names in order:
        share = len(assigned) / len(documents)
        split: Split = "train" if share < 0.8 else "validation" if share < 0.9 else "test"
        assigned.update(dict.fromkeys(names, split))
    return assigned


# --- Shakespeare -------------------------------------------------------------------------------

# a comedy, a tragedy and a history each; everything else trains
_SHAKESPEARE_VALIDATION = ("much_ado_about_nothing", "othello", "richard_ii")
_SHAKESPEARE_TEST = ("as_you_like_it", "macbeth", "henry_v")


def shakespeare(split: Split | None = None) -> dict[str, str]:
    """Shakespeare's 42 works, from name (`"hamlet"`, `"sonnets"`) to text.

    The texts are Project Gutenberg's, in modern spelling, with stage directions and names of
    speakers; the package has already taken Gutenberg's header and licence off. Here white space at
    line ends goes, and of several blank lines one stays. Validation holds a comedy, a tragedy and a
    history, and so does test.

    Source: package `shakespeare`; public domain.
    """
    texts = {}
    folder = packages.path("shakespeare", "shksprdata/texts")
    for file in sorted(folder.glob("*_gut.txt")):
        name = file.name.removesuffix("_gut.txt").removeprefix("tragedy_of_")
        assigned: Split = "train"
        if name in _SHAKESPEARE_VALIDATION:
            assigned = "validation"
        elif name in _SHAKESPEARE_TEST:
            assigned = "test"
        if _chosen(split, assigned):
            text = re.sub(r"[ \t]+\n", "\n", file.read_text("latin-1"))
            texts[name] = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    return texts


# --- sentences with human sentiment scores ------------------------------------------------------

ReviewKind = Literal["movies", "products", "editorials", "tweets"]

_REVIEW_FILES: dict[str, str] = {
    "movies": "movieReviewSnippets_GroundTruth.txt",
    "products": "amazonReviewSnippets_GroundTruth.txt",
    "editorials": "nytEditorialSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
}


class Review(NamedTuple):
    """A sentence, its mean human score from -4 (negative) to 4, and the text it comes from."""

    sentence: str
    score: float
    document: str


@functools.cache
def _reviews(kind: str) -> tuple[tuple[Review, ...], dict[str, Split]]:
    archive = packages.path("vaderSentiment", "additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(archive) as files:
        content = files.extractfile(f"hutto_ICWSM_2014/{_REVIEW_FILES[kind]}").read()
    reviews = []
    documents: dict[str, list[str]] = {}
    # not splitlines: a sentence may hold other characters that end lines
    for line in content.decode("utf-8").rstrip("\r\n").split("\r\n"):
        identifier, score, text = line.split("\t")
        document = identifier.partition("_")[0]
        sentence = html.unescape(text).strip()
        reviews.append(Review(sentence, float(score), document))
        documents.setdefault(document, []).append(sentence)
    return tuple(reviews), _splits({name: "\n".join(parts) for name, parts in documents.items()})


def reviews(kind: ReviewKind = "movies", split: Split | None = None) -> list[Review]:
    """Sentences with the mean of at least 20 people's sentiment scores.

    `kind`: 10,605 sentences of movie reviews, 3,708 of 300 product reviews (all lower case), 5,190
    of 498 newspaper editorials, or 4,200 tweets (of which 200 were made up to test a point). White
    space around a sentence goes and HTML entities are resolved. The published files are UTF-8.

    Source: Hutto and Gilbert (2014), in package `vaderSentiment`; MIT.
    """
    if kind not in _REVIEW_FILES:
        raise ValueError(f"kind is {kind!r}; choose one of {', '.join(map(repr, _REVIEW_FILES))}")
    everything, assigned = _reviews(kind)
    chosen = [review for review in everything if _chosen(split, assigned[review.document])]
    if split is None:
        return chosen
    # a sentence that stands in two documents belongs to the one that comes first
    first: dict[str, Review] = {}
    for review in everything:
        first.setdefault(review.sentence.lower(), review)
    return [review for review in chosen if first[review.sentence.lower()] is review]


# --- Wikipedia and news -------------------------------------------------------------------------

_TEST_DATA = "gensim/test/test_data"
_WIKIPEDIA = f"{_TEST_DATA}/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
_END_MATTER = {
    *("references", "external links", "see also", "further reading", "notes", "bibliography"),
    *("footnotes", "sources", "notes and references", "references and notes", "citations"),
}


def _readable(markup: str) -> str:
    """Running text from what gensim's `filter_wiki` leaves of a page."""
    lines, keep = [], True
    for line in markup.splitlines():
        heading = re.fullmatch(r"\s*(={2,})\s*(.*?)\s*\1\s*", line)
        if heading:
            keep = heading[2].lower() not in _END_MATTER if len(heading[1]) == 2 else keep
            line = heading[2]
        line = re.sub(r"'{2,}", "", line)  # bold and italics
        line = re.sub(r"^[*#:;\s]+", "", line)  # lists
        line = re.sub(r"\s+", " ", line).strip()
        if keep and line and not re.match(r"[|!{}]|Category:|File:|Image:", line):
            lines.append(line)
    return "\n".join(lines) + "\n"


@functools.cache
def _wikipedia() -> dict[str, str]:
    source = packages.path("gensim", _WIKIPEDIA)
    version = hashlib.sha256(repr(packages.PACKAGES["gensim"]).encode()).hexdigest()[:12]
    kept = packages.cache_folder() / "corpora" / f"wikipedia-{version}.json"
    try:
        content = kept.read_text("utf-8")
        digest, _, articles = content.partition("\n")
        if digest == hashlib.sha256(articles.encode()).hexdigest():
            return json.loads(articles)
    except OSError:
        pass
    texts = _extracted(source)
    articles = json.dumps(texts, ensure_ascii=False)
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}")
    digest = hashlib.sha256(articles.encode()).hexdigest()
    partial.write_text(f"{digest}\n{articles}", "utf-8")
    os.replace(partial, kept)
    return texts


def _extracted(source: os.PathLike[str]) -> dict[str, str]:
    import bz2

    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with bz2.open(source) as dump:
        pages = [(title, filter_wiki(markup)) for title, markup, _ in extract_pages(dump, ("0",))]
    return {
        title: _readable(text)
        for title, text in pages
        if not text.lstrip().upper().startswith("#REDIRECT")
    }


def wikipedia(split: Split | None = None) -> dict[str, str]:
    """107 English Wikipedia articles, from title to text, paragraphs and headings one to a line.

    Of the sample's 206 pages 99 only point to another page; they are left out. gensim's
    `filter_wiki` takes the markup off; here quote marks for bold and italics go, then list signs,
    rests of tables, blank lines, and sections such as "References" and "External links".

    The first call takes some seconds; the result is kept in the cache folder.

    Source: test data of package `gensim`; CC BY-SA 3.0.
    """
    texts = _wikipedia()
    assigned = _wikipedia_splits()
    return {title: text for title, text in texts.items() if _chosen(split, assigned[title])}


@functools.cache
def _wikipedia_splits() -> dict[str, Split]:
    return _splits(_wikipedia())


@functools.cache
def _news() -> tuple[tuple[str, ...], dict[str, Split]]:
    file = packages.path("gensim", f"{_TEST_DATA}/lee_background.cor")
    # seven items stand there twice, and further ones in two versions
    texts = tuple(dict.fromkeys(file.read_text("utf-8").split("\n")))
    texts = tuple(text.strip() for text in texts if text.strip())
    return texts, _splits({text: text for text in texts})


def news(split: Split | None = None) -> list[str]:
    """293 news items of the Australian Broadcasting Corporation (2000 and 2001), one string each.

    The file has 300; those that repeat another word for word are left out.

    Source: Lee, Pincombe and Welsh (2005), test data of package `gensim`.
    """
    texts, assigned = _news()
    return [text for text in texts if _chosen(split, assigned[text])]


# --- word tests ---------------------------------------------------------------------------------

WordTest = Literal["wordsim353", "simlex999"]

_WORD_TESTS: dict[str, str] = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}


def word_similarities(test: WordTest = "wordsim353") -> list[tuple[str, str, float]]:
    """Pairs of words with the mean human score from 0 to 10.

    `"wordsim353"`: 353 pairs by relatedness (Finkelstein et al. 2002); `"simlex999"`: 999 pairs by
    similarity proper, where *coast* and *shore* score high and *clothes* and *closet* low (Hill,
    Reichart and Korhonen 2015). Words keep their case.
    """
    if test not in _WORD_TESTS:
        raise ValueError(f"test is {test!r}; choose one of {', '.join(map(repr, _WORD_TESTS))}")
    lines = packages.path("gensim", f"{_TEST_DATA}/{_WORD_TESTS[test]}").read_text("utf-8")
    pairs = (line.split("\t") for line in lines.splitlines() if not line.startswith("#"))
    return [(first, second, float(score)) for first, second, score in pairs]


def analogies() -> dict[str, list[tuple[str, str, str, str]]]:
    """19,544 questions "Athens is to Greece as Baghdad to Iraq", by section (14 of them).

    Names of sections are the file's (`"capital-world"`, `"gram7-past-tense"`).

    Source: Mikolov et al. (2013), arXiv:1301.3781, test data of package `gensim`.
    """
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    lines = packages.path("gensim", f"{_TEST_DATA}/questions-words.txt").read_text("utf-8")
    for line in lines.splitlines():
        if line.startswith(":"):
            questions = sections.setdefault(line.removeprefix(":").strip(), [])
        else:
            first, second, third, fourth = line.split()
            questions.append((first, second, third, fourth))
    return sections


# --- images -------------------------------------------------------------------------------------


def digits(split: Split | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """1,797 handwritten digits.

    Returns:
        images: (count, 8, 8) float32, ink from 0 to 1.
        labels: (count,) int64, 0 to 9.

    The file is in the order of writing, and each of 13 people wrote a stretch of it. So the splits
    are stretches too (80, 10 and 10 %): drawn at random, every writer would be in all of them.

    Source: Alpaydin and Kaynak (1998), in `sklearn.datasets.load_digits`.
    """
    import torch
    from sklearn.datasets import load_digits

    loaded = load_digits()
    count = len(loaded.target)
    ends: dict[Split, tuple[int, int]] = {
        "train": (0, round(0.8 * count)),
        "validation": (round(0.8 * count), round(0.9 * count)),
        "test": (round(0.9 * count), count),
    }
    pieces: Iterable[slice] = [slice(*ends[name]) for name in ends if _chosen(split, name)]
    images = torch.cat([torch.tensor(loaded.images[piece]) for piece in pieces])
    labels = torch.cat([torch.tensor(loaded.target[piece]) for piece in pieces])
    return images.float() / 16, labels.long()
