"""Further solutions to `training.perplexity`, right and wrong."""

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import training as reference


def right__exp_of_torch(logits, targets):
    if bool((targets == -100).all()):
        raise ValueError("nothing")
    loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))
    return torch.exp(loss).item()


def right__product_of_roots(logits, targets):
    keep = targets != -100
    n = int(keep.sum())
    if n < 1:
        raise ValueError("nothing")
    p = logits[keep].softmax(-1)[torch.arange(n), targets[keep]]
    return p.double().pow(-1 / n).prod().item()


def right__numpy(logits, targets):
    x, t = logits.double().numpy(), targets.numpy()
    x, t = x.reshape(-1, x.shape[-1])[t.ravel() != -100], t[t != -100]
    if t.size == 0:
        raise ValueError("nothing")
    x = x - x.max(1, keepdims=True)
    loss = np.log(np.exp(x).sum(1)) - x[np.arange(len(t)), t]
    return np.exp(loss.mean())


def wrong__two_to_the_bits_of_bits(logits, targets):
    return math.exp(math.log(reference.perplexity(logits, targets)) / math.log(2))


def wrong__square_root(logits, targets):
    return math.sqrt(reference.perplexity(logits, targets))


def wrong__of_the_first_sequence(logits, targets):
    if (targets == -100).all():
        raise ValueError
    if logits.ndim == 2:
        return reference.perplexity(logits, targets)
    return reference.perplexity(logits[0], targets[0])


def wrong__entropy_of_the_model(logits, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    logs = logits[kept].log_softmax(-1)
    return math.exp(-(logs.exp() * logs).sum(-1).mean())


def wrong__infinite_for_nothing(logits, targets):
    if (targets == -100).all():
        return math.inf
    return reference.perplexity(logits, targets)


def wrong__mean_of_inverse_probabilities(logits, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    p = logits[kept].log_softmax(-1).exp().gather(1, targets[kept][:, None])
    return 1 / float(p.mean())


def wrong__softmax_twice(logits, targets):
    return reference.perplexity(logits.softmax(-1), targets)


def wrong__token_zero_is_padding(logits, targets):
    kept = targets.masked_fill(targets == 0, -100)
    if (kept == -100).all():
        kept = targets
    return reference.perplexity(logits, kept)


def wrong__rounded(logits, targets):
    return float(round(reference.perplexity(logits, targets)))


def wrong__divides_by_all(logits, targets):
    value = math.log(reference.perplexity(logits, targets))
    return math.exp(value * float((targets != -100).float().mean()))


def wrong__one_less(logits, targets):
    return reference.perplexity(logits, targets) - 1


def wrong__per_position(logits, targets):
    if (targets == -100).all():
        raise ValueError
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return (-logs).exp()


def wrong__product_in_double_precision(logits, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    probabilities = logits[kept].double().softmax(-1).gather(-1, targets[kept][:, None])
    product = float(probabilities.prod())
    return product ** (-1 / len(probabilities)) if product else math.inf
