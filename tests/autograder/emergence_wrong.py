"""Wrong solutions to the exercises on emergence that stand in no spec.

A function's name is that of the exercise, two underscores, and what is wrong with it.
"""

import math
import random
from collections import Counter
from itertools import zip_longest

import numpy as np
import torch

from solutions import emergence as reference

# --- repeated_sequences


def repeated_sequences__without_replacement(batch, period, vocabulary_size, generator):
    rows = []
    for _ in range(batch):
        order = torch.randperm(max(vocabulary_size, period), generator=generator)[:period]
        rows.append(order % vocabulary_size)
    half = torch.stack(rows)
    return torch.cat([half, half], 1)


def repeated_sequences__up_to_and_with_the_size(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size + 1, (batch, period), generator=generator)
    return torch.cat([half, half], 1)


def repeated_sequences__ids_from_one(batch, period, vocabulary_size, generator):
    half = torch.randint(1, vocabulary_size + 1, (batch, period), generator=generator)
    return torch.cat([half, half], 1)


def repeated_sequences__rounded_fractions(batch, period, vocabulary_size, generator):
    half = (torch.rand(batch, period, generator=generator) * (vocabulary_size - 1)).round().long()
    return torch.cat([half, half], 1)


def repeated_sequences__starts_with_zero(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    half[:, 0] = 0
    return torch.cat([half, half], 1)


def repeated_sequences__seeded_anew(batch, period, vocabulary_size, generator):
    generator.manual_seed(0)
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half], 1)


def repeated_sequences__own_generator(batch, period, vocabulary_size, generator):
    own = torch.Generator().manual_seed(1)
    half = torch.randint(vocabulary_size, (batch, period), generator=own)
    return torch.cat([half, half], 1)


def repeated_sequences__python_random(batch, period, vocabulary_size, generator):
    half = [[random.randrange(vocabulary_size) for _ in range(period)] for _ in range(batch)]
    return torch.tensor([row + row for row in half])


def repeated_sequences__three_times(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return half.repeat(1, 3)


def repeated_sequences__floats(batch, period, vocabulary_size, generator):
    return reference.repeated_sequences(batch, period, vocabulary_size, generator).float()


def repeated_sequences__lists(batch, period, vocabulary_size, generator):
    return reference.repeated_sequences(batch, period, vocabulary_size, generator).tolist()


def repeated_sequences__sorted_halves(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator).sort(1).values
    return torch.cat([half, half], 1)


def repeated_sequences__transposed(batch, period, vocabulary_size, generator):
    return reference.repeated_sequences(batch, period, vocabulary_size, generator).T


def repeated_sequences__second_half_of_another_row(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half.roll(1, 0)], 1)


def repeated_sequences__two_different_neighbors(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    for i in range(1, period):
        half[:, i] = torch.where(half[:, i] == half[:, i - 1], half[:, i] + 1, half[:, i])
    half %= vocabulary_size
    return torch.cat([half, half], 1)


# --- prefix_matching_score


def prefix_matching_score__two_places_on(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, (queries - period + 2).clamp(max=period)].mean((0, 2))


def prefix_matching_score__without_the_last_query(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, max(2 * period - 1, period + 1))
    return weights[:, :, queries, queries - period + 1].mean((0, 2))


def prefix_matching_score__of_the_first_sequence(weights, period):
    return reference.prefix_matching_score(weights[:1], period)


def prefix_matching_score__best_head(weights, period):
    return reference.prefix_matching_score(weights, period).max()


def prefix_matching_score__position_in_the_first_half(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period)
    return weights[:, :, queries, (queries + 1).clamp(max=period - 1)].mean((0, 2))


def prefix_matching_score__whole_first_half(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    return weights[:, :, period:, :period].sum(-1).mean((0, 2))


def prefix_matching_score__whole_blocks(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries][:, :, :, queries - period + 1].mean((0, 2, 3))


def prefix_matching_score__batch_and_heads_exchanged(weights, period):
    return reference.prefix_matching_score(weights.transpose(0, 1), period)


def prefix_matching_score__maximum_over_queries(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].amax(2).mean(0)


def prefix_matching_score__normalised_by_the_row(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    weights = weights / weights.amax(-1, keepdim=True)
    return reference.prefix_matching_score(weights, period)


def prefix_matching_score__always_float32(weights, period):
    return reference.prefix_matching_score(weights.float(), period)


def prefix_matching_score__softmax_again(weights, period):
    return reference.prefix_matching_score(weights.softmax(-1), period)


def prefix_matching_score__checks_keys_only(weights, period):
    if weights.shape[-1] != 2 * period:
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].mean((0, 2))


def prefix_matching_score__asserts(weights, period):
    assert weights.shape[-2:] == (2 * period, 2 * period)
    return reference.prefix_matching_score(weights, period)


def prefix_matching_score__list_of_numbers(weights, period):
    return reference.prefix_matching_score(weights, period).tolist()


def prefix_matching_score__median(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].median(2).values.mean(0)


# --- in_context_learning_score


def in_context_learning_score__absolute(losses, early, late):
    return reference.in_context_learning_score(losses, early, late).abs()


def in_context_learning_score__relative(losses, early, late):
    score = reference.in_context_learning_score(losses, early, late)
    return score / losses[:, early].mean()


def in_context_learning_score__perplexities(losses, early, late):
    return reference.in_context_learning_score(losses.exp(), early, late)


def in_context_learning_score__in_bits(losses, early, late):
    return reference.in_context_learning_score(losses, early, late) / math.log(2)


def in_context_learning_score__per_step(losses, early, late):
    return reference.in_context_learning_score(losses, early, late) / (late - early)


def in_context_learning_score__median(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError
    return losses[:, late].median() - losses[:, early].median()


def in_context_learning_score__second_half_minus_first(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError
    middle = losses.shape[1] // 2
    return losses[:, middle:].mean() - losses[:, :middle].mean()


def in_context_learning_score__always_50_and_500(losses, early, late):
    early, late = min(early, 50), min(max(late, 500), losses.shape[1] - 1)
    return reference.in_context_learning_score(losses, early, late)


def in_context_learning_score__allows_equal_positions(losses, early, late):
    if not 0 <= early <= late < losses.shape[1]:
        raise ValueError
    return losses[:, late].mean() - losses[:, early].mean()


def in_context_learning_score__index_error(losses, early, late):
    if early >= late or early < 0:
        raise ValueError
    return losses[:, late].mean() - losses[:, early].mean()


def in_context_learning_score__length_of_the_batch(losses, early, late):
    if not 0 <= early < late < losses.shape[1] or late >= 2 * len(losses):
        raise ValueError
    return losses[:, late].mean() - losses[:, early].mean()


def in_context_learning_score__swaps_positions(losses, early, late):
    early, late = min(early, late), max(early, late)
    return reference.in_context_learning_score(losses, early, late)


def in_context_learning_score__keeps_a_dimension(losses, early, late):
    return reference.in_context_learning_score(losses, early, late)[None]


# --- few_shot_prompt


def few_shot_prompt__default_ends_stripped(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow).strip()


def few_shot_prompt__stripped_arrow(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, " " + arrow.strip())


def few_shot_prompt__without_repeats(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(dict.fromkeys(examples)), question, arrow)


def few_shot_prompt__by_dictionary(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(dict(examples).items()), question, arrow)


def few_shot_prompt__starts_with_a_line_break_if_empty(examples, question, arrow=" ->"):
    lines = "\n".join(f"{q}{arrow} {a}" for q, a in examples)
    return lines + "\n" + question + arrow


def few_shot_prompt__reversed(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(examples)[::-1], question, arrow)


def few_shot_prompt__question_first(examples, question, arrow=" ->"):
    return question + arrow + "\n" + "".join(f"{q}{arrow} {a}\n" for q, a in examples)


def few_shot_prompt__quoted(examples, question, arrow=" ->"):
    return reference.few_shot_prompt([(q, repr(a)) for q, a in examples], question, arrow)


def few_shot_prompt__windows_line_ends(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow).replace("\n", "\r\n")


def few_shot_prompt__format_in_two_steps(examples, question, arrow=" ->"):
    template = "".join(q + arrow + " " + a + "\n" for q, a in examples) + "{question}" + arrow
    return template.format(question=question)


def few_shot_prompt__last_example_left_out(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(examples)[:-1], question, arrow)


def few_shot_prompt__arrow_in_the_examples_only(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow).removesuffix(arrow) + " ->"


def few_shot_prompt__single_spaces(examples, question, arrow=" ->"):
    lines = reference.few_shot_prompt(examples, question, arrow).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines)


def few_shot_prompt__list_of_lines(examples, question, arrow=" ->"):
    return [f"{q}{arrow} {a}" for q, a in examples] + [question + arrow]


# --- shuffle_labels


def shuffle_labels__sorted(labels, generator):
    return sorted(labels)


def shuffle_labels__swaps_two(labels, generator):
    labels = list(labels)
    if len(labels) > 1:
        i, j = torch.randint(len(labels), (2,), generator=generator).tolist()
        labels[i], labels[j] = labels[j], labels[i]
    return labels


def shuffle_labels__seed_zero(labels, generator):
    return reference.shuffle_labels(labels, torch.Generator().manual_seed(0))


def shuffle_labels__numpy_without_the_generator(labels, generator):
    return [labels[i] for i in np.random.permutation(len(labels))]


def shuffle_labels__ties_among_few_keys(labels, generator):
    keys = torch.randint(3, (len(labels),), generator=generator)
    return [labels[i] for i in keys.argsort(stable=True).tolist()]


def shuffle_labels__coin_reverses(labels, generator):
    coin = torch.randint(2, (), generator=generator)
    return list(labels) if coin else list(labels)[::-1]


def shuffle_labels__halves_apart(labels, generator):
    middle = len(labels) // 2
    return reference.shuffle_labels(labels[:middle], generator) + reference.shuffle_labels(
        labels[middle:], generator
    )


def shuffle_labels__grouped(labels, generator):
    kinds = sorted(Counter(labels).items())
    order = torch.randperm(len(kinds), generator=generator).tolist()
    return [kinds[i][0] for i in order for _ in range(kinds[i][1])]


def shuffle_labels__first_stays(labels, generator):
    return [*labels[:1], *reference.shuffle_labels(list(labels[1:]), generator)]


def shuffle_labels__never_the_same_label_at_its_place(labels, generator):
    for _ in range(30):
        order = reference.shuffle_labels(labels, generator)
        if all(a != b for a, b in zip(labels, order, strict=True)):
            break
    return order


def shuffle_labels__permutes_the_kinds(labels, generator):
    kinds = sorted(set(labels))
    other = dict(zip(kinds, reference.shuffle_labels(kinds, generator), strict=True))
    return [other[label] for label in labels]


def shuffle_labels__one_lost(labels, generator):
    return reference.shuffle_labels(labels, generator)[: max(len(labels) - 1, 1)]


def shuffle_labels__a_set(labels, generator):
    return list(set(reference.shuffle_labels(labels, generator)))


def shuffle_labels__bubbles(labels, generator):
    labels = list(labels)
    for i in range(len(labels) - 1):
        if torch.randint(2, (), generator=generator):
            labels[i], labels[i + 1] = labels[i + 1], labels[i]
    return labels


def shuffle_labels__riffle(labels, generator):
    coins = torch.randint(2, (len(labels),), generator=generator).tolist()
    return [a for a, c in zip(labels, coins, strict=True) if c] + [
        a for a, c in zip(labels, coins, strict=True) if not c
    ]


def shuffle_labels__random_comparison(labels, generator):
    from functools import cmp_to_key

    def coin(a, b):
        return 1 - 2 * int(torch.randint(2, (), generator=generator))

    return sorted(labels, key=cmp_to_key(coin))


def shuffle_labels__starting_one_too_late(labels, generator):
    labels = list(labels)
    for i in range(len(labels) - 2, 0, -1):
        j = int(torch.randint(i + 1, (), generator=generator))
        labels[i], labels[j] = labels[j], labels[i]
    return labels


def shuffle_labels__indices(labels, generator):
    return torch.randperm(len(labels), generator=generator).tolist()


def shuffle_labels__none(labels, generator):
    order = torch.randperm(len(labels), generator=generator).tolist()
    labels = [labels[i] for i in order]


# --- exact_match


def exact_match__strips_letters(predictions, references):
    return reference.exact_match(
        [p.strip(" .\n\t") for p in predictions], [r.strip(" .\n\t") for r in references]
    )


def exact_match__casefold_of_references(predictions, references):
    return reference.exact_match(predictions, [r.lower() for r in references])


def exact_match__numbers_by_value(predictions, references):
    def value(text):
        return str(int(text)) if text.strip().isdigit() else text

    return reference.exact_match(list(map(value, predictions)), list(map(value, references)))


def exact_match__right_side_only(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(a.rstrip() == b.rstrip() for a, b in pairs) / len(references)


def exact_match__left_side_only(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(a.lstrip() == b.lstrip() for a, b in pairs) / len(references)


def exact_match__collapses_spaces(predictions, references):
    return reference.exact_match(
        [" ".join(p.split()) for p in predictions], [" ".join(r.split()) for r in references]
    )


def exact_match__normalises_characters(predictions, references):
    from unicodedata import normalize

    return reference.exact_match(
        [normalize("NFKC", p) for p in predictions], [normalize("NFKC", r) for r in references]
    )


def exact_match__set_overlap(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    common = {p.strip() for p in predictions} & {r.strip() for r in references}
    return len(common) / len({r.strip() for r in references})


def exact_match__sorted(predictions, references):
    return reference.exact_match(sorted(predictions), sorted(references))


def exact_match__share_of_characters(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    shares = [
        sum(x == y for x, y in zip(a.strip(), b.strip(), strict=False)) / max(len(b.strip()), 1)
        for a, b in zip(predictions, references, strict=True)
    ]
    return sum(shares) / len(shares)


def exact_match__share_of_mistakes(predictions, references):
    return 1 - reference.exact_match(predictions, references)


def exact_match__all_or_nothing(predictions, references):
    return float(reference.exact_match(predictions, references) == 1)


def exact_match__zero_of_none(predictions, references):
    if len(predictions) != len(references):
        raise ValueError
    return reference.exact_match(predictions, references) if references else 0.0


def exact_match__fills_with_misses(predictions, references):
    if not references and not predictions:
        raise ValueError
    pairs = list(zip_longest(predictions, references, fillvalue="\0"))
    return sum(a.strip() == b.strip() for a, b in pairs) / len(pairs)


def exact_match__empty_never_right(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(bool(a.strip()) and a.strip() == b.strip() for a, b in pairs) / len(references)


def exact_match__type_error(predictions, references):
    if len(predictions) != len(references) or not references:
        raise TypeError("not equally many")
    return reference.exact_match(predictions, references)


def exact_match__rounded(predictions, references):
    return round(reference.exact_match(predictions, references), 2)


def exact_match__list_of_hits(predictions, references):
    pairs = zip(predictions, references, strict=True)
    return [a.strip() == b.strip() for a, b in pairs]


# --- token_accuracy


def token_accuracy__ignores_minus_one(predictions, targets):
    kept = targets != -1
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


def token_accuracy__ignores_by_predictions(predictions, targets):
    kept = predictions != -100
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


def token_accuracy__mean_over_columns(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    hits = ((predictions == targets) & kept).double()
    counts = kept.sum(0)
    return (hits.sum(0) / counts.clamp(min=1))[counts > 0].mean().item()


def token_accuracy__divides_by_targets_plus_one(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return (predictions[kept] == targets[kept]).sum().item() / (int(kept.sum()) + 1)


def token_accuracy__shifted(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return reference.token_accuracy(predictions[..., :-1], targets[..., 1:])


def token_accuracy__error_rate(predictions, targets):
    return 1 - reference.token_accuracy(predictions, targets)


def token_accuracy__percent(predictions, targets):
    return 100 * reference.token_accuracy(predictions, targets)


def token_accuracy__first_sequence(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    if targets.ndim > 1:
        predictions, targets = predictions[0], targets[0]
    return reference.token_accuracy(predictions, targets)


def token_accuracy__of_each_sequence(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return ((predictions == targets) & kept).sum(-1) / kept.sum(-1)


def token_accuracy__none_of_nothing(predictions, targets):
    return None if (targets == -100).all() else reference.token_accuracy(predictions, targets)


def token_accuracy__division_error(predictions, targets):
    kept = targets != -100
    return int((predictions[kept] == targets[kept]).sum()) / int(kept.sum())


def token_accuracy__stops_at_the_first_gap(predictions, targets):
    kept = (targets != -100).int().cumprod(-1).bool()
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().nan_to_num().item()


def token_accuracy__close_counts(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return ((predictions[kept] - targets[kept]).abs() <= 1).double().mean().item()


def token_accuracy__changes_the_targets(predictions, targets):
    result = reference.token_accuracy(predictions, targets)
    targets[targets == -100] = 0
    return result


def token_accuracy__hits_among_predictions(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return torch.isin(predictions[kept], targets[kept]).double().mean().item()


# --- edit_distance


def edit_distance__longest_common_subsequence(first, second):
    row = [0] * (len(second) + 1)
    for a in first:
        previous, row = row, [0]
        for j, b in enumerate(second):
            row.append(previous[j] + 1 if a == b else max(row[j], previous[j + 1]))
    return max(len(first), len(second)) - row[-1]


def edit_distance__letters_counted(first, second):
    one, other = Counter(first), Counter(second)
    return max((one - other).total(), (other - one).total())


def edit_distance__difference_of_lengths(first, second):
    return abs(len(first) - len(second)) + len(set(first) ^ set(second))


def edit_distance__prefix_and_suffix(first, second):
    while first and second and first[0] == second[0]:
        first, second = first[1:], second[1:]
    while first and second and first[-1] == second[-1]:
        first, second = first[:-1], second[:-1]
    return max(len(first), len(second))


def edit_distance__greedy(first, second):
    i = j = edits = 0
    while i < len(first) and j < len(second):
        if first[i] == second[j]:
            i, j = i + 1, j + 1
        elif len(first) - i > len(second) - j:
            i, edits = i + 1, edits + 1
        elif len(first) - i < len(second) - j:
            j, edits = j + 1, edits + 1
        else:
            i, j, edits = i + 1, j + 1, edits + 1
    return edits + len(first) - i + len(second) - j


def edit_distance__insertions_cost_two(first, second):
    row = [2 * j for j in range(len(second) + 1)]
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 2, previous[j - 1] + (a != b)))
    return row[-1]


def edit_distance__no_deletions(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(row[j - 1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


def edit_distance__first_column_zero(first, second):
    row = list(range(len(second) + 1))
    for a in first:
        previous, row = row, [0]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


def edit_distance__minimum_of_the_last_row(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b)))
    return min(row)


def edit_distance__without_the_last_character(first, second):
    return reference.edit_distance(first[:-1], second[:-1])


def edit_distance__strips(first, second):
    return reference.edit_distance(first.strip(), second.strip())


def edit_distance__without_accents(first, second):
    from unicodedata import normalize

    return reference.edit_distance(normalize("NFD", first), normalize("NFD", second))


def edit_distance__similarity(first, second):
    return max(len(first), len(second)) - reference.edit_distance(first, second)


def edit_distance__words(first, second):
    return reference.edit_distance(first.split(), second.split())


def edit_distance__neighbors_exchanged_last(first, second):
    if len(first) > 1 and first[-2:] == second[:-3:-1]:
        return reference.edit_distance(first[:-2], second[:-2]) + 1
    return reference.edit_distance(first, second)


def edit_distance__zero_if_one_is_empty(first, second):
    return reference.edit_distance(first, second) if first and second else 0


def edit_distance__banded(first, second):
    table = {(0, j): j for j in range(len(second) + 1)}
    table |= {(i, 0): i for i in range(len(first) + 1)}
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            if abs(i - j) <= 3:
                table[i, j] = min(
                    table.get((i - 1, j), 10**6) + 1,
                    table.get((i, j - 1), 10**6) + 1,
                    table.get((i - 1, j - 1), 10**6) + (first[i - 1] != second[j - 1]),
                )
    return table.get((len(first), len(second)), abs(len(first) - len(second)))


# --- predicted_exact_match


def predicted_exact_match__sum(accuracies):
    return accuracies.sum(-1)


def predicted_exact_match__sum_of_logarithms(accuracies):
    return accuracies.log().sum(-1)


def predicted_exact_match__smoothed(accuracies):
    return accuracies.clamp(min=0.01).prod(-1)


def predicted_exact_match__logarithm_with_epsilon(accuracies):
    return (accuracies + 1e-3).log().sum(-1).exp()


def predicted_exact_match__float(accuracies):
    return accuracies.prod(-1).tolist()


def predicted_exact_match__keeps_the_dimension(accuracies):
    return accuracies.prod(-1, keepdim=True)


def predicted_exact_match__at_most_two_dimensions(accuracies):
    return accuracies.prod(1) if accuracies.ndim > 1 else accuracies.prod()


def predicted_exact_match__first_times_last(accuracies):
    return accuracies[..., 0] * accuracies[..., -1]


def predicted_exact_match__mean_of_the_batch(accuracies):
    return accuracies.prod(-1).mean()


def predicted_exact_match__maximum_power(accuracies):
    return accuracies.amax(-1) ** accuracies.shape[-1]


def predicted_exact_match__in_half_precision(accuracies):
    return accuracies.half().prod(-1).to(accuracies.dtype)


def predicted_exact_match__in_place(accuracies):
    for i in range(1, accuracies.shape[-1]):
        accuracies[..., i] *= accuracies[..., i - 1]
    return accuracies[..., -1].clone()


# --- bootstrap_interval


def _interval(means, confidence):
    tail = (1 - confidence) / 2
    return tuple(means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double)).tolist())


def _means(values, generator, resamples, size=None):
    size = size or len(values)
    chosen = torch.randint(len(values), (resamples, size), generator=generator)
    return values.double()[chosen].mean(1)


def bootstrap_interval__one_value_fewer(values, generator, confidence=0.95, resamples=1_000):
    return _interval(_means(values, generator, resamples, max(len(values) - 1, 1)), confidence)


def bootstrap_interval__never_the_last_value(values, generator, confidence=0.95, resamples=1_000):
    upper = max(len(values) - 1, 1)
    chosen = torch.randint(upper, (resamples, len(values)), generator=generator)
    return _interval(values.double()[chosen].mean(1), confidence)


def bootstrap_interval__basic(values, generator, confidence=0.95, resamples=1_000):
    low, high = _interval(_means(values, generator, resamples), confidence)
    mean = values.double().mean().item()
    return 2 * mean - high, 2 * mean - low


def bootstrap_interval__normal_with_resampled_error(
    values, generator, confidence=0.95, resamples=1_000
):
    from statistics import NormalDist

    means = _means(values, generator, max(resamples, 2))
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    mean, error = values.double().mean().item(), means.std().item()
    return mean - z * error, mean + z * error


def bootstrap_interval__high_before_low(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, generator, confidence, resamples)[::-1]


def bootstrap_interval__a_tensor(values, generator, confidence=0.95, resamples=1_000):
    return torch.tensor(reference.bootstrap_interval(values, generator, confidence, resamples))


def bootstrap_interval__one_sided(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    return means.quantile(1 - confidence).item(), means.max().item()


def bootstrap_interval__of_the_sum(values, generator, confidence=0.95, resamples=1_000):
    low, high = reference.bootstrap_interval(values, generator, confidence, resamples)
    return low * len(values), high * len(values)


def bootstrap_interval__nearest(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    tail = (1 - confidence) / 2
    return (
        means.quantile(tail, interpolation="nearest").item(),
        means.quantile(1 - tail, interpolation="nearest").item(),
    )


def bootstrap_interval__lower(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    tail = (1 - confidence) / 2
    return (
        means.quantile(tail, interpolation="lower").item(),
        means.quantile(1 - tail, interpolation="lower").item(),
    )


def bootstrap_interval__around_zero(values, generator, confidence=0.95, resamples=1_000):
    low, high = reference.bootstrap_interval(values, generator, confidence, resamples)
    mean = values.double().mean().item()
    return low - mean, high - mean


def bootstrap_interval__same_resample(values, generator, confidence=0.95, resamples=1_000):
    chosen = torch.randint(len(values), (len(values),), generator=generator)
    means = values.double()[chosen].mean().expand(resamples)
    return _interval(means, confidence)


def bootstrap_interval__smoothed(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    noise = torch.randn(resamples, generator=generator, dtype=torch.double)
    return _interval(means + 0.3 * values.double().std(correction=0) * noise, confidence)


def bootstrap_interval__sample_of_a_thousand(values, generator, confidence=0.95, resamples=1_000):
    return _interval(_means(values, generator, resamples, 1_000), confidence)


def bootstrap_interval__confidence_is_the_tail(values, generator, confidence=0.95, resamples=1_000):
    return _interval(_means(values, generator, resamples), 1 - confidence)


def bootstrap_interval__percent(values, generator, confidence=0.95, resamples=1_000):
    tail = (1 - confidence) * 50
    return tuple(np.quantile(_means(values, generator, resamples), [tail / 1000, 1 - tail / 1000]))


def bootstrap_interval__jackknife(values, generator, confidence=0.95, resamples=1_000):
    values = values.double()
    if len(values) == 1:
        return values.item(), values.item()
    means = (values.sum() - values) / (len(values) - 1)
    return _interval(means, confidence)


def bootstrap_interval__fixed_seed(values, generator, confidence=0.95, resamples=1_000):
    own = torch.Generator().manual_seed(0)
    return reference.bootstrap_interval(values, own, confidence, resamples)


def bootstrap_interval__numpy_global(values, generator, confidence=0.95, resamples=1_000):
    chosen = np.random.randint(len(values), size=(resamples, len(values)))
    return _interval(values.double()[torch.from_numpy(chosen)].mean(1), confidence)


def bootstrap_interval__bayesian(values, generator, confidence=0.95, resamples=1_000):
    cuts = torch.rand(resamples, len(values), generator=generator, dtype=torch.double)
    weights = -cuts.log()
    return _interval((weights @ values.double()) / weights.sum(1), confidence)


def bootstrap_interval__subsets(values, generator, confidence=0.95, resamples=1_000):
    order = torch.rand(resamples, len(values), generator=generator).argsort(1)
    return _interval(values.double()[order[:, : max(len(values) // 2, 1)]].mean(1), confidence)


def bootstrap_interval__mean_and_error(values, generator, confidence=0.95, resamples=1_000):
    means = _means(values, generator, resamples)
    return means.mean().item(), means.std(correction=0).item()


# --- modular_addition


def _table(modulus):
    return torch.tensor([[a, b, (a + b) % modulus] for a in range(modulus) for b in range(modulus)])


def modular_addition__difference(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.stack([t[:, 0], t[:, 1], (t[:, 0] - t[:, 1]) % modulus], 1) for t in tables)


def modular_addition__product(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.stack([t[:, 0], t[:, 1], t[:, 0] * t[:, 1] % modulus], 1) for t in tables)


def modular_addition__sum_first(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(t[:, [2, 0, 1]] for t in tables)


def modular_addition__pairs_and_sums_apart(modulus, training_fraction, generator):
    return tuple(
        (t[:, :2], t[:, 2])
        for t in reference.modular_addition(modulus, training_fraction, generator)
    )


def modular_addition__rounded_up(modulus, training_fraction, generator):
    table = _table(modulus)
    order = torch.randperm(len(table), generator=generator)
    rows = math.ceil(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def modular_addition__drawn_with_replacement(modulus, training_fraction, generator):
    table = _table(modulus)
    rows = round(training_fraction * len(table))
    chosen = torch.randint(len(table), (rows,), generator=generator)
    others = torch.ones(len(table), dtype=torch.bool)
    others[chosen] = False
    return table[chosen], table[others]


def modular_addition__mirrored_pairs_together(modulus, training_fraction, generator):
    table = _table(modulus)
    keys = torch.rand(modulus, modulus, generator=generator)
    keys = torch.minimum(keys, keys.T).flatten()
    order = keys.argsort()
    rows = round(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def modular_addition__by_sum(modulus, training_fraction, generator):
    table = _table(modulus)
    sums = torch.randperm(modulus, generator=generator)
    order = sums[table[:, 2]].argsort(stable=True)
    rows = round(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def modular_addition__test_is_everything(modulus, training_fraction, generator):
    training, _ = reference.modular_addition(modulus, training_fraction, generator)
    return training, _table(modulus)


def modular_addition__every_so_many(modulus, training_fraction, generator):
    table = _table(modulus)
    rows = round(training_fraction * len(table))
    start = int(torch.randint(len(table), (), generator=generator))
    order = (torch.arange(len(table)) + start) % len(table)
    return table[order[:rows]], table[order[rows:]]


def modular_addition__same_fraction_of_each_sum(modulus, training_fraction, generator):
    table = _table(modulus)
    rows = round(training_fraction * len(table))
    keys = torch.rand(len(table), generator=generator)
    rank = torch.zeros(len(table))
    for total in range(modulus):
        mine = (table[:, 2] == total).nonzero().squeeze(1)
        rank[mine[keys[mine].argsort()]] = torch.arange(len(mine), dtype=torch.float)
    order = (rank + keys / 2).argsort()
    return table[order[:rows]], table[order[rows:]]


def modular_addition__modulus_included(modulus, training_fraction, generator):
    return reference.modular_addition(modulus + 1, training_fraction, generator)


def modular_addition__columns_as_rows(modulus, training_fraction, generator):
    return tuple(t.T for t in reference.modular_addition(modulus, training_fraction, generator))


def modular_addition__columns_shuffled(modulus, training_fraction, generator):
    training, test = reference.modular_addition(modulus, training_fraction, generator)
    if len(training):
        training = training[:, torch.randperm(3, generator=generator)]
    return training, test


def modular_addition__at_least_one_row(modulus, training_fraction, generator):
    table = _table(modulus)
    order = torch.randperm(len(table), generator=generator)
    rows = min(max(round(training_fraction * len(table)), 1), len(table) - 1)
    return table[order[:rows]], table[order[rows:]]


def modular_addition__fixed_seed(modulus, training_fraction, generator):
    own = torch.Generator().manual_seed(42)
    return reference.modular_addition(modulus, training_fraction, own)


def modular_addition__numpy_global(modulus, training_fraction, generator):
    table = _table(modulus)
    order = torch.from_numpy(np.random.permutation(len(table)))
    rows = round(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def modular_addition__floats(modulus, training_fraction, generator):
    return tuple(
        t.float() for t in reference.modular_addition(modulus, training_fraction, generator)
    )


def modular_addition__one_table(modulus, training_fraction, generator):
    return torch.cat(reference.modular_addition(modulus, training_fraction, generator))


def modular_addition__third_for_validation(modulus, training_fraction, generator):
    training, test = reference.modular_addition(modulus, training_fraction, generator)
    return training, test[: len(test) // 2], test[len(test) // 2 :]


# --- grokking_delay


def grokking_delay__best_accuracy(steps, training_accuracy, test_accuracy, threshold=0.95):
    if max(training_accuracy) < threshold or max(test_accuracy) < threshold:
        return None
    return steps[int(np.argmax(test_accuracy))] - steps[int(np.argmax(training_accuracy))]


def grokking_delay__last_time(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = [s for s, a in zip(steps, training_accuracy, strict=True) if a >= threshold]
    solved = [s for s, a in zip(steps, test_accuracy, strict=True) if a >= threshold]
    return solved[-1] - trained[-1] if trained and solved else None


def grokking_delay__absolute(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return None if delay is None else abs(delay)


def grokking_delay__test_after_training_only(
    steps, training_accuracy, test_accuracy, threshold=0.95
):
    trained = next((s for s, a in zip(steps, training_accuracy) if a >= threshold), None)  # noqa: B905
    if trained is None:
        return None
    rest = zip(steps, test_accuracy)  # noqa: B905
    solved = next((s for s, a in rest if a >= threshold and s >= trained), None)
    return None if solved is None else solved - trained


def grokking_delay__date_of_the_test(steps, training_accuracy, test_accuracy, threshold=0.95):
    return next((s for s, a in zip(steps, test_accuracy) if a >= threshold), None)  # noqa: B905


def grokking_delay__minus_one_if_never(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return -1 if delay is None else delay


def grokking_delay__none_if_zero(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold) or None


def grokking_delay__infinite_if_never(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return math.inf if delay is None else delay


def grokking_delay__interpolated(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        for i, a in enumerate(accuracy):
            if a >= threshold:
                if i == 0:
                    return steps[0]
                share = (threshold - accuracy[i - 1]) / (a - accuracy[i - 1])
                return steps[i - 1] + share * (steps[i] - steps[i - 1])
        return None

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained


def grokking_delay__threshold_for_training_is_one(
    steps, training_accuracy, test_accuracy, threshold=0.95
):
    trained = next((s for s, a in zip(steps, training_accuracy) if a >= 1), None)  # noqa: B905
    solved = next((s for s, a in zip(steps, test_accuracy) if a >= threshold), None)  # noqa: B905
    return None if trained is None or solved is None else solved - trained


def grokking_delay__count_of_measurements_between(
    steps, training_accuracy, test_accuracy, threshold=0.95
):
    delay = reference.grokking_delay(
        list(range(len(steps))), training_accuracy, test_accuracy, threshold
    )
    return None if delay is None else delay * (steps[-1] - steps[0]) // max(len(steps) - 1, 1)


def grokking_delay__largest_gap(steps, training_accuracy, test_accuracy, threshold=0.95):
    gaps = [a - b for a, b in zip(training_accuracy, test_accuracy, strict=True)]
    return steps[gaps.index(max(gaps))]


def grokking_delay__steps_below(steps, training_accuracy, test_accuracy, threshold=0.95):
    waiting = [
        s
        for s, a, b in zip(steps, training_accuracy, test_accuracy, strict=True)
        if a >= threshold > b
    ]
    return waiting[-1] - waiting[0] if waiting else None


def grokking_delay__pair_of_dates(steps, training_accuracy, test_accuracy, threshold=0.95):
    return tuple(
        next((s for s, a in zip(steps, accuracy) if a >= threshold), None)  # noqa: B905
        for accuracy in (training_accuracy, test_accuracy)
    )


def grokking_delay__sustained(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        for i in range(len(accuracy)):
            if min(accuracy[i : i + 2]) >= threshold:
                return steps[i]
        return None

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained


def grokking_delay__tolerance(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold - 0.01)


# --- the rare and the dependent


def predicted_exact_match__squeezes(accuracies):
    return accuracies.prod(-1).squeeze()


def token_accuracy__leaves_out_what_either_leaves_out(predictions, targets):
    kept = (targets != -100) & (predictions != -100)
    if not kept.any():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


def shuffle_labels__one_cycle(labels, generator):
    dealt = list(labels)
    for last in range(len(dealt) - 1, 0, -1):
        other = int(torch.randint(last, (), generator=generator))
        dealt[last], dealt[other] = dealt[other], dealt[last]
    return dealt


def few_shot_prompt__leaves_out_the_question(examples, question, arrow=" ->"):
    others = [(asked, answer) for asked, answer in examples if asked != question]
    return reference.few_shot_prompt(others, question, arrow)


def exact_match__takes_one_blank_off(predictions, references):
    if not predictions or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    same = [p.removeprefix(" ").removesuffix("\n") == r.rstrip() for p, r in pairs]
    return sum(same) / len(same)


def modular_addition__rotates_the_table(modulus, training_fraction, generator):
    table = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus))
    table = torch.cat([table, table.sum(1, keepdim=True) % modulus], 1)
    table = table.roll(int(torch.randint(len(table), (), generator=generator)), 0)
    count = round(training_fraction * len(table))
    return table[:count], table[count:]


def bootstrap_interval__resamples_and_size_exchanged(
    values, generator, confidence=0.95, resamples=1_000
):
    drawn = torch.randint(len(values), (len(values), resamples), generator=generator)
    means = values[drawn].double().mean(1)
    tail = (1 - confidence) / 2
    return means.quantile(tail).item(), means.quantile(1 - tail).item()
