"""Further solutions to `self_supervision.bits_per_byte`, right and wrong."""

import math
import unicodedata

import numpy as np

from solutions import self_supervision as reference


def right__log_with_base(total_nats, text):
    size = len(text.encode("utf8"))
    if size == 0:
        raise ValueError("text is empty")
    return (total_nats / size) * math.log(math.e, 2)


def right__numpy(total_nats, text):
    if len(text) == 0:
        raise ValueError("text is empty")
    return np.float64(total_nats) / np.log(2) / np.frombuffer(text.encode(), np.uint8).size


def right__catches_the_division(total_nats, text):
    try:
        return total_nats / (math.log(2) * len(bytearray(text, "utf-8")))
    except ZeroDivisionError:
        raise ValueError("text is empty") from None


def wrong__utf16(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / len(text.encode("utf-16-le"))


def wrong__ignores_what_is_not_ascii(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / max(len(text.encode("ascii", "ignore")), 1)


def wrong__replaces_what_is_not_ascii(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / len(text.encode("ascii", "replace"))


def wrong__strips_the_text(total_nats, text):
    if not text.strip():
        raise ValueError("empty")
    return total_nats / math.log(2) / len(text.strip().encode())


def wrong__decimal_logarithm(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log10(2) / len(text.encode())


def wrong__rounded(total_nats, text):
    return round(reference.bits_per_byte(total_nats, text), 2)


def wrong__perplexity(total_nats, text):
    return math.exp(reference.bits_per_byte(total_nats, text))


def wrong__size_of_the_object(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / text.__sizeof__()


def wrong__not_a_number_for_nothing(total_nats, text):
    return reference.bits_per_byte(total_nats, text) if text else math.nan


def wrong__different_characters(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / len(set(text.encode()))


def wrong__composes_accents(total_nats, text):
    return reference.bits_per_byte(total_nats, unicodedata.normalize("NFC", text))
