"""Further solutions to `emergence.predicted_exact_match`, right and wrong."""

import numpy as np
import torch


def right__torch_prod(accuracies):
    return torch.prod(accuracies, -1)


def right__reduced_by_hand(accuracies):
    result = accuracies[..., 0].clone()
    for column in accuracies.unbind(-1)[1:]:
        result *= column
    return result


def right__numpy(accuracies):
    return torch.as_tensor(np.prod(accuracies.numpy(), axis=-1), dtype=accuracies.dtype)


def right__in_double(accuracies):
    return accuracies.double().log().sum(-1).exp().to(accuracies.dtype)


def wrong__sum(accuracies):
    return accuracies.sum(-1)


def wrong__sum_of_logarithms(accuracies):
    return accuracies.log().sum(-1)


def wrong__smoothed(accuracies):
    return accuracies.clamp(min=0.01).prod(-1)


def wrong__logarithm_with_epsilon(accuracies):
    return (accuracies + 1e-3).log().sum(-1).exp()


def wrong__float(accuracies):
    return accuracies.prod(-1).tolist()


def wrong__keeps_the_dimension(accuracies):
    return accuracies.prod(-1, keepdim=True)


def wrong__at_most_two_dimensions(accuracies):
    return accuracies.prod(1) if accuracies.ndim > 1 else accuracies.prod()


def wrong__first_times_last(accuracies):
    return accuracies[..., 0] * accuracies[..., -1]


def wrong__mean_of_the_batch(accuracies):
    return accuracies.prod(-1).mean()


def wrong__maximum_power(accuracies):
    return accuracies.amax(-1) ** accuracies.shape[-1]


def wrong__in_half_precision(accuracies):
    return accuracies.half().prod(-1).to(accuracies.dtype)


def wrong__in_place(accuracies):
    for i in range(1, accuracies.shape[-1]):
        accuracies[..., i] *= accuracies[..., i - 1]
    return accuracies[..., -1].clone()


def wrong__squeezes(accuracies):
    return accuracies.prod(-1).squeeze()
