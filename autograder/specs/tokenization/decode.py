"""What `tokenization.decode` accepts."""

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.tokenization.hand_made_vocabularies import PATTERN, sentence, tokenizer
from autograder.specs.tokenization.words import shuffled
from solutions import tokenization as reference


def whole_texts(draw: Draw) -> list[Call]:
    vocabulary, merges = tokenizer(draw, 30, ("<s>",))
    text = sentence(draw, 6)
    ids = reference.encode(f"<s>{text}", vocabulary, merges, PATTERN, ["<s>"])
    return [
        Call(([1, 0, 2], [b"the", b"in ", b"!"]), tries="three tokens"),
        Call(([0, 0, 0], [b"ha", b"!"]), tries="one token three times"),
        Call(([], [b"a"]), tries="no ids"),
        Call((ids, vocabulary), tries="a sentence after a special token"),
    ]


def characters_in_pieces(draw: Draw) -> list[Call]:
    vocabulary = shuffled(draw, reference.BYTE_ALPHABET)
    number = {token: place for place, token in enumerate(vocabulary)}

    def ids(text: str) -> list[int]:
        return [number[bytes([byte])] for byte in text.encode()]

    mixed = [b"caf\xc3", b"\xa9 ", b"\xf0\x9f", b"\x99\x82"]
    return [
        Call(([0, 1], [b"caf\xc3", b"\xa9"]), tries="a character that two tokens share"),
        Call(([2, 3, 0, 1], mixed), tries="characters of two and four bytes in pieces"),
        Call((ids(f"日本 {sentence(draw, 2)} é🙂"), vocabulary), tries="a text byte by byte"),
    ]


def invalid_bytes(draw: Draw) -> list[Call]:
    vocabulary = shuffled(draw, reference.BYTE_ALPHABET)
    noise = draw.integers(0, 255, 40).tolist()
    return [
        Call(([0, 1], [b"a\xff", b"b"]), tries="a byte that UTF-8 never uses"),
        Call(([0], [b"caf\xc3"]), tries="a character without its end"),
        Call(([0, 0], [b"\x80\xf0\x9f\x99"]), tries="pieces of characters that do not fit"),
        Call((noise, vocabulary), tries="random bytes"),
    ]


def ids_out_of_range(draw: Draw) -> list[Call]:
    size = draw.integer(3, 6)
    vocabulary = [bytes([97 + place]) for place in range(size)]
    return [
        Call(([0, size], vocabulary), tries="an id one too large"),
        Call(([size - 1, 0], vocabulary), tries="the largest id and the smallest"),
        Call(([0, -1], vocabulary), tries="the id -1"),
        Call(([draw.integer(1000, 9999)], vocabulary), tries="an id far too large"),
    ]


decode = Exercise(
    "tokenization.decode",
    parts=[
        Part("whole texts", 0.5, whole_texts, Same(), public=True),
        Part("characters in pieces", 1, characters_in_pieces, Same()),
        Part("invalid bytes", 1, invalid_bytes, Same()),
        Part("ids out of range", 0.5, ids_out_of_range, Same()),
    ],
)


def in_range(tokens, vocabulary):
    """Refuse what the contract refuses."""
    if any(not 0 <= token < len(vocabulary) for token in tokens):
        raise ValueError("an id is out of range")


@decode.misconception(
    "Each token is decoded by itself. A character can be spread over several tokens: join all "
    "bytes first, then decode."
)
def decoded_one_by_one(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return "".join(vocabulary[token].decode(errors="replace") for token in tokens)


@decode.misconception(
    "Bytes that are not valid are left out; each becomes U+FFFD, as with errors='replace'."
)
def decoded_ignoring(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode(errors="ignore")


@decode.misconception(
    "Bytes that are not valid UTF-8 raise an error. Models do write such bytes: replace them "
    "(errors='replace')."
)
def decoded_strictly(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode()


@decode.misconception("Every byte becomes a character of its own; the bytes are UTF-8.")
def decoded_as_latin1(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode("latin-1")


@decode.misconception(
    "The id -1 gives the last token, as Python counts from the end. It has to raise a ValueError, "
    "and so does an id that is too large."
)
def decoded_unchecked(tokens, vocabulary):
    return b"".join(vocabulary[token] for token in tokens).decode(errors="replace")


@decode.misconception("The id -1 gives the last token, as Python counts from the end.")
def decoded_negative(tokens, vocabulary):
    if any(token >= len(vocabulary) for token in tokens):
        raise ValueError("an id is out of range")
    return b"".join(vocabulary[token] for token in tokens).decode(errors="replace")


@decode.misconception("Tokens are set apart by spaces; a space is part of the tokens themselves.")
def decoded_with_spaces(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b" ".join(vocabulary[token] for token in tokens).decode(errors="replace")


@decode.alternative
def decoded_by_bytearray(tokens, vocabulary):
    buffer = bytearray()
    for token in tokens:
        if token < 0 or token >= len(vocabulary):
            raise ValueError("no such token")
        buffer += vocabulary[token]
    return buffer.decode("utf-8", "replace")


@decode.alternative
def decoded_by_str(tokens, vocabulary):
    known = dict(enumerate(vocabulary))
    try:
        return str(b"".join([known[token] for token in tokens]), "utf8", errors="replace")
    except KeyError as error:
        raise ValueError("no such token") from error
