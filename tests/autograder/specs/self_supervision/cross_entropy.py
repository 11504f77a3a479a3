"""Further solutions to `self_supervision.cross_entropy`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import self_supervision as reference


def right__in_double(logits, targets):
    z = logits.double()
    z = z - z.max(dim=-1, keepdim=True).values
    nll = z.exp().sum(-1).log() - torch.take_along_dim(z, targets[..., None], -1).squeeze(-1)
    return nll.mean().to(logits.dtype)


def right__class_dimension_second(logits, targets):
    if logits.ndim == 2:
        return F.cross_entropy(logits, targets)
    return F.cross_entropy(logits.movedim(-1, 1), targets)


def right__nll_of_log_softmax(logits, targets):
    flat = logits.reshape(-1, logits.size(-1)).log_softmax(dim=1)
    return F.nll_loss(flat, targets.reshape(-1))


def right__compares_ids(logits, targets):
    is_target = torch.arange(logits.shape[-1]) == targets.unsqueeze(-1)
    logs = logits - logits.logsumexp(-1, keepdim=True)
    return -logs[is_target].mean()


def right__margins(logits, targets):
    chosen = logits.gather(-1, targets[..., None])
    return torch.logsumexp(logits - chosen, dim=-1).mean()


def wrong__clamped_probability(logits, targets):
    p = logits.softmax(-1).gather(-1, targets[..., None])
    return -p.clamp(min=1e-30).log().mean()


def wrong__clamped_logits(logits, targets):
    return reference.cross_entropy(logits.clamp(-80, 80), targets)


def wrong__perplexity(logits, targets):
    return reference.cross_entropy(logits, targets).exp()


def wrong__last_position_only(logits, targets):
    return reference.cross_entropy(logits[..., -1:, :], targets[..., -1:])


def wrong__ignores_target_zero(logits, targets):
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=0).nan_to_num()


def wrong__label_smoothing(logits, targets):
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), label_smoothing=0.1)


def wrong__softmax_twice(logits, targets):
    return reference.cross_entropy(logits.softmax(-1), targets)


def wrong__divides_by_the_vocabulary(logits, targets):
    return reference.cross_entropy(logits, targets) * targets.numel() / logits.numel()


def wrong__median(logits, targets):
    z = logits.log_softmax(-1).gather(-1, targets[..., None])
    return -z.median()


def wrong__one_minus_probability(logits, targets):
    return (1 - logits.softmax(-1).gather(-1, targets[..., None])).mean()


def wrong__binary(logits, targets):
    wanted = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, wanted)


def wrong__always_float32(logits, targets):
    return reference.cross_entropy(logits.float(), targets)


def wrong__keeps_a_dimension(logits, targets):
    return reference.cross_entropy(logits, targets).reshape(1)


def wrong__subtracts_in_place(logits, targets):
    logits -= logits.amax(-1, keepdim=True)
    return reference.cross_entropy(logits, targets)


def wrong__first_of_the_batch(logits, targets):
    return reference.cross_entropy(logits[:1], targets[:1])


def wrong__sum_of_squares_of_logits_added(logits, targets):
    return reference.cross_entropy(logits, targets) + 1e-3 * logits.pow(2).mean()


def wrong__largest_of_all_logits(logits, targets):
    shifted = logits - logits.max()
    chosen = shifted.gather(-1, targets[..., None])[..., 0]
    return (shifted.exp().sum(-1).log() - chosen).mean()
