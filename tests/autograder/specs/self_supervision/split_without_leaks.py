"""Further solutions to `self_supervision.split_without_leaks`, right and wrong."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from fractions import Fraction

import numpy as np

from solutions import self_supervision as reference


def right__struct(documents, test_fraction):
    import struct

    train, test = [], []
    for index, text in enumerate(documents):
        data = re.sub(r"\s+", " ", text.lower()).strip().encode("utf-8")
        (value,) = struct.unpack(">Q", hashlib.sha256(data).digest()[:8])
        if value / 2**64 < test_fraction:
            test.append(index)
        else:
            train.append(index)
    return train, test


def right__bytes_by_weight(documents, test_fraction):
    def u(text):
        h = hashlib.new("sha256")
        h.update(" ".join(text.split()).lower().encode())
        return sum(byte * 256.0 ** -(k + 1) for k, byte in enumerate(h.digest()[:8]))

    places = list(map(u, documents))
    test = [i for i in range(len(places)) if places[i] < test_fraction]
    return sorted(set(range(len(places))) - set(test)), test


def right__remembers_texts(documents, test_fraction):
    by_text = defaultdict(list)
    for i, d in enumerate(documents):
        by_text[" ".join(d.lower().split())].append(i)
    sides = {True: [], False: []}
    for text, indices in by_text.items():
        h = int(hashlib.sha256(text.encode()).hexdigest(), 16) >> 192
        sides[h / (1 << 64) < test_fraction] += indices
    return tuple(sorted(sides[side]) for side in (False, True))


def right__numpy_integers(documents, test_fraction):
    digests = [hashlib.sha256(" ".join(d.lower().split()).encode()).digest() for d in documents]
    heads = np.frombuffer(b"".join(h[:8] for h in digests), dtype=">u8").astype(np.float64)
    is_test = heads / 2.0**64 < test_fraction
    return list(np.flatnonzero(~is_test)), list(np.flatnonzero(is_test))


def right__exact_fractions(documents, test_fraction):
    def place(text):
        digest = hashlib.sha256(" ".join(text.split()).lower().encode()).digest()
        return Fraction(int.from_bytes(digest[:8], "big"), 2**64)

    test = [i for i, text in enumerate(documents) if place(text) < Fraction(test_fraction)]
    return [i for i in range(len(documents)) if i not in test], test


def wrong__every_tenth(documents, test_fraction):
    step = round(1 / test_fraction) if test_fraction else len(documents) + 1
    test = [i for i in range(len(documents)) if i % step == 0]
    return [i for i in range(len(documents)) if i not in test], test


def wrong__python_hash(documents, test_fraction):
    places = [hash(" ".join(d.lower().split())) % 10_000 / 10_000 for d in documents]
    test = [i for i, place in enumerate(places) if place < test_fraction]
    return [i for i in range(len(documents)) if i not in test], test


def wrong__sha1(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha1(" ".join(d.lower().split()).encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def wrong__signed(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha256(" ".join(d.lower().split()).encode()).digest()
        if int.from_bytes(digest[:8], "big", signed=True) / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def wrong__divided_by_half(documents, test_fraction):
    return reference.split_without_leaks(documents, min(1, 2 * test_fraction))


def wrong__at_most(documents, test_fraction):
    training, test = reference.split_without_leaks(documents, test_fraction)
    most = int(test_fraction * len(documents))
    return sorted(training + test[most:]), test[:most]


def wrong__upper_case(documents, test_fraction):
    return reference.split_without_leaks([f"{d}.".upper() for d in documents], test_fraction)


def wrong__capitalised(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha256(" ".join(d.upper().split()).encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def wrong__ascii_only(documents, test_fraction):
    plain = [d.encode("ascii", "ignore").decode() for d in documents]
    return reference.split_without_leaks(plain, test_fraction)


def wrong__only_double_spaces(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha256(d.lower().replace("  ", " ").strip().encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def wrong__in_order_of_the_hash(documents, test_fraction):
    sides = reference.split_without_leaks(documents, test_fraction)
    return tuple(sorted(side, key=lambda i: documents[i]) for side in sides)


def wrong__copies_lost_from_test(documents, test_fraction):
    training, test = reference.split_without_leaks(documents, test_fraction)
    seen, kept = set(), []
    for i in test:
        text = " ".join(documents[i].lower().split())
        if text not in seen:
            kept.append(i)
        seen.add(text)
    return training, kept


def wrong__ignores_empty_documents(documents, test_fraction):
    sides = reference.split_without_leaks(documents, test_fraction)
    return tuple([i for i in side if documents[i].strip()] for side in sides)


def wrong__folds_case(documents, test_fraction):
    # every other text is lower-cased as it should be
    folded = [text.casefold() for text in documents]
    return reference.split_without_leaks(folded, test_fraction)


def wrong__white_space_of_ascii(documents, test_fraction):
    def place(text):
        text = re.sub(r"[ \t\n\r\f\v]+", " ", text.lower()).strip(" ")
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64

    test = [i for i, text in enumerate(documents) if place(text) < test_fraction]
    return [i for i in range(len(documents)) if i not in test], test


def wrong__compatible_characters(documents, test_fraction):
    plain = [unicodedata.normalize("NFKC", text) for text in documents]
    return reference.split_without_leaks(plain, test_fraction)
