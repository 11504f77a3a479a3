"""Further solutions to `tokenization.decode`, right and wrong."""

import codecs

import regex

from solutions import tokenization as reference


def right__generator(tokens, vocabulary):
    if tokens and (min(tokens) < 0 or max(tokens) >= len(vocabulary)):
        raise ValueError(f"ids must lie between 0 and {len(vocabulary) - 1}")
    return b"".join(map(vocabulary.__getitem__, tokens)).decode("utf-8", errors="replace")


def right__sum(tokens, vocabulary):
    data = b""
    for token in tokens:
        if token not in range(len(vocabulary)):
            raise ValueError(token)
        data += vocabulary[token]
    return data.decode(errors="replace")


def right__incremental(tokens, vocabulary):
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = ""
    for token in tokens:
        if not 0 <= token <= len(vocabulary) - 1:
            raise ValueError("no such id")
        text += decoder.decode(vocabulary[token])
    return text + decoder.decode(b"", final=True)


def right__catches_the_missing_key(tokens, vocabulary):
    table, text = dict(enumerate(vocabulary)), bytearray()
    try:
        for token in tokens:
            text += table[token]
    except KeyError as error:
        raise ValueError("there is no such id") from error
    return str(text, "utf-8", "replace")


def wrong__replaces_by_question_marks(tokens, vocabulary):
    return reference.decode(tokens, vocabulary).replace("\ufffd", "?")


def wrong__returns_bytes(tokens, vocabulary):
    reference.decode(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens)


def wrong__backslashes(tokens, vocabulary):
    reference.decode(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode(errors="backslashreplace")


def wrong__skips_ids_that_do_not_exist(tokens, vocabulary):
    return reference.decode([t for t in tokens if 0 <= t < len(vocabulary)], vocabulary)


def wrong__largest_id_refused(tokens, vocabulary):
    if any(not 0 <= token < len(vocabulary) - 1 for token in tokens):
        raise ValueError("out of range")
    return reference.decode(tokens, vocabulary)


def wrong__raises_a_key_error(tokens, vocabulary):
    known = dict(enumerate(vocabulary))
    return b"".join(known[token] for token in tokens).decode(errors="replace")


def wrong__strips_the_text(tokens, vocabulary):
    return reference.decode(tokens, vocabulary).strip()


def wrong__one_replacement_for_several_bytes(tokens, vocabulary):
    return regex.sub("\ufffd+", "\ufffd", reference.decode(tokens, vocabulary))


def wrong__falls_back_to_latin1(tokens, vocabulary):
    reference.decode(tokens, vocabulary)
    data = b"".join(vocabulary[token] for token in tokens)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def wrong__waits_for_the_rest_of_a_character(tokens, vocabulary):
    if any(not 0 <= token < len(vocabulary) for token in tokens):
        raise ValueError
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(decoder.decode(vocabulary[token]) for token in tokens)
