"""Further solutions to `self_supervision.next_token_pairs`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import self_supervision as reference


def right__chunks_of_the_shifted_text(tokens, context_length):
    xs = [x for x in tokens[:-1].split(context_length) if len(x) == context_length]
    ys = [y for y in tokens[1:].split(context_length) if len(y) == context_length]
    if not xs:
        empty = torch.empty((0, context_length), dtype=torch.int64)
        return empty, empty
    return torch.stack(xs), torch.stack(ys)


def right__numpy_views(tokens, context_length):
    array = tokens.numpy()
    count = max((array.size - 1) // context_length, 0)
    x = array[: count * context_length].reshape((count, context_length))
    y = array[1:][: count * context_length].reshape((count, context_length))
    return torch.from_numpy(x.copy()), torch.from_numpy(y.copy())


def right__filled_in(tokens, context_length):
    n = 0
    while (n + 1) * context_length + 1 <= len(tokens):
        n += 1
    inputs = torch.zeros(n, context_length, dtype=torch.long)
    targets = torch.zeros_like(inputs)
    for i in range(n):
        for j in range(context_length):
            inputs[i, j] = tokens[i * context_length + j]
            targets[i, j] = tokens[i * context_length + j + 1]
    return inputs, targets


def right__splits_and_sorts_out(tokens, context_length):
    none = tokens.new_empty(0, context_length)

    def whole(text):
        pieces = [piece for piece in text.split(context_length) if len(piece) == context_length]
        return torch.stack(pieces) if pieces else none

    return whole(tokens[:-1]), whole(tokens[1:])


def wrong__targets_two_ahead(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens[:-1], context_length)
    return inputs, reference.next_token_pairs(tokens[1:], context_length)[1][: len(targets)]


def wrong__shifted_within_the_window(tokens, context_length):
    inputs, _ = reference.next_token_pairs(tokens, context_length)
    return inputs, inputs.roll(-1, dims=1)


def wrong__last_target_ignored(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    targets = targets.clone()
    targets[:, -1] = -100
    return inputs, targets


def wrong__columns_for_windows(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return inputs.T, targets.T


def wrong__reshaped_across(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return inputs.T.reshape(inputs.shape), targets.T.reshape(targets.shape)


def wrong__counts_windows_too_cautiously(tokens, context_length):
    windows = max(0, (len(tokens) - 2) // context_length)
    end = windows * context_length
    return tokens[:end].view(windows, -1), tokens[1 : end + 1].view(windows, -1)


def wrong__loses_the_shape_without_windows(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return (inputs, targets) if len(inputs) else (torch.empty(0).long(), torch.empty(0).long())


def wrong__inputs_only(tokens, context_length):
    return reference.next_token_pairs(tokens, context_length)[0]


def wrong__pads_the_last_window(tokens, context_length):
    missing = -(len(tokens) - 1) % context_length
    return reference.next_token_pairs(F.pad(tokens, (0, missing)), context_length)


def wrong__floats(tokens, context_length):
    return tuple(x.float() for x in reference.next_token_pairs(tokens, context_length))
