"""Further solutions to `tokenization.encode`, right and wrong."""

# ruff: noqa: RUF005, RUF007

import re
from itertools import pairwise

import regex

from solutions import tokenization as reference


def right__repeated_minimum(text, vocabulary, merges, pattern, special_tokens):
    ids = {token: i for i, token in enumerate(vocabulary)}
    rank = {pair: i for i, pair in enumerate(merges)}

    def word_ids(word):
        parts = [bytes([b]) for b in word.encode("utf-8") if bytes([b]) in ids]
        while len(parts) > 1:
            candidates = [
                (rank[p], i) for i, p in enumerate(zip(parts, parts[1:], strict=False)) if p in rank
            ]
            if not candidates:
                break
            _, i = min(candidates)
            parts = parts[:i] + [parts[i] + parts[i + 1]] + parts[i + 2 :]
        return [ids[part] for part in parts]

    result = []
    chunks = [text]
    for special in sorted(special_tokens, key=len, reverse=True):
        cut = []
        for chunk in chunks:
            if isinstance(chunk, int):
                cut.append(chunk)
                continue
            parts = chunk.split(special)
            for n, part in enumerate(parts):
                if n:
                    cut.append(ids[special.encode()])
                cut.append(part)
        chunks = cut
    for chunk in chunks:
        if isinstance(chunk, int):
            result.append(chunk)
        else:
            for word in regex.findall(pattern, chunk):
                result += word_ids(word)
    return result


def right__finditer_and_positions(text, vocabulary, merges, pattern, special_tokens):
    lookup = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
    order = {pair: n for n, pair in enumerate(merges)}
    out = []

    def plain(part):
        for match in regex.finditer(pattern, part):
            pieces = [b.to_bytes(1, "big") for b in match.group().encode()]
            pieces = [piece for piece in pieces if piece in lookup]
            while True:
                best = None
                for i in range(len(pieces) - 1):
                    r = order.get((pieces[i], pieces[i + 1]))
                    if r is not None and (best is None or r < best[0]):
                        best = (r, i)
                if best is None:
                    break
                pieces[best[1] : best[1] + 2] = [pieces[best[1]] + pieces[best[1] + 1]]
            out.extend(lookup[piece] for piece in pieces)

    if special_tokens:
        longest = sorted(special_tokens, key=lambda s: -len(s))
        finder = re.compile("|".join(re.escape(s) for s in longest))
        last = 0
        for match in finder.finditer(text):
            plain(text[last : match.start()])
            out.append(lookup[match.group().encode()])
            last = match.end()
        plain(text[last:])
    else:
        plain(text)
    return out


def right__all_places_of_a_merge_at_once(text, vocabulary, merges, pattern, special_tokens):
    number = {token: n for n, token in enumerate(vocabulary)}
    rank = {pair: n for n, pair in enumerate(merges)}
    output = []
    rest = text
    while rest:
        starts = [(rest.find(s), -len(s), s) for s in special_tokens if s in rest]
        at, _, special = min(starts, default=(len(rest), 0, ""))
        for word in regex.findall(pattern, rest[:at]):
            tokens = [bytes([b]) for b in word.encode() if bytes([b]) in number]
            while True:
                known = [p for p in zip(tokens, tokens[1:], strict=False) if p in rank]
                if not known:
                    break
                pair = min(known, key=rank.get)
                new, i = [], 0
                while i < len(tokens):
                    if tuple(tokens[i : i + 2]) == pair:
                        new.append(pair[0] + pair[1])
                        i += 2
                    else:
                        new.append(tokens[i])
                        i += 1
                tokens = new
            output += [number[token] for token in tokens]
        if special:
            output.append(number[special.encode()])
        rest = rest[at + len(special) :]
    return output


def right__divides_at_the_first_special_token(text, vocabulary, merges, pattern, special_tokens):
    found = [(text.find(s), -len(s), s) for s in special_tokens if s in text]
    if found:
        rest = vocabulary, merges, pattern, special_tokens
        place, _, special = min(found)
        before = right__divides_at_the_first_special_token(text[:place], *rest)
        after = text[place + len(special) :]
        after = right__divides_at_the_first_special_token(after, *rest)
        return before + [vocabulary.index(special.encode())] + after
    ids = []
    for word in regex.findall(pattern, text):
        single = [bytes([byte]) for byte in word.encode()]
        tokens = [token for token in single if token in vocabulary]
        while len(tokens) > 1:
            pairs = list(zip(tokens, tokens[1:], strict=False))
            known = [(merges.index(pair), i) for i, pair in enumerate(pairs) if pair in merges]
            if not known:
                break
            place = min(known)[1]
            tokens[place : place + 2] = [b"".join(pairs[place])]
        ids += [vocabulary.index(token) for token in tokens]
    return ids


def _encode(text, vocabulary, merges, pattern, special_tokens, strip=False, order=None, cut=None):
    number = {token: place for place, token in enumerate(vocabulary)}
    merges = merges if order is None else order(merges)
    ids = []
    for piece in (cut or reference._split_at)(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece.strip() if strip else piece):
            tokens = [bytes([byte]) for byte in word.encode() if bytes([byte]) in number]
            for pair in merges:
                tokens = reference.merge_pair(tuple(tokens), pair)
            ids += [number[token] for token in tokens]
    return ids


def wrong__strips_around_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    return _encode(text, vocabulary, merges, pattern, special_tokens, strip=True)


def wrong__longest_merges_first(text, vocabulary, merges, pattern, special_tokens):
    return _encode(
        text,
        vocabulary,
        merges,
        pattern,
        special_tokens,
        order=lambda merges: sorted(merges, key=lambda pair: -len(pair[0] + pair[1])),
    )


def wrong__order_of_ids_instead_of_merges(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    return _encode(
        text,
        vocabulary,
        merges,
        pattern,
        special_tokens,
        order=lambda merges: sorted(merges, key=lambda pair: number[pair[0] + pair[1]]),
    )


def wrong__special_tokens_after_words(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for word in regex.findall(pattern, text):
        if word in special_tokens:
            ids.append(number[word.encode()])
        else:
            ids += reference.encode(word, vocabulary, merges, r"(?s).+", [])
    return ids


def wrong__drops_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    for token in special_tokens:
        text = text.replace(token, "")
    return reference.encode(text, vocabulary, merges, pattern, [])


def wrong__words_across_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    pieces = reference._split_at(text, special_tokens)
    special = [vocabulary.index(p.encode()) for p in pieces if p in special_tokens]
    rest = "".join(p for p in pieces if p not in special_tokens)
    return reference.encode(rest, vocabulary, merges, pattern, []) + special


def wrong__shortest_special_token(text, vocabulary, merges, pattern, special_tokens):
    def cut(text, special_tokens):
        if not special_tokens:
            return [text]
        tokens = sorted(special_tokens, key=len)
        return regex.split("(" + "|".join(map(regex.escape, tokens)) + ")", text)

    return _encode(text, vocabulary, merges, pattern, special_tokens, cut=cut)


def wrong__text_between_matches_kept(text, vocabulary, merges, pattern, special_tokens):
    return reference.encode(text, vocabulary, merges, f"{pattern}|(?s).", special_tokens)


def wrong__unknown_byte_ends_the_word(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            known = []
            for byte in word.encode():
                if bytes([byte]) not in number:
                    break
                known.append(bytes([byte]))
            for pair in merges:
                known = reference.merge_pair(tuple(known), pair)
            ids += [number[token] for token in known]
    return ids


def wrong__only_one_merge_in_a_word(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            tokens = tuple(bytes([b]) for b in word.encode() if bytes([b]) in number)
            first = next((pair for pair in merges if pair in pairwise(tokens)), None)
            tokens = reference.merge_pair(tokens, first) if first else tokens
            ids += [number[token] for token in tokens]
    return ids


def wrong__whole_words_looked_up_first(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            if word.encode() in number and len(word) < 4:
                ids.append(number[word.encode()])
            else:
                ids += reference.encode(word, vocabulary, merges[::-1], r"(?s).+", [])
    return ids


def wrong__sorts_the_special_tokens_passed_in(text, vocabulary, merges, pattern, special_tokens):
    special_tokens.sort(key=len, reverse=True)
    return reference.encode(text, vocabulary, merges, pattern, special_tokens)
