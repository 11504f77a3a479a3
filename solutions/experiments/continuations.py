"""Whether a model would write a given answer, without letting it write."""

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from solutions.transformer import Cache, Transformer


@torch.no_grad()
def would_write(
    model: Transformer, tokenizer: Tokenizer, prefix: str, pairs: Sequence[tuple[str, str]]
) -> list[bool]:
    """Say for each question whether the model, taking the likeliest token, writes the answer.

    It does exactly if each token of the answer is the likeliest one after those before it, so one
    pass over question and answer tells; and the prefix, which all questions share, is read once.

    Args:
        model: causal, with an output.
        tokenizer: the model's.
        prefix: what stands before every question, not empty; its end must be a border of tokens
            whatever follows, as after the end of a line.
        pairs: question and answer. The answer is cut into tokens by itself, as the model would
            write it after the question.
    """
    start = torch.tensor([tokenizer.encode(prefix).ids])
    cache = Cache()
    model.hidden_states(start, cache=cache)
    keys, values = cache.keys, cache.values
    found = []
    for question, answer in pairs:
        asked, wanted = tokenizer.encode(question).ids, tokenizer.encode(answer).ids
        cache = Cache()
        cache.keys, cache.values = list(keys), list(values)
        hidden = model.hidden_states(torch.tensor([asked + wanted[:-1]]), cache=cache)
        likeliest = model.logits(hidden[0, len(asked) - 1 :]).argmax(dim=-1)
        found.append(bool((likeliest == torch.tensor(wanted)).all()))
    return found


@torch.no_grad()
def next_tokens(
    model: Transformer, tokenizer: Tokenizer, text: str, count: int
) -> list[tuple[str, float]]:
    """Return the likeliest next tokens after a text, as the text they stand for, and how likely."""
    tokens = torch.tensor([tokenizer.encode(text).ids])
    probabilities: Tensor = model(tokens)[0, -1].softmax(dim=-1)
    best = probabilities.topk(count)
    return [
        (tokenizer.decode([token]), probability)
        for token, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
