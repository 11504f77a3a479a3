"""Word vectors and image patches agree with gensim, autograd and PyTorch's own functions."""

import itertools

import pytest
import torch
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv2d, cosine_similarity, logsigmoid, unfold

from solutions import embeddings
from solutions.embeddings import (
    Word2VecSettings,
    analogy,
    analogy_ranks,
    cbow_pairs,
    count_vocabulary,
    nearest_words,
    negative_sampling_gradient,
    negative_sampling_loss,
    noise_distribution,
    patchify,
    similarity_correlation,
    skipgram_pairs,
    splice_image,
    train_word2vec,
)
from solutions.materials import corpora


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


texts = st.lists(st.integers(0, 9), max_size=15).map(
    lambda ids: torch.tensor(ids, dtype=torch.long)
)


# --- pairs ---------------------------------------------------------------------------------------


@given(texts, st.integers(1, 6))
def test_skipgram_pairs_are_all_neighbors_within_the_window_in_order(tokens, window):
    expected = [
        [tokens[i].item(), tokens[j].item()]
        for i in range(len(tokens))
        for j in range(len(tokens))
        if i != j and abs(i - j) <= window
    ]
    pairs = skipgram_pairs(tokens, window)
    assert pairs.shape == (len(expected), 2)
    assert pairs.tolist() == expected
    assert pairs.dtype == torch.int64


@given(texts, st.integers(1, 6))
def test_cbow_contexts_are_the_skipgram_neighbors_of_each_token(tokens, window):
    contexts, targets = cbow_pairs(tokens, window)
    assert contexts.shape == (len(tokens), 2 * window)
    assert torch.equal(targets, tokens)
    pairs = [
        [target, neighbor]
        for target, row in zip(targets.tolist(), contexts.tolist(), strict=True)
        for neighbor in row
        if neighbor >= 0
    ]
    assert pairs == skipgram_pairs(tokens, window).tolist()


def test_cbow_contexts_are_padded_where_the_text_ends():
    contexts, _ = cbow_pairs(torch.tensor([4, 4, 8]), 2)
    assert contexts.tolist() == [[-1, -1, 4, 8], [-1, 4, 8, -1], [4, 4, -1, -1]]


# --- negative sampling ----------------------------------------------------------------------------


def gensim_model(sentences, **options):
    model = Word2Vec(workers=1, seed=1, **options)
    model.build_vocab(sentences)
    return model


def test_noise_is_as_likely_as_in_gensim():
    sentences = [text.lower().split() for text in corpora.news()]
    model = gensim_model(sentences, min_count=5)
    counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
    theirs = torch.tensor(model.cum_table.astype("int64")).double() / (2**31 - 1)
    ours = noise_distribution(torch.tensor(counts))
    torch.testing.assert_close(ours.double().cumsum(0), theirs, rtol=0, atol=2e-6)
    assert ours.dtype == torch.float32


def test_frequent_words_are_thinned_out_as_in_gensim():
    sentences = [text.lower().split() for text in corpora.news()]
    model = gensim_model(sentences, min_count=5, sample=1e-3)
    counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
    theirs = [model.wv.get_vecattr(word, "sample_int") for word in model.wv.index_to_key]
    ours = embeddings._keep_probability(torch.tensor(counts), 1e-3)
    theirs = (torch.tensor([int(number) for number in theirs]).double() / 2**32).float()
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=0)
    assert ours.min() < 0.5


def test_a_word_that_never_occurs_is_no_noise():
    assert noise_distribution(torch.tensor([3, 0, 5]))[1] == 0
    assert noise_distribution(torch.tensor([7])).tolist() == [1.0]


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
def test_the_gradient_is_autograds(scale):
    shapes = [(4, 3), (4, 3), (4, 5, 3)]
    arguments = [
        (scale * torch.randn(shape, generator=seeded(), dtype=torch.float64)).requires_grad_()
        for shape in shapes
    ]
    expected = torch.autograd.grad(negative_sampling_loss(*arguments), arguments)
    gradients = negative_sampling_gradient(*[argument.detach() for argument in arguments])
    for ours, theirs in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_loss_of_zeros_counts_the_coins_that_are_tossed():
    loss = negative_sampling_loss(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, 5, 3))
    torch.testing.assert_close(loss, torch.tensor(2.0).log() * 6)


def test_the_loss_is_finite_for_large_scores():
    hidden = torch.full((1, 2), 1e4)
    loss = negative_sampling_loss(hidden, -hidden, hidden.unsqueeze(1))
    assert loss == 4e8
    assert negative_sampling_loss(hidden, hidden, -hidden.unsqueeze(1)) == 0


def test_the_loss_is_that_of_a_binary_classifier():
    hidden, positive, negative = (
        torch.randn(shape, generator=seeded()) for shape in [(4, 3), (4, 3), (4, 5, 3)]
    )
    scores = torch.einsum("bw,bkw->bk", hidden, torch.cat([positive[:, None], negative], 1))
    labels = torch.tensor([1.0, 0, 0, 0, 0, 0]).expand(4, 6)
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels, reduction="sum")
    torch.testing.assert_close(negative_sampling_loss(hidden, positive, negative), theirs / 4)


# --- training ----------------------------------------------------------------------------


def one_step(model, **options):
    """Run one training step on a short text; return what changed, and what autograd makes of it."""
    settings = Word2VecSettings(model=model, width=6, window=3, negatives=5, **options)
    size = 12
    hidden_table = torch.randn(size, 6, generator=seeded(1), dtype=torch.float64)
    output_table = torch.randn(size, 6, generator=seeded(2), dtype=torch.float64)
    tokens = torch.randint(size, (90,), generator=seeded(3))
    sentence = torch.arange(90) // 11
    noise = torch.randint(size, (4, embeddings.SHARED_NOISE), generator=seeded(4))
    ((blocks, _),) = embeddings._steps(tokens, sentence, 4, settings.window, seeded(5))
    blocks = embeddings._Blocks(blocks.words, blocks.around, blocks.paired.double())

    first, second = hidden_table.clone().requires_grad_(), output_table.clone().requires_grad_()
    loss = torch.zeros((), dtype=torch.float64)
    share = settings.negatives / embeddings.SHARED_NOISE
    for block in range(4):
        for place, word in enumerate(blocks.words[block].tolist()):
            neighbors = blocks.around[block][blocks.paired[block, place] > 0].tolist()
            examples = [(first[word], neighbor) for neighbor in neighbors]
            if model == "cbow":
                examples = [(first[neighbors].mean(0), word)] if neighbors else []
            for hidden, target in examples:
                loss = loss - logsigmoid(hidden @ second[target])
                others = [n for n in noise[block].tolist() if n != target]
                loss = loss - share * logsigmoid(-(second[others] @ hidden)).sum()
    loss.backward()

    rate = 0.01
    before = hidden_table.clone(), output_table.clone()
    step = embeddings._skipgram_step if model == "skip-gram" else embeddings._cbow_step
    step(hidden_table, output_table, blocks, noise, settings, rate)
    changes = hidden_table - before[0], output_table - before[1]
    return changes, (-rate * first.grad, -rate * second.grad)


@pytest.mark.parametrize(
    ("model", "options"), [("skip-gram", {}), ("cbow", {"divide_gradient": True})]
)
def test_a_step_goes_down_the_gradient_of_the_loss_of_each_pair(model, options):
    changes, expected = one_step(model, **options)
    for ours, theirs in zip(changes, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-9)


def test_the_undivided_gradient_changes_context_words_more_and_output_rows_as_much():
    divided, _ = one_step("cbow", divide_gradient=True)
    undivided, _ = one_step("cbow")
    assert undivided[0].norm() > 2 * divided[0].norm()
    torch.testing.assert_close(undivided[1], divided[1])


@pytest.mark.parametrize("length", [1, 31, 512, 513, 1300])
def test_the_blocks_of_a_text_hold_each_of_its_pairs_once(length):
    tokens = torch.randint(50, (length,), generator=seeded())
    sentence = torch.arange(length) // 100
    found = []
    for blocks, _ in embeddings._steps(tokens, sentence, 16, 1, seeded()):
        for block, place, other in blocks.paired.nonzero().tolist():
            found.append([blocks.words[block, place].item(), blocks.around[block, other].item()])
    expected = [skipgram_pairs(part, 1).tolist() for part in tokens.split(100)]
    assert sorted(found) == sorted(itertools.chain.from_iterable(expected))


def test_windows_are_drawn_from_one_to_the_largest():
    tokens = torch.arange(51_200)
    count = torch.zeros(5)
    for blocks, _ in embeddings._steps(tokens, torch.zeros_like(tokens), 16, 4, seeded()):
        _, place, other = blocks.paired.nonzero().unbind(1)
        distance = (other - 4 - place).abs()
        count += torch.bincount(distance, minlength=5)
    share = count / (2 * len(tokens))
    # neighbors at distance d are taken by windows of d and more: 5 sigma are 0.008
    torch.testing.assert_close(share, torch.tensor([0, 1, 0.75, 0.5, 0.25]), rtol=0, atol=0.008)


def two_topics(count):
    """Sentences of five words, each about one of two topics, and words common to both."""
    topics = [[f"cat{i}" for i in range(6)], [f"car{i}" for i in range(6)]]
    generator = seeded()
    sentences = []
    for _ in range(count):
        words = topics[int(torch.randint(2, (), generator=generator))] + ["the", "of"]
        drawn = torch.randint(len(words), (8,), generator=generator).tolist()
        sentences.append([words[place] for place in drawn])
    return sentences


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_words_of_one_topic_end_up_near_each_other(model):
    settings = Word2VecSettings(
        model, width=16, epochs=8, subsampling=1.0, learning_rate=0.05, divide_gradient=False
    )
    words, vectors = train_word2vec(two_topics(1500), settings, seeded())
    place = {word: number for number, word in enumerate(words)}
    for word in words:
        if word not in ("the", "of"):
            nearest = nearest_words(vectors[place[word]], vectors, 5, [place[word]])
            assert all(words[other][:3] == word[:3] for other in nearest.tolist()), word


def test_training_is_the_same_for_the_same_seed_only():
    sentences = two_topics(50)
    settings = Word2VecSettings(width=8, epochs=1, minimum_count=1)
    first, again, other = (train_word2vec(sentences, settings, seeded(s))[1] for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_text_of_rare_words_is_refused():
    with pytest.raises(ValueError, match="no word occurs 5 times"):
        train_word2vec([["a", "b"]], Word2VecSettings(), seeded())


def test_the_vocabulary_is_that_of_gensim():
    sentences = [text.lower().split() for text in corpora.news()]
    model = gensim_model(sentences, min_count=5)
    ours = count_vocabulary(sentences, 5)
    assert ours == {word: model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key}
    assert list(ours.values()) == sorted(ours.values(), reverse=True)


# --- what the vectors know -------------------------------------------------------------------


@pytest.fixture(scope="module")
def vectors():
    """Random vectors of real words, in our form and in gensim's."""
    words = sorted({word for text in corpora.wikipedia().values() for word in text.lower().split()})
    words = words[:: len(words) // 4000]
    for first, second, _ in corpora.word_similarities():
        words += [word for word in (first.lower(), second.lower()) if word not in words]
    sections = corpora.analogies()
    for question in sections["family"] + sections["gram8-plural"][:200]:
        words += [word.lower() for word in question if word.lower() not in words]
    table = torch.randn(len(words), 10, generator=seeded())
    keyed = KeyedVectors(10)
    keyed.add_vectors(words, table.numpy())
    return words, table, keyed


def test_nearest_words_are_gensims(vectors):
    words, table, keyed = vectors
    for word in range(0, len(words), 501):
        theirs = [name for name, _ in keyed.most_similar(words[word], topn=7)]
        ours = nearest_words(table[word], table, 7, [word]).tolist()
        assert [words[place] for place in ours] == theirs


def test_analogies_are_gensims(vectors):
    words, table, keyed = vectors
    for first, second, third in torch.randint(len(words), (30, 3), generator=seeded(7)).tolist():
        theirs = keyed.most_similar(
            positive=[words[second], words[third]], negative=[words[first]], topn=1
        )
        assert words[analogy(first, second, third, table)] == theirs[0][0]


def test_of_equally_near_words_the_lower_id_comes_first():
    table = torch.tensor([[0.0, 1], [2, 0], [1, 0], [4, 0], [0, 0], [-1, 0]])
    assert nearest_words(torch.tensor([3.0, 0]), table, 9, []).tolist() == [1, 2, 3, 0, 4, 5]
    assert nearest_words(torch.tensor([3.0, 0]), table, 2, [1, 3]).tolist() == [2, 0]
    assert nearest_words(torch.tensor([3.0, 0]), table, 0, []).tolist() == []


def test_correlation_with_people_is_what_gensim_reports(vectors):
    words, table, keyed = vectors
    _, spearman, _ = keyed.evaluate_word_pairs(datapath("wordsim353.tsv"))
    ours = similarity_correlation(words, table, corpora.word_similarities())
    assert ours == pytest.approx(spearman.statistic, abs=1e-6)


def test_analogies_answered_are_as_many_as_gensim_reports(vectors):
    words, table, keyed = vectors
    # vectors of words that stand together in a question are drawn together, so that some are right
    number = {word: place for place, word in enumerate(words)}
    table = table.clone()
    for question in corpora.analogies()["family"]:
        a, b, c, d = (number[word.lower()] for word in question)
        table[d] = 0.7 * (table[b] - table[a] + table[c]) + 0.3 * table[d]
    keyed = KeyedVectors(10)
    keyed.add_vectors(words, table.numpy())
    accuracy, sections = keyed.evaluate_word_analogies(datapath("questions-words.txt"))
    asked = sum(len(part["correct"]) + len(part["incorrect"]) for part in sections[:-1])
    questions = [question for part in corpora.analogies().values() for question in part]
    ranks = analogy_ranks(words, table, questions)
    assert len(ranks) == asked > 500
    assert (ranks == 0).double().mean().item() == pytest.approx(accuracy, abs=1.5 / asked)
    assert 0.05 < accuracy < 0.95


def test_no_question_that_can_be_asked_gives_no_ranks():
    assert analogy_ranks(["a"], torch.ones(1, 2), [("a", "b", "c", "d")]).shape == (0,)


# --- images ----------------------------------------------------------------------------


sizes = st.integers(1, 4)


@settings(max_examples=50)
@given(sizes, sizes, sizes, sizes, sizes)
def test_patches_are_those_of_unfold(batch, channels, rows, columns, size):
    images = torch.randn(batch, channels, rows * size, columns * size, generator=seeded())
    expected = unfold(images, size, stride=size).transpose(1, 2)
    assert torch.equal(patchify(images, size), expected)


def test_a_linear_layer_on_patches_is_a_convolution_with_a_stride():
    images = torch.randn(2, 3, 8, 12, generator=seeded())
    weight = torch.randn(5, 3, 4, 4, generator=seeded(1))
    theirs = conv2d(images, weight, stride=4).flatten(2).transpose(1, 2)
    torch.testing.assert_close(patchify(images, 4) @ weight.flatten(1).T, theirs)


@pytest.mark.parametrize("shape", [(1, 1, 6, 8), (1, 1, 8, 6)])
def test_an_image_that_has_no_whole_patches_is_refused(shape):
    with pytest.raises(ValueError, match="no whole patches of 4"):
        patchify(torch.zeros(shape), 4)


def test_a_spliced_image_is_what_a_scatter_into_repeated_placeholders_gives():
    # the other usual way: repeat the placeholder once for each patch, then overwrite
    batch, length, patches, width, placeholder = 3, 5, 4, 2, 9
    tokens = torch.tensor([[9, 1, 2, 3, 4], [1, 2, 9, 3, 4], [1, 1, 1, 1, 9]])
    texts = torch.randn(batch, length, width, generator=seeded())
    images = torch.randn(batch, patches, width, generator=seeded(1))
    repeats = torch.where(tokens == placeholder, patches, 1)
    spread = torch.stack(
        [row.repeat_interleave(n, 0) for row, n in zip(texts, repeats, strict=True)]
    )
    mask = torch.stack(
        [row.repeat_interleave(n, 0) == 9 for row, n in zip(tokens, repeats, strict=True)]
    )
    expected = spread.masked_scatter(mask.unsqueeze(-1), images)
    assert torch.equal(splice_image(texts, tokens, images, placeholder), expected)


@pytest.mark.parametrize("row", [[1, 2, 3], [9, 2, 9]])
def test_a_text_without_exactly_one_placeholder_is_refused(row):
    tokens = torch.tensor([[9, 1, 2], row])
    with pytest.raises(ValueError, match="placeholder 9 exactly once"):
        splice_image(torch.zeros(2, 3, 4), tokens, torch.zeros(2, 1, 4), 9)


def test_cosines_are_pytorchs():
    table, query = torch.randn(20, 4, generator=seeded()), torch.randn(4, generator=seeded(1))
    order = cosine_similarity(table, query, dim=-1).argsort(descending=True)
    assert torch.equal(nearest_words(query, table, 20, []), order)
