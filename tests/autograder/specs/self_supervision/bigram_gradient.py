"""Further solutions to `self_supervision.bigram_gradient`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import self_supervision as reference


def right__jacobian_free_functional(weights, inputs, targets):
    def loss(w):
        return F.cross_entropy(w[inputs], targets)

    return torch.func.grad(loss)(weights)


def right__by_rows(weights, inputs, targets):
    out = torch.zeros(weights.shape, dtype=weights.dtype)
    for a in inputs.unique():
        after = targets[inputs == a]
        seen = torch.bincount(after, minlength=len(weights)).to(weights.dtype)
        out[a] = (len(after) * F.softmax(weights[a], dim=0) - seen) / len(inputs)
    return out


def right__index_put(weights, inputs, targets):
    p = weights.softmax(1)
    out = torch.zeros_like(weights)
    for a in inputs.tolist():
        out[a] += p[a]
    minus = -torch.ones(len(inputs), dtype=weights.dtype)
    out = out.index_put((inputs, targets), minus, accumulate=True)
    return out / inputs.shape[0]


def right__scatter_add(weights, inputs, targets):
    z = weights[inputs]
    e = torch.exp(z - z.amax(1, keepdim=True))
    d = e / e.sum(1, keepdim=True)
    d.scatter_add_(1, targets[:, None], torch.full((len(targets), 1), -1.0, dtype=d.dtype))
    index = inputs[:, None].expand_as(d)
    return torch.zeros_like(weights).scatter_add(0, index, d).div(len(inputs))


def right__from_the_counts(weights, inputs, targets):
    counts = torch.zeros_like(weights)
    ones = torch.ones(len(inputs), dtype=weights.dtype)
    counts.index_put_((inputs, targets), ones, accumulate=True)
    return (weights.softmax(1) * counts.sum(1, keepdim=True) - counts) / len(inputs)


def wrong__includes_the_learning_rate(weights, inputs, targets):
    return 0.1 * reference.bigram_gradient(weights, inputs, targets)


def wrong__transposed(weights, inputs, targets):
    return reference.bigram_gradient(weights, inputs, targets).T


def wrong__subtracts_each_pair_once(weights, inputs, targets):
    out = torch.zeros_like(weights)
    out.index_add_(0, inputs, weights[inputs].softmax(-1))
    out[inputs, targets] -= 1
    return out / len(inputs)


def wrong__mean_over_different_tokens(weights, inputs, targets):
    out = reference.bigram_gradient(weights, inputs, targets) * len(inputs)
    return out / len(inputs.unique())


def wrong__mean_over_all_entries(weights, inputs, targets):
    return reference.bigram_gradient(weights, inputs, targets) / weights.shape[1]


def wrong__log_probabilities(weights, inputs, targets):
    d = weights[inputs].log_softmax(-1) - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def wrong__raw_logits(weights, inputs, targets):
    d = weights[inputs] - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def wrong__one_at_the_input(weights, inputs, targets):
    d = weights[inputs].softmax(-1) - F.one_hot(inputs, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def wrong__float32(weights, inputs, targets):
    return reference.bigram_gradient(weights.float(), inputs, targets)


def wrong__softmax_of_everything(weights, inputs, targets):
    p = weights.flatten().softmax(0).reshape(weights.shape)
    d = p[inputs] - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def wrong__probabilities_minus_probabilities(weights, inputs, targets):
    counts = torch.zeros_like(weights)
    ones = torch.ones(len(inputs), dtype=weights.dtype)
    counts.index_put_((inputs, targets), ones, accumulate=True)
    total = counts.sum(1, keepdim=True)
    shares = counts / total.clamp(min=1)
    return torch.where(total > 0, weights.softmax(-1) - shares, 0)


def wrong__rows_of_targets(weights, inputs, targets):
    d = weights[inputs].softmax(-1) - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, targets, d / len(inputs))


def wrong__clipped(weights, inputs, targets):
    return reference.bigram_gradient(weights, inputs, targets).clamp(-0.05, 0.05)


def wrong__exp_overflows(weights, inputs, targets):
    e = weights.exp()
    differences = (e / e.sum(1, keepdim=True))[inputs]
    differences[torch.arange(len(inputs)), targets] -= 1
    return torch.zeros_like(weights).index_add(0, inputs, differences) / len(inputs)


def wrong__largest_of_all_weights(weights, inputs, targets):
    return wrong__exp_overflows(weights - weights.max(), inputs, targets)
