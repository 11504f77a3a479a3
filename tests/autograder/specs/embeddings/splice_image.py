"""Further solutions to `embeddings.splice_image`, right and wrong."""

import math

import torch

from solutions import embeddings as reference


def right__where(token_embeddings, tokens, image_embeddings, placeholder):
    out = []
    for b in range(tokens.shape[0]):
        at = torch.where(tokens[b] == placeholder)[0]
        if at.numel() != 1:
            raise ValueError("exactly one placeholder, please")
        at = at.item()
        out.append(
            torch.vstack(
                [token_embeddings[b, :at], image_embeddings[b], token_embeddings[b, at + 1 :]]
            )
        )
    return torch.stack(out)


def right__masked_scatter(token_embeddings, tokens, image_embeddings, placeholder):
    where = tokens == placeholder
    if not torch.equal(where.sum(dim=1), torch.ones(len(tokens), dtype=torch.long)):
        raise ValueError("exactly one placeholder, please")
    repeats = torch.where(where, image_embeddings.shape[1], 1)
    rows = zip(token_embeddings, repeats, strict=True)
    longer = torch.stack([row.repeat_interleave(n, dim=0) for row, n in rows])
    rows = zip(where, repeats, strict=True)
    mask = torch.stack([row.repeat_interleave(n, dim=0) for row, n in rows])
    return longer.masked_scatter(mask[..., None], image_embeddings)


def right__empty_then_filled(token_embeddings, tokens, image_embeddings, placeholder):
    if any(row.count(placeholder) != 1 for row in tokens.tolist()):
        raise ValueError("exactly one placeholder, please")
    batch, length, width = token_embeddings.shape
    patches = image_embeddings.shape[1]
    out = torch.empty(batch, length + patches - 1, width, dtype=token_embeddings.dtype)
    for b, row in enumerate(tokens.tolist()):
        k = row.index(placeholder)
        out[b, :k] = token_embeddings[b, :k]
        out[b, k : k + patches] = image_embeddings[b]
        out[b, k + patches :] = token_embeddings[b, k + 1 :]
    return out


def right__sorted_places(token_embeddings, tokens, image_embeddings, placeholder):
    hit = tokens == placeholder
    if (hit.sum(1) != 1).any():
        raise ValueError("not exactly one placeholder")
    length, patches = tokens.shape[1], image_embeddings.shape[1]
    place = torch.arange(length).repeat(len(tokens), 1).double().masked_fill(hit, math.inf)
    patch = hit.int().argmax(1, keepdim=True) + torch.arange(patches).double() / (2 * patches)
    order = torch.argsort(torch.cat([place, patch], 1), dim=1)[:, :-1, None]
    both = torch.cat([token_embeddings, image_embeddings], 1)
    return both.gather(1, order.expand(-1, -1, both.shape[2]))


def wrong__patches_reversed(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(token_embeddings, tokens, image_embeddings.flip(1), placeholder)


def wrong__at_the_end(token_embeddings, tokens, image_embeddings, placeholder):
    keep = tokens != placeholder
    reference.splice_image(token_embeddings, tokens, image_embeddings, placeholder)
    words = token_embeddings[keep].reshape(len(tokens), -1, token_embeddings.shape[-1])
    return torch.cat([words, image_embeddings], dim=1)


def wrong__one_place_early(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(
        token_embeddings, tokens.roll(-1, dims=1), image_embeddings, placeholder
    )


def wrong__added_to_the_placeholder(token_embeddings, tokens, image_embeddings, placeholder):
    is_placeholder = (tokens == placeholder)[..., None]
    whole = image_embeddings + token_embeddings[is_placeholder[..., 0]][:, None]
    return reference.splice_image(token_embeddings, tokens, whole, placeholder)


def wrong__list_of_rows(token_embeddings, tokens, image_embeddings, placeholder):
    return list(reference.splice_image(token_embeddings, tokens, image_embeddings, placeholder))


def wrong__first_patch_only(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(token_embeddings, tokens, image_embeddings[:, :1], placeholder)


def wrong__first_of_two_placeholders(token_embeddings, tokens, image_embeddings, placeholder):
    rows = []
    for words, ids, image in zip(token_embeddings, tokens.tolist(), image_embeddings, strict=True):
        place = ids.index(placeholder)
        rows.append(torch.cat([words[:place], image, words[place + 1 :]]))
    return torch.stack(rows)


def wrong__index_error(token_embeddings, tokens, image_embeddings, placeholder):
    rows = []
    for words, ids, image in zip(token_embeddings, tokens, image_embeddings, strict=True):
        place = (ids == placeholder).nonzero()
        if len(place) > 1:
            raise ValueError("more than one placeholder")
        rows.append(torch.cat([words[: place[0, 0]], image, words[place[0, 0] + 1 :]]))
    return torch.stack(rows)


def wrong__images_in_reverse(token_embeddings, tokens, image_embeddings, placeholder):
    return reference.splice_image(token_embeddings, tokens, image_embeddings.flip(0), placeholder)


def wrong__counts_placeholders_of_the_batch(
    token_embeddings, tokens, image_embeddings, placeholder
):
    if (tokens == placeholder).sum() != len(tokens):
        raise ValueError
    place = (tokens == placeholder).int().argmax(1).tolist()
    rows = zip(token_embeddings, image_embeddings, place, strict=True)
    return torch.stack([torch.cat([t[:p], image, t[p + 1 :]]) for t, image, p in rows])
