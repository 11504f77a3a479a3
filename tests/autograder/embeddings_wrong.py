"""Wrong solutions to the exercises on embeddings that stand in no spec.

A function's name is that of the exercise, two underscores, and what is wrong with it.
"""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import embeddings as reference

# --- skipgram_pairs


def skipgram_pairs__window_one_too_wide(tokens, window):
    return reference.skipgram_pairs(tokens, window + 1)


def skipgram_pairs__each_pair_once(tokens, window):
    pairs = [p for p in reference.skipgram_pairs(tokens, window).tolist() if p[0] <= p[1]]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def skipgram_pairs__without_repetitions(tokens, window):
    pairs = list(dict.fromkeys(map(tuple, reference.skipgram_pairs(tokens, window).tolist())))
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def skipgram_pairs__all_pairs(tokens, window):
    return reference.skipgram_pairs(tokens, max(len(tokens), 1))


def skipgram_pairs__two_rows(tokens, window):
    return reference.skipgram_pairs(tokens, window).T


def skipgram_pairs__floats(tokens, window):
    return reference.skipgram_pairs(tokens, window).float()


def skipgram_pairs__sorted(tokens, window):
    return torch.tensor(
        sorted(reference.skipgram_pairs(tokens, window).tolist()), dtype=torch.int64
    ).reshape(-1, 2)


def skipgram_pairs__last_word_left_out(tokens, window):
    return reference.skipgram_pairs(tokens[:-1], window)


def skipgram_pairs__last_token_as_padding(tokens, window):
    pairs = reference.skipgram_pairs(F.pad(tokens, (0, 1), value=0), window)
    return pairs[(pairs != 0).all(1)]


# --- cbow_pairs


def cbow_pairs__contexts_as_lists(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return [[word for word in row if word >= 0] for row in contexts.tolist()], targets


def cbow_pairs__targets_as_a_column(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts, targets[:, None]


def cbow_pairs__padded_by_the_first_and_last_word(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    if len(tokens):
        left, right = contexts[:, :window], contexts[:, window:]
        left = torch.where(left < 0, tokens[0], left)
        contexts = torch.cat([left, torch.where(right < 0, tokens[-1], right)], dim=1)
    return contexts, targets


def cbow_pairs__window_on_both_sides_together(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    half = window // 2
    return contexts[:, half : 2 * window - half], targets


def cbow_pairs__right_neighbors_reversed(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return torch.cat([contexts[:, :window], contexts[:, window:].flip(1)], dim=1), targets


def cbow_pairs__sorted_contexts(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts.sort(dim=1).values, targets


def cbow_pairs__equal_words_hidden(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts.masked_fill(contexts == targets[:, None], -1), targets


def cbow_pairs__shifted_by_one(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts.roll(1, dims=0), targets


# --- noise_distribution


def noise_distribution__float64(counts, power=0.75):
    return reference.noise_distribution(counts, power).double()


def noise_distribution__power_of_the_result(counts, power=0.75):
    share = counts / counts.sum()
    return share**power / share.sum()


def noise_distribution__three_quarters_of_the_count(counts, power=0.75):
    weights = power * counts
    return weights / weights.sum()


def noise_distribution__inverse(counts, power=0.75):
    weights = torch.where(counts > 0, counts.float() ** -power, 0)
    return weights / weights.sum()


def noise_distribution__clamped_at_one(counts, power=0.75):
    return reference.noise_distribution(counts.clamp(min=1), power)


def noise_distribution__largest_is_one(counts, power=0.75):
    weights = counts.float() ** power
    return weights / weights.max()


def noise_distribution__euclidean_norm(counts, power=0.75):
    return F.normalize(counts.float() ** power, dim=0)


def noise_distribution__rounded_weights(counts, power=0.75):
    weights = (counts.float() ** power).round()
    return weights / weights.sum()


# --- negative_sampling_loss


def _scores(hidden, positive, negative):
    return (hidden * positive).sum(1), torch.einsum("bnw,bw->bn", negative, hidden)


def negative_sampling_loss__bits(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden, positive, negative) / 0.6931471805599453


def negative_sampling_loss__one_value_per_example(hidden, positive, negative):
    real, noise = _scores(hidden, positive, negative)
    return -(F.logsigmoid(real) + F.logsigmoid(-noise).sum(1))


def negative_sampling_loss__mean_over_all_scores(hidden, positive, negative):
    real, noise = _scores(hidden, positive, negative)
    return -torch.cat([F.logsigmoid(real)[:, None], F.logsigmoid(-noise)], 1).mean()


def negative_sampling_loss__cosines(hidden, positive, negative):
    return reference.negative_sampling_loss(
        F.normalize(hidden, dim=-1), F.normalize(positive, dim=-1), F.normalize(negative, dim=-1)
    )


def negative_sampling_loss__mean_noise_vector(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden, positive, negative.mean(1, keepdim=True))


def negative_sampling_loss__scaled_scores(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden / hidden.shape[1] ** 0.5, positive, negative)


def negative_sampling_loss__clamped_scores(hidden, positive, negative):
    real, noise = _scores(hidden, positive, negative)
    real, noise = real.clamp(-6, 6), noise.clamp(-6, 6)
    return -(F.logsigmoid(real) + F.logsigmoid(-noise).sum(1)).mean()


def negative_sampling_loss__all_pairs_of_the_batch(hidden, positive, negative):
    real = hidden @ positive.T
    noise = torch.einsum("bw,cnw->bcn", hidden, negative)
    return -(F.logsigmoid(real).mean() + F.logsigmoid(-noise).mean((0, 1)).sum())


def negative_sampling_loss__python_float(hidden, positive, negative):
    loss = reference.negative_sampling_loss(hidden, positive, negative)
    return [float(loss)]


# --- negative_sampling_gradient


def negative_sampling_gradient__noise_summed_over_words(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    return first, second, third.sum(1)


def negative_sampling_gradient__in_another_order(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    return second, first, third


def negative_sampling_gradient__real_word_forgotten_in_hidden(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    error = torch.sigmoid((hidden * positive).sum(1, keepdim=True)) - 1
    return first - error * positive / len(hidden), second, third


def negative_sampling_gradient__divided_by_width(hidden, positive, negative):
    found = reference.negative_sampling_gradient(hidden, positive, negative)
    return tuple(len(hidden) * part / part.shape[-1] for part in found)


def negative_sampling_gradient__squared_error(hidden, positive, negative):
    real, noise = _scores(hidden, positive, negative)
    one, two = torch.sigmoid(real)[:, None] - 1, torch.sigmoid(noise)[..., None]
    one, two = 2 * one * one * (one + 1), 2 * two * two * (1 - two)
    batch = len(hidden)
    return (
        (one * positive + (two * negative).sum(1)) / batch,
        one * hidden / batch,
        two * hidden[:, None] / batch,
    )


def negative_sampling_gradient__linear_scores(hidden, positive, negative):
    real, noise = _scores(hidden, positive, negative)
    one, two = real[:, None] - 1, noise[..., None]
    batch = len(hidden)
    return (
        (one * positive + (two * negative).sum(1)) / batch,
        one * hidden / batch,
        two * hidden[:, None] / batch,
    )


def negative_sampling_gradient__first_noise_word_only(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    rest = torch.zeros_like(third)
    rest[:, 0] = third[:, 0]
    return first, second, rest


def negative_sampling_gradient__only_the_hidden_one(hidden, positive, negative):
    return reference.negative_sampling_gradient(hidden, positive, negative)[0]


# --- nearest_words


def nearest_words__words_and_cosines(query, embeddings, count, exclude):
    found = reference.nearest_words(query, embeddings, count, exclude)
    return found, F.cosine_similarity(embeddings[found], query[None])


def nearest_words__topk(query, embeddings, count, exclude):
    cosine = torch.nan_to_num(embeddings @ query / embeddings.norm(dim=1))
    cosine[exclude] = -2
    return cosine.topk(min(count, len(cosine))).indices


def nearest_words__divided_by_squared_length(query, embeddings, count, exclude):
    score = torch.nan_to_num(embeddings @ query / embeddings.norm(dim=1) ** 2)
    order = score.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude))][:count]


def nearest_words__normalised_by_columns(query, embeddings, count, exclude):
    return reference.nearest_words(query, F.normalize(embeddings, dim=0), count, exclude)


def nearest_words__smallest_id_first(query, embeddings, count, exclude):
    return reference.nearest_words(query, embeddings, count, exclude).sort().values


def nearest_words__one_less(query, embeddings, count, exclude):
    return reference.nearest_words(query, embeddings, max(count - 1, 0), exclude)


def nearest_words__centred(query, embeddings, count, exclude):
    mean = embeddings.mean(0)
    return reference.nearest_words(query - mean, embeddings - mean, count, exclude)


def nearest_words__city_block_length(query, embeddings, count, exclude):
    score = torch.nan_to_num(embeddings @ query / embeddings.abs().sum(1))
    order = score.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude))][:count]


# --- analogy


def _answer(embeddings, goal, exclude):
    cosine = embeddings @ goal / embeddings.norm(dim=1)
    cosine[exclude] = -torch.inf
    return int(cosine.argmax())


def analogy__first_not_left_out(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    return _answer(embeddings, unit[second] - unit[first] + unit[third], [second, third])


def analogy__second_not_left_out(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    return _answer(embeddings, unit[second] - unit[first] + unit[third], [first, third])


def analogy__third_is_the_start(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    return _answer(embeddings, unit[third] - unit[second] + unit[first], [first, second, third])


def analogy__step_scaled_to_length_one(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    step = F.normalize(unit[second] - unit[first], dim=0)
    return _answer(embeddings, step + unit[third], [first, second, third])


def analogy__nearest_to_the_third(first, second, third, embeddings):
    return _answer(embeddings, embeddings[third], [first, second, third])


def analogy__multiplied(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=1)
    cosine = (1 + unit @ unit.T) / 2
    score = cosine[second] * cosine[third] / (cosine[first] + 1e-3)
    score[[first, second, third]] = -torch.inf
    return int(score.argmax())


def analogy__only_the_third_scaled(first, second, third, embeddings):
    goal = embeddings[second] - embeddings[first] + F.normalize(embeddings[third], dim=0)
    return _answer(embeddings, goal, [first, second, third])


def analogy__a_list_of_one(first, second, third, embeddings):
    return [reference.analogy(first, second, third, embeddings)]


# --- patchify


def patchify__mirrored_patches(images, patch_size):
    return reference.patchify(images, patch_size).flip(-1)


def patchify__overlapping(images, patch_size):
    reference.patchify(images, patch_size)
    return F.unfold(images.double(), patch_size).transpose(1, 2).to(images.dtype)


def patchify__pixels_before_patches(images, patch_size):
    return reference.patchify(images, patch_size).transpose(1, 2)


def patchify__height_and_width_swapped(images, patch_size):
    return reference.patchify(images.transpose(2, 3), patch_size)


def patchify__mean_of_the_channels(images, patch_size):
    return reference.patchify(images.double().mean(1, keepdim=True).to(images.dtype), patch_size)


def patchify__always_float(images, patch_size):
    return reference.patchify(images, patch_size).float()


def patchify__grid_kept(images, patch_size):
    patches = reference.patchify(images, patch_size)
    rows, columns = images.shape[2] // patch_size, images.shape[3] // patch_size
    return patches.reshape(len(images), rows, columns, -1)


def patchify__patch_size_is_a_count(images, patch_size):
    return reference.patchify(images, max(images.shape[2] // patch_size, 1))


def patchify__checks_the_number_of_pixels(images, patch_size):
    batch, channels, height, width = images.shape
    if height * width % patch_size**2:
        raise ValueError("no whole patches")
    rows, columns = height // patch_size, width // patch_size
    return reference.patchify(
        images[:, :, : rows * patch_size, : columns * patch_size], patch_size
    ).reshape(batch, -1, channels * patch_size**2)


# --- splice_image


def splice_image__patches_reversed(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(token_embeddings, tokens, image_embeddings.flip(1), placeholder)


def splice_image__at_the_end(token_embeddings, tokens, image_embeddings, placeholder):
    keep = tokens != placeholder
    reference.splice_image(token_embeddings, tokens, image_embeddings, placeholder)
    words = token_embeddings[keep].reshape(len(tokens), -1, token_embeddings.shape[-1])
    return torch.cat([words, image_embeddings], dim=1)


def splice_image__one_place_early(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(
        token_embeddings, tokens.roll(-1, dims=1), image_embeddings, placeholder
    )


def splice_image__added_to_the_placeholder(token_embeddings, tokens, image_embeddings, placeholder):
    is_placeholder = (tokens == placeholder)[..., None]
    whole = image_embeddings + token_embeddings[is_placeholder[..., 0]][:, None]
    return reference.splice_image(token_embeddings, tokens, whole, placeholder)


def splice_image__list_of_rows(token_embeddings, tokens, image_embeddings, placeholder):
    return list(reference.splice_image(token_embeddings, tokens, image_embeddings, placeholder))


def splice_image__first_patch_only(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(token_embeddings, tokens, image_embeddings[:, :1], placeholder)


def splice_image__first_of_two_placeholders(
    token_embeddings, tokens, image_embeddings, placeholder
):
    rows = []
    for words, ids, image in zip(token_embeddings, tokens.tolist(), image_embeddings, strict=True):
        place = ids.index(placeholder)
        rows.append(torch.cat([words[:place], image, words[place + 1 :]]))
    return torch.stack(rows)


def splice_image__index_error(token_embeddings, tokens, image_embeddings, placeholder):
    rows = []
    for words, ids, image in zip(token_embeddings, tokens, image_embeddings, strict=True):
        place = (ids == placeholder).nonzero()
        if len(place) > 1:
            raise ValueError("more than one placeholder")
        rows.append(torch.cat([words[: place[0, 0]], image, words[place[0, 0] + 1 :]]))
    return torch.stack(rows)


def splice_image__images_in_reverse(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(token_embeddings, tokens, image_embeddings.flip(0), placeholder)


# --- the rare and the large


def negative_sampling_loss__logarithm_of_one_plus_exp(hidden, positive, negative):
    real = torch.log1p(torch.exp(-(hidden * positive).sum(-1)))
    noise = torch.log1p(torch.exp(torch.einsum("bw,bkw->bk", hidden, negative)))
    return (real + noise.sum(-1)).mean()


def negative_sampling_gradient__exp_overflows(hidden, positive, negative):
    def sigmoid(x):
        return x.exp() / (1 + x.exp())

    real = (sigmoid((hidden * positive).sum(-1)) - 1)[:, None] / len(hidden)
    noise = sigmoid(torch.einsum("bw,bkw->bk", hidden, negative))[..., None] / len(hidden)
    of_hidden = real * positive + (noise * negative).sum(1)
    return of_hidden, real * hidden, noise * hidden[:, None]


def _first(query, embeddings, nearness, count, exclude):
    order = sorted(range(len(embeddings)), key=lambda word: (-nearness[word].item(), word))
    return torch.tensor([word for word in order if word not in exclude][:count], dtype=torch.int64)


def nearest_words__distance_of_unit_vectors(query, embeddings, count, exclude):
    apart = (F.normalize(embeddings, dim=1) - F.normalize(query, dim=0)).norm(dim=1)
    return _first(query, embeddings, -apart, count, exclude)


def nearest_words__left_out_at_minus_one(query, embeddings, count, exclude):
    cosine = F.normalize(embeddings, dim=1) @ F.normalize(query, dim=0)
    cosine[exclude] = -1.0
    left = len(cosine) - len(set(exclude))
    return cosine.argsort(descending=True, stable=True)[: min(count, left)]


def nearest_words__zeros_come_last(query, embeddings, count, exclude):
    cosine = F.normalize(embeddings.double(), dim=1) @ F.normalize(query.double(), dim=0)
    cosine[embeddings.norm(dim=1) == 0] = -2.0
    return _first(query, embeddings, cosine, count, exclude)


def _cosines(first, second, third, embeddings):
    unit = F.normalize(embeddings.double(), dim=1)
    return unit @ (unit[second] - unit[first] + unit[third])


def analogy__question_set_to_zero(first, second, third, embeddings):
    nearness = _cosines(first, second, third, embeddings)
    nearness[[first, second, third]] = 0.0
    return int(nearness.argmax())


def analogy__question_set_to_minus_one(first, second, third, embeddings):
    nearness = _cosines(first, second, third, embeddings)
    nearness[[first, second, third]] = -1.0
    return int(nearness.argmax())


def analogy__last_of_the_equally_near(first, second, third, embeddings):
    nearness = _cosines(first, second, third, embeddings)
    nearness[[first, second, third]] = -torch.inf
    return len(nearness) - 1 - int(nearness.flip(0).argmax())


def patchify__float32_on_the_way(images, patch_size):
    if images.shape[2] % patch_size or images.shape[3] % patch_size:
        raise ValueError
    return F.unfold(images.float(), patch_size, stride=patch_size).mT.to(images.dtype)


def patchify__batch_among_the_patches(images, patch_size):
    if images.shape[2] % patch_size or images.shape[3] % patch_size:
        raise ValueError
    cut = images.unfold(2, patch_size, patch_size).unfold(3, patch_size, patch_size)
    return cut.permute(2, 3, 0, 1, 4, 5).reshape(len(images), -1, images.shape[1] * patch_size**2)


def splice_image__counts_placeholders_of_the_batch(
    token_embeddings, tokens, image_embeddings, placeholder
):
    if (tokens == placeholder).sum() != len(tokens):
        raise ValueError
    place = (tokens == placeholder).int().argmax(1).tolist()
    rows = zip(token_embeddings, image_embeddings, place, strict=True)
    return torch.stack([torch.cat([t[:p], image, t[p + 1 :]]) for t, image, p in rows])
