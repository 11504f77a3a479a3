"""Further solutions to `emergence.token_accuracy`, right and wrong."""

import math

import torch

from solutions import emergence as reference


def right__counts(predictions, targets):
    total = int((targets != -100).sum())
    if total == 0:
        raise ValueError("nothing to score")
    right = int(((predictions == targets) & (targets != -100)).sum())
    return right / total


def right__flattened(predictions, targets):
    predictions, targets = predictions.reshape(-1), targets.reshape(-1)
    where = targets.ne(-100).nonzero().squeeze(1)
    if len(where) == 0:
        raise ValueError("nothing to score")
    return predictions[where].eq(targets[where]).float().mean().item()


def right__masked_select(predictions, targets):
    keep = targets != -100
    if torch.all(~keep):
        raise ValueError
    hits = torch.masked_select(predictions == targets, keep)
    return (hits.sum() / hits.numel()).item()


def right__nan_mean(predictions, targets):
    hits = (predictions == targets).double().masked_fill(targets == -100, math.nan)
    mean = hits.nanmean().item()
    if math.isnan(mean):
        raise ValueError("nothing to score")
    return mean


def wrong__ignores_minus_one(predictions, targets):
    kept = targets != -1
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


def wrong__ignores_by_predictions(predictions, targets):
    kept = predictions != -100
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


def wrong__mean_over_columns(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    hits = ((predictions == targets) & kept).double()
    counts = kept.sum(0)
    return (hits.sum(0) / counts.clamp(min=1))[counts > 0].mean().item()


def wrong__divides_by_targets_plus_one(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return (predictions[kept] == targets[kept]).sum().item() / (int(kept.sum()) + 1)


def wrong__shifted(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return reference.token_accuracy(predictions[..., :-1], targets[..., 1:])


def wrong__error_rate(predictions, targets):
    return 1 - reference.token_accuracy(predictions, targets)


def wrong__percent(predictions, targets):
    return 100 * reference.token_accuracy(predictions, targets)


def wrong__first_sequence(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    if targets.ndim > 1:
        predictions, targets = predictions[0], targets[0]
    return reference.token_accuracy(predictions, targets)


def wrong__of_each_sequence(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return ((predictions == targets) & kept).sum(-1) / kept.sum(-1)


def wrong__none_of_nothing(predictions, targets):
    return None if (targets == -100).all() else reference.token_accuracy(predictions, targets)


def wrong__division_error(predictions, targets):
    kept = targets != -100
    return int((predictions[kept] == targets[kept]).sum()) / int(kept.sum())


def wrong__stops_at_the_first_gap(predictions, targets):
    kept = (targets != -100).int().cumprod(-1).bool()
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().nan_to_num().item()


def wrong__close_counts(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return ((predictions[kept] - targets[kept]).abs() <= 1).double().mean().item()


def wrong__changes_the_targets(predictions, targets):
    result = reference.token_accuracy(predictions, targets)
    targets[targets == -100] = 0
    return result


def wrong__hits_among_predictions(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return torch.isin(predictions[kept], targets[kept]).double().mean().item()


def wrong__leaves_out_what_either_leaves_out(predictions, targets):
    kept = (targets != -100) & (predictions != -100)
    if not kept.any():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()
