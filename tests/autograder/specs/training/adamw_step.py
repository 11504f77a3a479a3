"""Further solutions to `training.adamw_step`, right and wrong."""

import math

import numpy as np
import torch

from solutions import training as reference


def right__float64_inside(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    p, g, m, v = (t.double() for t in (parameter, gradient, first_moment, second_moment))
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    m_hat, v_hat = m / (1 - betas[0] ** step), v / (1 - betas[1] ** step)
    p = p - learning_rate * (m_hat / (v_hat.sqrt() + epsilon) + weight_decay * p)
    return tuple(t.to(parameter.dtype) for t in (p, m, v))


def right__in_place_on_copies(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    p, m, v = parameter.clone(), first_moment.clone(), second_moment.clone()
    p.mul_(1 - learning_rate * weight_decay)
    m.mul_(betas[0]).add_(gradient, alpha=1 - betas[0])
    v.mul_(betas[1]).addcmul_(gradient, gradient, value=1 - betas[1])
    denominator = (v.sqrt() / math.sqrt(1 - betas[1] ** step)).add_(epsilon)
    p.addcdiv_(m, denominator, value=-learning_rate / (1 - betas[0] ** step))
    return p, m, v


def right__numpy(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    p, g, m, v = (t.numpy() for t in (parameter, gradient, first_moment, second_moment))
    b1, b2 = betas
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.square(g)
    update = (m / (1 - b1**step)) / (np.sqrt(v / (1 - b2**step)) + epsilon)
    new = (1 - learning_rate * weight_decay) * p - learning_rate * update
    return torch.from_numpy(new), torch.from_numpy(m), torch.from_numpy(v)


def right__scaled_epsilon(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    m = first_moment + (gradient - first_moment) * (1 - betas[0])
    v = second_moment + (gradient**2 - second_moment) * (1 - betas[1])
    root = (1 - betas[1] ** step) ** 0.5
    rate = learning_rate * root / (1 - betas[0] ** step)
    kept = parameter - learning_rate * weight_decay * parameter
    return kept - rate * m / (v.sqrt() + epsilon * root), m, v


def right__interpolation(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = first_moment.lerp(gradient, 1 - betas[0])
    second = second_moment.lerp(gradient.square(), 1 - betas[1])
    below = (second / (1 - betas[1] ** step)).sqrt().add(epsilon)
    decayed = parameter.mul(1 - learning_rate * weight_decay)
    moved = decayed.addcdiv(first, below, value=-learning_rate / (1 - betas[0] ** step))
    return moved, first, second


def wrong__corrects_the_first_moment_only(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m = first / (1 - betas[0] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (second.sqrt() + epsilon), first, second


def wrong__corrects_the_second_moment_only(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    v = second / (1 - betas[1] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * first / (v.sqrt() + epsilon), first, second


def wrong__multiplies_beta_by_the_step(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first / (1 - betas[0] / step), second / (1 - betas[1] / step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second


def wrong__betas_exchanged(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    return reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas[::-1],
        epsilon,
        weight_decay,
    )


def wrong__decay_added(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    new = parameter * (1 + learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second


def wrong__sum_without_shares(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + gradient
    second = betas[1] * second_moment + gradient**2
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second


def wrong__old_moments_in_the_update(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first_moment / (1 - betas[0] ** step), second_moment / (1 - betas[1] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second


def wrong__gradient_in_the_update(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    v = second / (1 - betas[1] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * gradient / (v.sqrt() + epsilon), first, second


def wrong__plain_gradient_descent(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    new = parameter * (1 - learning_rate * weight_decay) - learning_rate * gradient
    return new, first_moment, second_moment


def wrong__sign_of_the_gradient(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    new = parameter * (1 - learning_rate * weight_decay) - learning_rate * gradient.sign()
    return new, first, second


def wrong__fixed_betas(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    return reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        (0.9, 0.999),
        epsilon,
        weight_decay,
    )


def wrong__fixed_epsilon(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    return reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas,
        1e-8,
        weight_decay,
    )


def wrong__fixed_decay(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    return reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas,
        epsilon,
        0.01,
    )


def wrong__no_default_epsilon(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=0.0,
    weight_decay=0.01,
):
    new, first, second = reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas,
        epsilon,
        weight_decay,
    )
    return new, first, second


def wrong__amsgrad(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = torch.maximum(second_moment, betas[1] * second_moment + (1 - betas[1]) * gradient**2)
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second


def wrong__decays_the_update(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    update = m / (v.sqrt() + epsilon)
    return parameter - learning_rate * update * (1 - weight_decay), first, second


def wrong__nesterov(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    m = betas[0] * m + (1 - betas[0]) * gradient / (1 - betas[0] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second


def wrong__moments_exchanged(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    new, first, second = reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas,
        epsilon,
        weight_decay,
    )
    return new, second, first


def wrong__parameter_only(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    new, *_ = reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas,
        epsilon,
        weight_decay,
    )
    return new


def wrong__returns_the_change(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    new, first, second = reference.adamw_step(
        parameter,
        gradient,
        first_moment,
        second_moment,
        step,
        learning_rate,
        betas,
        epsilon,
        weight_decay,
    )
    return new - parameter, first, second


def wrong__one_second_moment_for_all(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    new = parameter * (1 - learning_rate * weight_decay)
    return new - learning_rate * m / (v.mean().sqrt() + epsilon), first, second


def wrong__exponential_decay_of_weights(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = betas[0] * first_moment + (1 - betas[0]) * gradient
    second = betas[1] * second_moment + (1 - betas[1]) * gradient**2
    m, v = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    new = parameter * math.exp(-learning_rate * weight_decay)
    return new - learning_rate * m / (v.sqrt() + epsilon), first, second
