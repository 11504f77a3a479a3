"""Further solutions to `tokenization.merge_pair`, right and wrong."""

import regex

from solutions import tokenization as reference


def right__stack(tokens, pair):
    out = []
    fresh = False
    for token in tokens:
        if out and not fresh and (out[-1], token) == pair:
            out[-1] += token
            fresh = True
        else:
            out.append(token)
            fresh = False
    return tuple(out)


def right__iterator(tokens, pair):
    out, rest = [], iter(range(len(tokens)))
    for i in rest:
        if i + 1 < len(tokens) and tokens[i] == pair[0] and tokens[i + 1] == pair[1]:
            out.append(b"".join(pair))
            next(rest)
        else:
            out.append(tokens[i])
    return tuple(out)


def right__search(tokens, pair):
    tokens, start = list(tokens), 0
    while pair[0] in tokens[start:]:
        start = tokens.index(pair[0], start)
        if tokens[start + 1 : start + 2] == [pair[1]]:
            tokens[start : start + 2] = [pair[0] + pair[1]]
        start += 1
    return tuple(tokens)


def right__pops_the_second(tokens, pair):
    word, place = list(tokens), 0
    while place < len(word) - 1:
        if (word[place], word[place + 1]) == pair:
            word[place] += word.pop(place + 1)
        place += 1
    return tuple(word)


def wrong__compares_the_first_token_only(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        if tokens[place] == pair[0] and place + 1 < len(tokens):
            merged.append(tokens[place] + tokens[place + 1])
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


def wrong__replaces_in_the_bytes(tokens, pair):
    word = b"\x00".join(tokens).replace(pair[0] + b"\x00" + pair[1], pair[0] + pair[1])
    return tuple(word.split(b"\x00"))


def wrong__drops_the_second_token(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        merged.append(tokens[place])
        place += 2 if tokens[place : place + 2] == pair else 1
    return tuple(merged)


def wrong__joins_backwards(tokens, pair):
    return tuple(
        pair[1] + pair[0] if token == pair[0] + pair[1] and token not in tokens else token
        for token in reference.merge_pair(tokens, pair)
    )


def wrong__changes_while_iterating(tokens, pair):
    merged = list(tokens)
    for place in range(len(tokens) - 1):
        if place + 1 < len(merged) and (merged[place], merged[place + 1]) == pair:
            merged[place] = pair[0] + pair[1]
            del merged[place + 1]
    return tuple(merged[: len(tokens) - 1]) if len(merged) == len(tokens) else tuple(merged)


def wrong__skips_the_first_place(tokens, pair):
    return tokens[:1] + reference.merge_pair(tokens[1:], pair)


def wrong__until_nothing_changes(tokens, pair):
    joined = pair[0] + pair[1]
    merged = reference.merge_pair(tokens, pair)
    return reference.merge_pair(merged, (joined, joined))


def wrong__replaces_between_blanks(tokens, pair):
    written = b" ".join(tokens).replace(b" ".join(pair), b"".join(pair))
    return tuple(written.split(b" ")) if tokens else ()


def wrong__searches_between_blanks(tokens, pair):
    sought = rb"(?<!\S)" + regex.escape(b" ".join(pair)) + rb"(?!\S)"
    written = regex.sub(sought, lambda _: b"".join(pair), b" ".join(tokens))
    return tuple(written.split(b" ")) if tokens else ()


def wrong__stops_at_a_lone_first_token(tokens, pair):
    merged, place = list(tokens), 0
    while pair[0] in merged[place:]:
        place = merged.index(pair[0], place)
        if merged[place + 1 : place + 2] != [pair[1]]:
            break
        merged[place : place + 2] = [pair[0] + pair[1]]
    return tuple(merged)


def wrong__leaves_one_token_after_a_merge(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        if tokens[place : place + 2] == pair:
            merged += [pair[0] + pair[1], *tokens[place + 2 : place + 3]]
            place += 3
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)
