"""The corpora are what their docstrings say, and their splits do not leak."""

import hashlib
import os
import re
import subprocess
import sys

import pytest
import torch

from solutions.materials import corpora

SPLITS = ("train", "validation", "test")
KINDS = ("movies", "products", "editorials", "tweets")


def digest(texts):
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def word_sequences(texts, length):
    found = set()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        found |= {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)}
    return found


def documents(kind, split):
    together = {}
    for review in corpora.reviews(kind, split):
        together.setdefault(review.document, []).append(review.sentence)
    return together


# --- content -----------------------------------------------------------------------------------


def test_shakespeare_has_42_works_and_five_million_characters():
    works = corpora.shakespeare()
    assert len(works) == 42
    assert sum(map(len, works.values())) == 5_052_189
    assert digest(works.values()) == "d97310015ea1c4d7"
    assert works["hamlet"].startswith("HAMLET, PRINCE OF DENMARK\n\nby William Shakespeare")
    assert "To be, or not to be,--that is the question" in works["hamlet"]


def test_shakespeare_carries_no_gutenberg_header_and_no_stray_white_space():
    for work in corpora.shakespeare().values():
        assert "Project Gutenberg" not in work
        assert not re.search(r"[ \t]\n|\n\n\n|\r", work)
        assert work.endswith("\n")


@pytest.mark.parametrize(
    ("kind", "sentences", "texts"),
    [
        ("movies", 10_605, 10_605),
        ("products", 3_708, 300),
        ("editorials", 5_190, 498),
        ("tweets", 4_200, 4_200),
    ],
)
def test_reviews_have_the_published_counts_and_scores_from_minus_4_to_4(kind, sentences, texts):
    reviews = corpora.reviews(kind)
    assert len(reviews) == sentences
    assert len({review.document for review in reviews}) == texts
    assert all(-4 <= review.score <= 4 and review.sentence for review in reviews)
    assert min(review.score for review in reviews) < -2
    assert max(review.score for review in reviews) > 2


def test_reviews_keep_their_accents_and_lose_their_entities():
    movies = [review.sentence for review in corpora.reviews("movies")]
    assert sum("é" in sentence for sentence in movies) > 50
    assert not any("Ã" in sentence or "\ufffd" in sentence for sentence in movies)
    assert not any("&amp;" in review.sentence for review in corpora.reviews("tweets"))
    assert digest(movies) == "171be6aaed3a08e3"


def test_wikipedia_has_articles_and_no_redirects_or_markup():
    articles = corpora.wikipedia()
    assert len(articles) == 107
    assert digest(articles.values()) == "c431c852c69dd2dd"
    for title, text in articles.items():
        assert "#redirect" not in text.lower(), title
        assert "'''" not in text, title
        assert not re.search(r"^(==|\*|\||Category:)", text, re.MULTILINE), title
    assert articles["Albert Einstein"].count("relativity") > 20


def test_news_has_no_item_twice():
    items = corpora.news()
    assert len(items) == len(set(items)) == 293
    assert digest(items) == "1f75239c6b6f030d"


def test_word_tests_have_the_published_counts():
    related = corpora.word_similarities("wordsim353")
    similar = corpora.word_similarities("simlex999")
    assert (len(related), len(similar)) == (353, 999)
    assert related[2] == ("tiger", "tiger", 10.0)
    assert similar[0] == ("old", "new", 1.58)
    assert all(0 <= score <= 10 for _, _, score in related + similar)


def test_analogies_have_14_sections_and_19544_questions():
    sections = corpora.analogies()
    assert len(sections) == 14
    assert sum(map(len, sections.values())) == 19_544
    assert sections["capital-common-countries"][0] == ("Athens", "Greece", "Baghdad", "Iraq")


def test_digits_are_scikit_learns_scaled_to_one():
    from sklearn.datasets import load_digits

    images, labels = corpora.digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert (images * 16).numpy().tolist() == load_digits().images.tolist()
    assert labels.tolist() == load_digits().target.tolist()


# --- splits ------------------------------------------------------------------------------------


def named(value):
    return value if isinstance(value, str) else "texts"


def every_corpus():
    yield "shakespeare", lambda split: corpora.shakespeare(split)
    for kind in KINDS:
        yield (
            kind,
            lambda split, kind=kind: {
                name: "\n".join(sentences) for name, sentences in documents(kind, split).items()
            },
        )
    yield "wikipedia", lambda split: corpora.wikipedia(split)
    yield "news", lambda split: {text: text for text in corpora.news(split)}


@pytest.mark.parametrize(("name", "load"), list(every_corpus()), ids=named)
def test_splits_share_no_document_and_leave_little_out(name, load):
    parts = [set(load(split)) for split in SPLITS]
    everything = set(load(None))
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert len(everything - set.union(*parts)) <= 0.02 * len(everything)
    for part in parts[1:]:
        assert 0.05 * len(everything) < len(part) < 0.15 * len(everything)


@pytest.mark.parametrize(("name", "load"), list(every_corpus()), ids=named)
def test_no_13_words_of_validation_or_test_stand_in_another_split(name, load):
    sequences = [word_sequences(load(split).values(), 13) for split in SPLITS]
    assert not sequences[0] & sequences[1]
    assert not sequences[0] & sequences[2]
    assert not sequences[1] & sequences[2]


@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_stands_in_two_splits_or_twice_in_one(kind):
    sentences = [
        review.sentence.lower() for split in SPLITS for review in corpora.reviews(kind, split)
    ]
    assert len(sentences) == len(set(sentences))


def test_leaks_exist_for_the_splits_to_prevent():
    # the same news item in two versions: were it not so, the tests above could not fail
    texts = corpora.news()
    seen: dict[str, str] = {}
    shared = 0
    for text in texts:
        for sequence in word_sequences([text], 13):
            shared += seen.setdefault(sequence, text) != text
    assert shared > 100


def test_splits_are_the_same_in_another_process_with_another_hash_seed():
    program = (
        "from solutions.materials import corpora; import hashlib; "
        "print(hashlib.sha256(repr([corpora.news('test'), corpora.reviews('editorials', 'test')])"
        ".encode()).hexdigest())"
    )
    here = repr([corpora.news("test"), corpora.reviews("editorials", "test")])
    there = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert there == [hashlib.sha256(here.encode()).hexdigest()] * 2


def test_digits_of_a_writer_stay_together():
    pieces = [corpora.digits(split) for split in SPLITS]
    assert [len(labels) for _, labels in pieces] == [1438, 179, 180]
    images, _ = corpora.digits()
    assert torch.equal(torch.cat([piece for piece, _ in pieces]), images)


def test_held_out_shakespeare_has_a_comedy_a_tragedy_and_a_history():
    assert set(corpora.shakespeare("validation")) == {
        "much_ado_about_nothing",
        "othello",
        "richard_ii",
    }
    assert set(corpora.shakespeare("test")) == {"as_you_like_it", "macbeth", "henry_v"}


# --- use ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: corpora.shakespeare("valid"),
        lambda: corpora.reviews("films"),
        lambda: corpora.reviews("movies", "dev"),
        lambda: corpora.word_similarities("wordsim"),
        lambda: corpora.digits("training"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_ones(call):
    with pytest.raises(ValueError, match="choose"):
        call()


def test_importing_corpora_loads_neither_torch_nor_gensim():
    program = (
        "import sys; from solutions.materials import corpora; "
        "print(sorted({'torch', 'gensim', 'sklearn', 'numpy'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_a_damaged_kept_copy_of_wikipedia_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("INSIDE_LANGUAGE_MODELS_CACHE", str(tmp_path))
    corpora._wikipedia.cache_clear()
    made = corpora._wikipedia()
    (kept,) = (tmp_path / "corpora").glob("wikipedia-*.json")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    corpora._wikipedia.cache_clear()
    assert corpora._wikipedia() == made
    assert kept.read_bytes() == whole
    corpora._wikipedia.cache_clear()
