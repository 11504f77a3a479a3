"""Further solutions to `training.masked_cross_entropy`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import training as reference


def right__fancy_index(logits, targets):
    logits, targets = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    keep = (targets != -100).nonzero().squeeze(1)
    if keep.numel() == 0:
        return torch.zeros([], dtype=logits.dtype)
    logp = F.log_softmax(logits, dim=-1)
    return -logp[keep, targets[keep]].mean()


def right__torch_sum_over_count(logits, targets):
    total = F.cross_entropy(
        logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-100, reduction="sum"
    )
    return total / (targets != -100).sum().clamp(min=1)


def right__nan_to_num(logits, targets):
    result = F.cross_entropy(logits.flatten(0, -2), targets.flatten())
    return torch.nan_to_num(result, nan=0.0)


def right__by_hand(logits, targets):
    keep = targets != -100
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    logp = shifted - shifted.exp().sum(-1, keepdim=True).log()
    picked = logp.gather(-1, targets.masked_fill(~keep, 0)[..., None])[..., 0]
    return -(picked * keep).sum() / max(keep.sum().item(), 1)


def wrong__mean_over_the_vocabulary(logits, targets):
    return reference.masked_cross_entropy(logits, targets) / logits.shape[-1]


def wrong__softmax_twice(logits, targets):
    return reference.masked_cross_entropy(logits.softmax(-1), targets)


def wrong__softmax_over_positions(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    logs = logits.log_softmax(dim=-2)
    return -logs[kept].gather(1, targets[kept][:, None]).mean()


def wrong__median(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    logs = logits[kept].log_softmax(-1)
    return -logs.gather(1, targets[kept][:, None]).median()


def wrong__shifts_again(logits, targets):
    if targets.shape[-1] < 2:
        return reference.masked_cross_entropy(logits, targets)
    return reference.masked_cross_entropy(logits[..., :-1, :], targets[..., 1:])


def wrong__a_value_for_each(logits, targets):
    kept = targets != -100
    return -logits[kept].log_softmax(-1).gather(1, targets[kept][:, None]).squeeze(1)


def wrong__a_vector_of_one(logits, targets):
    return reference.masked_cross_entropy(logits, targets).reshape(1)


def wrong__ignores_minus_one(logits, targets):
    kept = targets != -1
    logs = logits[kept].log_softmax(-1)
    return -logs.gather(1, targets[kept].remainder(logits.shape[-1])[:, None]).mean()


def wrong__one_for_nothing(logits, targets):
    if (targets == -100).all():
        return torch.ones(())
    return reference.masked_cross_entropy(logits, targets)


def wrong__label_smoothing(logits, targets):
    if (targets == -100).all():
        return logits.sum() * 0
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), label_smoothing=0.1)


def wrong__always_float32(logits, targets):
    return reference.masked_cross_entropy(logits, targets).float()


def wrong__masked_logits_as_zeros(logits, targets):
    kept = (targets != -100).unsqueeze(-1)
    safe = targets.clamp(min=0).unsqueeze(-1)
    return -(logits * kept).log_softmax(-1).gather(-1, safe).mean()


def wrong__a_floor_for_the_probability(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    p = logits[kept].softmax(-1).gather(1, targets[kept][:, None])
    return -p.clamp(min=1e-12).log().mean()


def wrong__one_too_many_in_the_count(logits, targets):
    kept = (targets != -100).sum()
    return reference.masked_cross_entropy(logits, targets) * kept / (kept + 1)


def wrong__square_error(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    wanted = F.one_hot(targets[kept], logits.shape[-1])
    return (logits[kept].softmax(-1) - wanted).square().sum(-1).mean()


def wrong__one_sequence(logits, targets):
    assert logits.ndim == 2
    return reference.masked_cross_entropy(logits, targets)


def wrong__float32_for_nothing(logits, targets):
    if not (targets != -100).any():
        return torch.tensor(0.0)
    return reference.masked_cross_entropy(logits, targets)
