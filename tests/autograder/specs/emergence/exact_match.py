"""Further solutions to `emergence.exact_match`, right and wrong."""

import re
from fractions import Fraction
from itertools import zip_longest

import torch

from solutions import emergence as reference


def right__fraction(predictions, references):
    if not len(predictions) or len(predictions) != len(references):
        raise ValueError("cannot compare")
    right = [a.strip() == b.strip() for a, b in zip(predictions, references, strict=True)]
    return float(Fraction(sum(right), len(right)))


def right__regular_expressions(predictions, references):
    if len(predictions) != len(references) or len(references) == 0:
        raise ValueError("cannot compare")

    def clean(text):
        return re.sub(r"\A\s+|\s+\Z", "", text)

    return sum(clean(a) == clean(b) for a, b in zip(predictions, references, strict=True)) / len(
        predictions
    )


def right__torch(predictions, references):
    if len(predictions) != len(references) or not predictions:
        raise ValueError("cannot compare")
    hits = torch.tensor([a.strip() == b.strip() for a, b in zip(predictions, references)])  # noqa: B905
    return hits.float().mean()


def right__map(predictions, references):
    n = len(references)
    if n == 0 or n != len(predictions):
        raise ValueError
    equal = map(str.__eq__, map(str.strip, predictions), map(str.strip, references))
    return list(equal).count(True) / n


def wrong__strips_letters(predictions, references):
    return reference.exact_match(
        [p.strip(" .\n\t") for p in predictions], [r.strip(" .\n\t") for r in references]
    )


def wrong__casefold_of_references(predictions, references):
    return reference.exact_match(predictions, [r.lower() for r in references])


def wrong__numbers_by_value(predictions, references):
    def value(text):
        return str(int(text)) if text.strip().isdigit() else text

    return reference.exact_match(list(map(value, predictions)), list(map(value, references)))


def wrong__right_side_only(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(a.rstrip() == b.rstrip() for a, b in pairs) / len(references)


def wrong__left_side_only(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(a.lstrip() == b.lstrip() for a, b in pairs) / len(references)


def wrong__collapses_spaces(predictions, references):
    return reference.exact_match(
        [" ".join(p.split()) for p in predictions], [" ".join(r.split()) for r in references]
    )


def wrong__normalises_characters(predictions, references):
    from unicodedata import normalize

    return reference.exact_match(
        [normalize("NFKC", p) for p in predictions], [normalize("NFKC", r) for r in references]
    )


def wrong__set_overlap(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    common = {p.strip() for p in predictions} & {r.strip() for r in references}
    return len(common) / len({r.strip() for r in references})


def wrong__sorted(predictions, references):
    return reference.exact_match(sorted(predictions), sorted(references))


def wrong__share_of_characters(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    shares = [
        sum(x == y for x, y in zip(a.strip(), b.strip(), strict=False)) / max(len(b.strip()), 1)
        for a, b in zip(predictions, references, strict=True)
    ]
    return sum(shares) / len(shares)


def wrong__share_of_mistakes(predictions, references):
    return 1 - reference.exact_match(predictions, references)


def wrong__all_or_nothing(predictions, references):
    return float(reference.exact_match(predictions, references) == 1)


def wrong__zero_of_none(predictions, references):
    if len(predictions) != len(references):
        raise ValueError
    return reference.exact_match(predictions, references) if references else 0.0


def wrong__fills_with_misses(predictions, references):
    if not references and not predictions:
        raise ValueError
    pairs = list(zip_longest(predictions, references, fillvalue="\0"))
    return sum(a.strip() == b.strip() for a, b in pairs) / len(pairs)


def wrong__empty_never_right(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(bool(a.strip()) and a.strip() == b.strip() for a, b in pairs) / len(references)


def wrong__type_error(predictions, references):
    if len(predictions) != len(references) or not references:
        raise TypeError("not equally many")
    return reference.exact_match(predictions, references)


def wrong__rounded(predictions, references):
    return round(reference.exact_match(predictions, references), 2)


def wrong__list_of_hits(predictions, references):
    pairs = zip(predictions, references, strict=True)
    return [a.strip() == b.strip() for a, b in pairs]


def wrong__takes_one_blank_off(predictions, references):
    if not predictions or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    same = [p.removeprefix(" ").removesuffix("\n") == r.rstrip() for p, r in pairs]
    return sum(same) / len(same)
