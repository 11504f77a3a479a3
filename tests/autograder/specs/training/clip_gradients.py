"""Further solutions to `training.clip_gradients`, right and wrong."""

import math

import torch

from solutions import training as reference


def right__foreach(gradients, maximum_norm):
    total = torch.sqrt(sum(torch.sum(g**2) for g in gradients))
    if torch.isnan(total) or torch.isinf(total):
        raise ValueError("not finite")
    if total > maximum_norm:
        return [g * (maximum_norm / total) for g in gradients], total
    return [g.clone() for g in gradients], total


def right__python_float_norm(gradients, maximum_norm):
    total = math.sqrt(sum(g.pow(2).sum().item() for g in gradients))
    if not math.isfinite(total):
        raise ValueError("not finite")
    scale = min(1.0, maximum_norm / (total + 1e-12))
    return [scale * g for g in gradients], torch.tensor(total)


def right__one_vector(gradients, maximum_norm):
    flat = torch.cat([g.reshape(-1) for g in gradients])
    norm = torch.linalg.norm(flat)
    if not bool(torch.isfinite(norm)):
        raise ValueError(f"norm {norm}")
    if norm > maximum_norm:
        flat = flat / norm * maximum_norm
    parts = flat.split([g.numel() for g in gradients])
    return [p.reshape(g.shape) for p, g in zip(parts, gradients, strict=True)], norm


def right__hypotenuse(gradients, maximum_norm):
    norm = math.hypot(*(x for g in gradients for x in g.double().flatten().tolist()))
    if not norm < math.inf:
        raise ValueError("the norm is not finite")
    factor = maximum_norm / norm if norm > maximum_norm else 1.0
    return tuple(g * factor for g in gradients), torch.tensor(norm, dtype=gradients[0].dtype)


def wrong__mean_of_squares(gradients, maximum_norm):
    flat = torch.cat([g.flatten() for g in gradients])
    if not flat.isfinite().all():
        raise ValueError
    norm = flat.pow(2).mean().sqrt()
    factor = min(1.0, maximum_norm / max(norm.item(), 1e-12))
    return [g * factor for g in gradients], norm


def wrong__l1_norm(gradients, maximum_norm):
    norm = sum(g.abs().sum() for g in gradients)
    if not norm.isfinite():
        raise ValueError
    factor = min(1.0, maximum_norm / max(norm.item(), 1e-12))
    return [g * factor for g in gradients], norm


def wrong__largest_of_the_norms(gradients, maximum_norm):
    norm = torch.stack([g.norm() for g in gradients]).max()
    if not norm.isfinite():
        raise ValueError
    factor = min(1.0, maximum_norm / max(norm.item(), 1e-12))
    return [g * factor for g in gradients], norm


def wrong__first_only(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return [clipped[0], *gradients[1:]], norm


def wrong__to_norm_one(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    factor = 1 / norm if norm > maximum_norm else 1.0
    return [g * factor for g in gradients], norm


def wrong__root_of_the_factor(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    factor = math.sqrt(maximum_norm / norm) if norm > maximum_norm else 1.0
    return [g * factor for g in gradients], norm


def wrong__drops_what_is_too_large(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    return [g * float(norm <= maximum_norm) for g in gradients], norm


def wrong__the_factor_instead_of_the_norm(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return clipped, torch.clamp(maximum_norm / norm, max=1.0)


def wrong__norm_in_a_vector(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return clipped, norm.reshape(1)


def wrong__norm_first(gradients, maximum_norm):
    return reference.clip_gradients(gradients, maximum_norm)[::-1]


def wrong__one_long_vector(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return torch.cat([g.flatten() for g in clipped]), norm


def wrong__always_float32(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return [g.float() for g in clipped], norm


def wrong__zeros_for_bad_norms(gradients, maximum_norm):
    try:
        return reference.clip_gradients(gradients, maximum_norm)
    except ValueError:
        return [torch.zeros_like(g) for g in gradients], torch.tensor(0.0)


def wrong__only_infinity_is_refused(gradients, maximum_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    if norm.isinf():
        raise ValueError
    if not norm > maximum_norm:
        return list(gradients), norm
    return [g * maximum_norm / norm for g in gradients], norm


def wrong__a_large_epsilon(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    factor = torch.clamp(maximum_norm / (norm + 1e-2), max=1.0)
    return [g * factor for g in gradients], norm


def wrong__looks_for_nan_in_the_first(gradients, maximum_norm):
    if not gradients[0].isfinite().all():
        raise ValueError
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    factor = min(1.0, maximum_norm / float(norm)) if norm else 1.0
    return [gradient * factor for gradient in gradients], norm
