"""Further solutions to `training.instruction_example`, right and wrong."""

import numpy as np
import torch

from solutions import training as reference


def right__full_of_minus_100(prompt, answer, end):
    if len(prompt) < 1:
        raise ValueError("no prompt")
    full = torch.tensor(prompt + answer + [end], dtype=torch.int64)
    labels = torch.full((len(full) - 1,), -100, dtype=torch.int64)
    labels[len(prompt) - 1 :] = full[len(prompt) :]
    return full[:-1], labels


def right__label_then_shift(prompt, answer, end):
    if not prompt:
        raise ValueError("no prompt")
    input_ids = list(prompt) + list(answer) + [end]
    labels = [-100 for _ in prompt] + list(answer) + [end]
    return torch.LongTensor(input_ids[:-1]), torch.LongTensor(labels[1:])


def right__numpy(prompt, answer, end):
    if len(prompt) == 0:
        raise ValueError("no prompt")
    sequence = np.array([*prompt, *answer, end])
    targets = np.where(np.arange(len(sequence)) < len(prompt), -100, sequence)[1:]
    return torch.from_numpy(sequence[:-1].copy()), torch.from_numpy(targets)


def right__where(prompt, answer, end):
    if len(prompt) < 1:
        raise ValueError("an empty prompt")
    sequence = torch.as_tensor([*prompt, *answer, end], dtype=torch.int64)
    place = torch.arange(len(sequence) - 1)
    return sequence[:-1].clone(), torch.where(place < len(prompt) - 1, -100, sequence[1:])


def wrong__answer_hidden_too(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens, torch.full_like(targets, -100)


def wrong__minus_one(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens, torch.where(targets == -100, -1, targets)


def wrong__end_between(prompt, answer, end):
    tokens, targets = reference.instruction_example([*prompt, end], answer, end)
    return tokens, targets


def wrong__swapped(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return targets, tokens


def wrong__floats(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens.float(), targets.float()


def wrong__lists(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens.tolist(), targets.tolist()


def wrong__a_batch_of_one(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens[None], targets[None]


def wrong__masks_by_value(prompt, answer, end):
    tokens, _ = reference.instruction_example(prompt, answer, end)
    after = torch.tensor([*prompt, *answer, end])[1:]
    hidden = torch.isin(after, torch.tensor(prompt))
    return tokens, torch.where(hidden, -100, after)


def wrong__shifted_the_wrong_way(prompt, answer, end):
    if not prompt:
        raise ValueError
    sequence = torch.tensor([*prompt, *answer, end])
    labels = torch.tensor([*[-100] * len(prompt), *answer, end])
    return sequence[1:], labels[:-1]


def wrong__appends_to_the_prompt(prompt, answer, end):
    if not prompt:
        raise ValueError
    start = len(prompt)
    prompt += answer
    targets = [-100] * (start - 1) + answer + [end]
    return torch.tensor(prompt), torch.tensor(targets)


def wrong__fails_without_answer(prompt, answer, end):
    if not prompt or not answer:
        raise ValueError
    return reference.instruction_example(prompt, answer, end)


def wrong__end_twice(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, [*answer, end], end)
    return tokens, targets


def wrong__stops_at_an_earlier_end(prompt, answer, end):
    cut = answer.index(end) if end in answer else len(answer)
    return reference.instruction_example(prompt, answer[:cut], end)


def wrong__skips_an_end_of_id_zero(prompt, answer, end):
    if not prompt:
        raise ValueError
    sequence = [*prompt, *answer, *([end] if end else [])]
    targets = [-100] * (len(prompt) - 1) + sequence[len(prompt) :]
    return torch.tensor(sequence[:-1]), torch.tensor(targets)
