"""Byte-pair encoding gives the merges and the ids of the package `tokenizers`."""

import itertools
import json

import pytest
import regex
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from solutions.materials import corpora
from solutions.materials.pretrained import smollm2_tokenizer
from solutions.tokenization import (
    BYTE_ALPHABET,
    GPT2_PATTERN,
    SMOLLM2_PATTERN,
    build_vocabulary,
    count_pairs,
    count_words,
    decode,
    encode,
    from_printable,
    merge_pair,
    to_printable,
    tokenizer_parts,
    train_bpe,
    train_bpe_fast,
)

BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
PRE_TOKENIZERS = {
    GPT2_PATTERN: BYTE_LEVEL,
    SMOLLM2_PATTERN: pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), BYTE_LEVEL]
    ),
}


def trained_by_tokenizers(texts, pre_tokenizer, merge_count):
    """Return vocabulary and merges that the Rust trainer learns from texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=256 + merge_count,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    vocabulary, merges, _ = tokenizer_parts(tokenizer.to_str())
    return vocabulary, merges


def trained_on_words(words, merge_count):
    texts = ["|".join([to_printable(word)] * count) for word, count in words.items()]
    return trained_by_tokenizers(texts, pre_tokenizers.Split("|", "removed"), merge_count)[1]


@pytest.fixture(scope="module")
def smollm2():
    return smollm2_tokenizer()


@pytest.fixture(scope="module")
def parts(smollm2):
    return tokenizer_parts(smollm2.to_str())


def few_letters(letters, longest=12):
    return st.binary(min_size=1, max_size=longest).map(
        lambda data: bytes(letters[byte % len(letters)] for byte in data)
    )


words_of_few_letters = st.sampled_from([b"a", b"ab", b"ab\n", b" ~\x00\xff", b"abcdefgh"]).flatmap(
    lambda letters: st.dictionaries(few_letters(letters), st.integers(1, 6), max_size=25)
)


# --- training ----------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(words_of_few_letters, st.integers(0, 25))
def test_both_trainers_learn_the_merges_of_tokenizers_ties_included(words, merge_count):
    expected = trained_on_words(words, merge_count)
    assert train_bpe(words, BYTE_ALPHABET, merge_count) == expected
    assert train_bpe_fast(words, BYTE_ALPHABET, merge_count) == expected


@settings(max_examples=200, deadline=None)
@given(words_of_few_letters, st.integers(0, 40), st.randoms(use_true_random=False))
def test_the_fast_trainer_breaks_ties_by_any_alphabet_as_the_simple_one(words, count, random):
    alphabet = random.sample(BYTE_ALPHABET, 256)
    assert train_bpe_fast(words, alphabet, count) == train_bpe(words, alphabet, count)


@settings(max_examples=200, deadline=None)
@given(words_of_few_letters)
def test_no_two_merges_make_the_same_bytes(words):
    merges = train_bpe_fast(words, BYTE_ALPHABET, 1000)
    vocabulary = build_vocabulary(BYTE_ALPHABET, merges)
    assert len(set(vocabulary)) == 256 + len(merges)


def test_without_a_limit_every_word_becomes_one_token():
    words = {b"the": 3, b"then": 2, b"aaaaaaa": 1, b"x": 5}
    for train in (train_bpe, train_bpe_fast):
        merges = train(words, BYTE_ALPHABET, 10_000)
        assert set(words) <= set(build_vocabulary(BYTE_ALPHABET, merges))
        assert len(merges) < 20


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, SMOLLM2_PATTERN], ids=["GPT-2", "SmolLM2"])
@pytest.mark.parametrize("corpus", ["wikipedia", "shakespeare", "tweets"])
def test_the_fast_trainer_learns_the_merges_of_tokenizers_on_real_text(corpus, pattern):
    texts = {
        "wikipedia": lambda: list(corpora.wikipedia().values())[:60],
        "shakespeare": lambda: list(corpora.shakespeare().values())[:12],
        "tweets": lambda: [review.sentence for review in corpora.reviews("tweets")],
    }[corpus]()
    vocabulary, merges = trained_by_tokenizers(texts, PRE_TOKENIZERS[pattern], 2000)
    learned = train_bpe_fast(count_words(texts, pattern), BYTE_ALPHABET, 2000)
    assert len(learned) == 2000
    assert learned == merges
    assert build_vocabulary(BYTE_ALPHABET, learned) == vocabulary


def test_the_simple_trainer_learns_the_merges_of_tokenizers_on_real_text():
    texts = [corpora.shakespeare()["macbeth"]]
    _, merges = trained_by_tokenizers(texts, BYTE_LEVEL, 150)
    assert train_bpe(count_words(texts), BYTE_ALPHABET, 150) == merges


def test_training_changes_no_argument():
    words, alphabet = {b"aab": 2, b"b": 1}, BYTE_ALPHABET[:]
    for train in (train_bpe, train_bpe_fast):
        train(words, alphabet, 3)
    assert words == {b"aab": 2, b"b": 1}
    assert alphabet == BYTE_ALPHABET


@given(st.lists(st.sampled_from([b"a", b"b", b"ab"]), max_size=12), st.integers(1, 9))
def test_pairs_are_counted_at_every_place(tokens, count):
    pairs = [(tokens[place], tokens[place + 1]) for place in range(len(tokens) - 1)]
    counted = count_pairs({tuple(tokens): count})
    assert counted == {pair: count * pairs.count(pair) for pair in pairs}


def test_pairs_of_several_words_add_up():
    assert count_pairs({(b"a", b"b"): 2, (b"x", b"a", b"b"): 3, (b"a",): 7}) == {
        (b"a", b"b"): 5,
        (b"x", b"a"): 3,
    }


@given(few_letters(b"ab", longest=30), st.sampled_from([b"aa", b"ab", b"ba", b"bb"]))
def test_merging_single_letters_is_replacing_in_bytes(word, pair):
    # bytes.replace also goes from left to right and never overlaps
    merged = merge_pair(tuple(bytes([byte]) for byte in word), (pair[:1], pair[1:]))
    replaced = word.replace(pair, b"X")
    assert b"".join(b"X" if token == pair else token for token in merged) == replaced
    assert len(merged) == len(replaced)


# --- the alphabet and the pre-tokenizers -----------------------------------------------------


def test_the_alphabet_and_its_order_are_those_of_tokenizers():
    vocabulary, _ = trained_by_tokenizers(["a"], BYTE_LEVEL, 0)
    assert vocabulary == BYTE_ALPHABET
    assert {to_printable(token) for token in BYTE_ALPHABET} == set(
        pre_tokenizers.ByteLevel.alphabet()
    )


@given(st.text(max_size=50))
def test_the_printable_form_of_bytes_is_that_of_tokenizers(text):
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    shown = "".join(piece for piece, _ in whole.pre_tokenize_str(text))
    assert to_printable(text.encode()) == shown
    assert from_printable(shown) == text.encode()


@pytest.mark.parametrize("pattern", PRE_TOKENIZERS, ids=["GPT-2", "SmolLM2"])
def test_characters_of_all_of_unicode_are_cut_as_by_tokenizers(pattern):
    # letters and numbers as the two regular expression engines see them, besides a random draw
    known_to_regex = regex.compile(r"[\p{L}\p{N}\s]")
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(0x110000, (15_000,), generator=generator).tolist()
    borders = [
        point + step
        for point in range(1, 0x110000 - 1)
        if bool(known_to_regex.match(chr(point))) != bool(known_to_regex.match(chr(point + 1)))
        for step in (-1, 0, 1, 2)
    ]
    find_words = regex.compile(pattern).findall
    for point in {*drawn, *borders} - set(range(0xD800, 0xE000)):
        character = chr(point) if point < 0x110000 else "x"
        text = f"a{character} {character}{character}!{character}1  {character} 12\n{character}"
        expected = [piece for piece, _ in PRE_TOKENIZERS[pattern].pre_tokenize_str(text)]
        assert [to_printable(word.encode()) for word in find_words(text)] == expected, hex(point)


def test_white_space_before_a_digit_is_cut_as_by_tokenizers():
    for gap in itertools.product(" \n\t\u00a0", repeat=3):
        for text in ("".join(gap) + "3", "a" + "".join(gap) + "٣b", "".join(gap) + "'s"):
            for pattern, pre_tokenizer in PRE_TOKENIZERS.items():
                expected = [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]
                words = regex.findall(pattern, text)
                assert [to_printable(word.encode()) for word in words] == expected


# --- encoding and decoding ---------------------------------------------------------------------


def mixed_text():
    """Text with what tokenizers stumble over: white space, digits, special tokens, any Unicode."""
    pieces = st.one_of(
        st.text(max_size=8),
        st.text(st.characters(max_codepoint=0x7F), max_size=8),
        st.sampled_from(
            ["the", " ", "  ", "\n", "\r\n", "12", "'s", "'LL", "日本", "Ġ", "<|", "|>"]
        ),
        st.sampled_from(["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<file_sep>"]),
    )
    return st.lists(pieces, max_size=20).map("".join)


@settings(max_examples=400, deadline=None)
@given(mixed_text())
def test_ids_are_those_of_smollm2s_tokenizer_on_any_unicode(smollm2, parts, text):
    vocabulary, merges, special_tokens = parts
    ids = encode(text, vocabulary, merges, SMOLLM2_PATTERN, special_tokens)
    assert ids == smollm2.encode(text).ids


def test_ids_are_those_of_smollm2s_tokenizer_on_a_megabyte(smollm2, parts):
    vocabulary, merges, special_tokens = parts
    texts = [*list(corpora.wikipedia().values())[:30], corpora.shakespeare()["hamlet"]]
    texts += [review.sentence for review in corpora.reviews("tweets")]
    text = "<|im_end|>\n<|im_start|>".join(texts)
    assert len(text.encode()) > 2**20
    ids = encode(text, vocabulary, merges, SMOLLM2_PATTERN, special_tokens)
    assert ids == smollm2.encode(text).ids


def test_a_byte_outside_the_vocabulary_is_left_out_as_by_tokenizers(smollm2, parts):
    vocabulary, merges, special_tokens = parts
    assert b"\x04" not in vocabulary
    for text in ("th\x04e \x13", "\U00042345 \U00080001\U000f1000"):
        ids = encode(text, vocabulary, merges, SMOLLM2_PATTERN, special_tokens)
        assert ids == smollm2.encode(text).ids
        assert decode(ids, vocabulary) != text
    # the bytes around the missing one become neighbors, and are joined
    ids = encode("ab", [b"a", b"c", b"ac"], [(b"a", b"c")], r"\w+", [])
    assert ids == [0]
    assert encode("abc", [b"a", b"c", b"ac"], [(b"a", b"c")], r"\w+", []) == [2]


def test_of_special_tokens_that_start_together_the_longest_is_taken():
    vocabulary = [*BYTE_ALPHABET, b"<a>", b"<a>b", b"b<a>"]
    special_tokens = ["<a>", "<a>b", "b<a>"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={
                **{to_printable(token): place for place, token in enumerate(BYTE_ALPHABET)},
                **{token: 256 + place for place, token in enumerate(special_tokens)},
            },
            merges=[],
        )
    )
    tokenizer.pre_tokenizer = BYTE_LEVEL
    tokenizer.add_special_tokens(special_tokens)
    for letters in itertools.product(["<a>", "b", "<"], repeat=5):
        text = "".join(letters)
        assert encode(text, vocabulary, [], GPT2_PATTERN, special_tokens) == (
            tokenizer.encode(text).ids
        )


def test_without_special_tokens_their_text_is_text(parts):
    vocabulary, merges, _ = parts
    ids = encode("<|im_end|>", vocabulary, merges, SMOLLM2_PATTERN, [])
    assert len(ids) > 1
    assert decode(ids, vocabulary) == "<|im_end|>"


@settings(max_examples=200, deadline=None)
@given(words_of_few_letters, st.integers(0, 40), few_letters(b" ~ab", longest=40))
def test_a_trained_vocabulary_encodes_as_in_tokenizers(words, merge_count, data):
    merges = train_bpe_fast(words, BYTE_ALPHABET, merge_count)
    vocabulary = build_vocabulary(BYTE_ALPHABET, merges)
    model = models.BPE(
        vocab={to_printable(token): place for place, token in enumerate(vocabulary)},
        merges=[(to_printable(first), to_printable(second)) for first, second in merges],
    )
    text = data.decode()
    expected = [token.id for token in model.tokenize(to_printable(data))]
    assert encode(text, vocabulary, merges, r"(?s).+", []) == expected


@given(mixed_text())
def test_decoding_gives_the_text_back(text):
    merges = [(b"t", b"h"), (b"\xe6", b"\x97"), (b" ", b" ")]
    vocabulary = [*BYTE_ALPHABET, *(first + second for first, second in merges)]
    assert decode(encode(text, vocabulary, merges, SMOLLM2_PATTERN, []), vocabulary) == text


@given(st.lists(st.integers(0, 49_151), max_size=30))
def test_any_ids_decode_as_in_tokenizers(smollm2, parts, ids):
    assert decode(ids, parts[0]) == smollm2.decode(ids, skip_special_tokens=False)


@given(st.binary(max_size=30))
def test_any_bytes_decode_as_in_tokenizers(data):
    tokenizer = Tokenizer(
        models.BPE(
            vocab={to_printable(token): place for place, token in enumerate(BYTE_ALPHABET)},
            merges=[],
        )
    )
    tokenizer.decoder = decoders.ByteLevel()
    ids = [BYTE_ALPHABET.index(bytes([byte])) for byte in data]
    assert decode(ids, BYTE_ALPHABET) == tokenizer.decode(ids)
    assert decode(ids, BYTE_ALPHABET) == data.decode(errors="replace")


@pytest.mark.parametrize("token", [-1, 256, 10**9])
def test_an_id_outside_the_vocabulary_is_refused(token):
    with pytest.raises(ValueError, match="outside a vocabulary of 256"):
        decode([1, token], BYTE_ALPHABET)


def test_the_parts_of_a_tokenizer_are_all_there(smollm2, parts):
    vocabulary, merges, special_tokens = parts
    assert len(vocabulary) == smollm2.get_vocab_size() == 49_152
    assert len(merges) == len(json.loads(smollm2.to_str())["model"]["merges"])
    assert [vocabulary.index(token.encode()) for token in special_tokens] == list(range(17))
