"""Further solutions to `emergence.bootstrap_interval`, right and wrong."""

import math
import random

import numpy as np
import torch

from solutions import emergence as reference


def right__rand_times_length(values, generator, confidence=0.95, resamples=1_000):
    n = len(values)
    picks = (torch.rand(resamples, n, generator=generator, dtype=torch.float64) * n).long()
    means = values[picks].mean(-1)
    tail = (1 - confidence) / 2
    return torch.quantile(means, tail).item(), torch.quantile(means, 1 - tail).item()


def right__numpy_floats(values, generator, confidence=0.95, resamples=1_000):
    picks = torch.randint(0, values.numel(), (resamples, values.numel()), generator=generator)
    means = values.numpy()[picks.numpy()].mean(axis=1)
    return np.quantile(means, (1 - confidence) / 2), np.quantile(means, (1 + confidence) / 2)


def right__a_list_of_two(values, generator, confidence=0.95, resamples=1_000):
    picks = torch.randint(len(values), (len(values), resamples), generator=generator)
    means = values[picks].mean(0)
    alpha = 1 - confidence
    levels = torch.tensor([alpha / 2, 1 - alpha / 2], dtype=means.dtype)
    return means.quantile(levels).tolist()


def right__multinomial_counts(values, generator, confidence=0.95, resamples=1_000):
    numbers = np.random.default_rng(int(torch.randint(2**40, (), generator=generator)))
    n = len(values)
    counts = numbers.multinomial(n, np.full(n, 1 / n), size=resamples)
    means = np.sort(counts @ values.double().numpy() / n)

    def at(q):
        h = q * (resamples - 1)
        low = min(max(math.floor(h), 0), resamples - 1)
        return float(means[low] + (h - low) * (means[min(low + 1, resamples - 1)] - means[low]))

    return at((1 - confidence) / 2), at(1 - (1 - confidence) / 2)


def right__python_choices(values, generator, confidence=0.95, resamples=1_000):
    chance = random.Random(int(torch.empty((), dtype=torch.int64).random_(generator=generator)))
    pool = values.tolist()
    means = [sum(chance.choices(pool, k=len(pool))) / len(pool) for _ in range(resamples)]
    low, high = np.percentile(means, [50 * (1 - confidence), 100 - 50 * (1 - confidence)])
    return float(low), float(high)


def right__one_resample_after_another(values, generator, confidence=0.95, resamples=1_000):
    means = []
    for _ in range(resamples):
        chosen = torch.randint(0, len(values), (len(values),), generator=generator)
        means.append(values[chosen].mean())
    means = torch.stack(means)
    return (
        means.quantile((1 - confidence) / 2).item(),
        means.quantile(1 - (1 - confidence) / 2).item(),
    )


def _interval(means, confidence):
    tail = (1 - confidence) / 2
    return tuple(means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double)).tolist())


def _means(values, generator, resamples, size=None):
    size = size or len(values)
    chosen = torch.randint(len(values), (resamples, size), generator=generator)
    return values.double()[chosen].mean(1)


def wrong__one_value_fewer(values, generator, confidence=0.95, resamples=1_000):
    return _interval(_means(values, generator, resamples, max(len(values) - 1, 1)), confidence)


def wrong__never_the_last_value(values, generator, confidence=0.95, resamples=1_000):
    upper = max(len(values) - 1, 1)
    chosen = torch.randint(upper, (resamples, len(values)), generator=generator)
    return _interval(values.double()[chosen].mean(1), confidence)


def wrong__basic(values, generator, confidence=0.95, resamples=1_000):
    low, high = _interval(_means(values, generator, resamples), confidence)
    mean = values.double().mean().item()
    return 2 * mean - high, 2 * mean - low


def wrong__normal_with_resampled_error(values, generator, confidence=0.95, resamples=1_000):
    from statistics import NormalDist

    means = _means(values, generator, max(resamples, 2))
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    mean, error = values.double().mean().item(), means.std().item()
    return mean - z * error, mean + z * error


def wrong__high_before_low(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, generator, confidence, resamples)[::-1]


def wrong__a_tensor(values, generator, confidence=0.95, resamples=1_000):
    return torch.tensor(reference.bootstrap_interval(values, generator, confidence, resamples))


def wrong__one_sided(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    return means.quantile(1 - confidence).item(), means.max().item()


def wrong__of_the_sum(values, generator, confidence=0.95, resamples=1_000):
    low, high = reference.bootstrap_interval(values, generator, confidence, resamples)
    return low * len(values), high * len(values)


def wrong__nearest(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    tail = (1 - confidence) / 2
    return (
        means.quantile(tail, interpolation="nearest").item(),
        means.quantile(1 - tail, interpolation="nearest").item(),
    )


def wrong__lower(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    tail = (1 - confidence) / 2
    return (
        means.quantile(tail, interpolation="lower").item(),
        means.quantile(1 - tail, interpolation="lower").item(),
    )


def wrong__around_zero(values, generator, confidence=0.95, resamples=1_000):
    low, high = reference.bootstrap_interval(values, generator, confidence, resamples)
    mean = values.double().mean().item()
    return low - mean, high - mean


def wrong__same_resample(values, generator, confidence=0.95, resamples=1_000):
    chosen = torch.randint(len(values), (len(values),), generator=generator)
    means = values.double()[chosen].mean().expand(resamples)
    return _interval(means, confidence)


def wrong__smoothed(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    noise = torch.randn(resamples, generator=generator, dtype=torch.double)
    return _interval(means + 0.3 * values.double().std(correction=0) * noise, confidence)


def wrong__sample_of_a_thousand(values, generator, confidence=0.95, resamples=1_000):
    return _interval(_means(values, generator, resamples, 1_000), confidence)


def wrong__confidence_is_the_tail(values, generator, confidence=0.95, resamples=1_000):
    return _interval(_means(values, generator, resamples), 1 - confidence)


def wrong__percent(values, generator, confidence=0.95, resamples=1_000):
    tail = (1 - confidence) * 50
    return tuple(np.quantile(_means(values, generator, resamples), [tail / 1000, 1 - tail / 1000]))


def wrong__jackknife(values, generator, confidence=0.95, resamples=1_000):
    values = values.double()
    if len(values) == 1:
        return values.item(), values.item()
    means = (values.sum() - values) / (len(values) - 1)
    return _interval(means, confidence)


def wrong__fixed_seed(values, generator, confidence=0.95, resamples=1_000):
    own = torch.Generator().manual_seed(0)
    return reference.bootstrap_interval(values, own, confidence, resamples)


def wrong__numpy_global(values, generator, confidence=0.95, resamples=1_000):
    chosen = np.random.randint(len(values), size=(resamples, len(values)))
    return _interval(values.double()[torch.from_numpy(chosen)].mean(1), confidence)


def wrong__bayesian(values, generator, confidence=0.95, resamples=1_000):
    cuts = torch.rand(resamples, len(values), generator=generator, dtype=torch.double)
    weights = -cuts.log()
    return _interval((weights @ values.double()) / weights.sum(1), confidence)


def wrong__subsets(values, generator, confidence=0.95, resamples=1_000):
    order = torch.rand(resamples, len(values), generator=generator).argsort(1)
    return _interval(values.double()[order[:, : max(len(values) // 2, 1)]].mean(1), confidence)


def wrong__mean_and_error(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    return means.mean().item(), means.std(correction=0).item()


def wrong__resamples_and_size_exchanged(values, generator, confidence=0.95, resamples=1_000):
    drawn = torch.randint(len(values), (len(values), resamples), generator=generator)
    means = values[drawn].double().mean(1)
    tail = (1 - confidence) / 2
    return means.quantile(tail).item(), means.quantile(1 - tail).item()
