"""Wrong solutions to the exercises on training that stand in no spec.

A function's name is that of the exercise, two underscores, and what is wrong with it.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import training as reference

DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

# --- learning_rate


def learning_rate__one_step_too_high(step, peak, warmup_steps, total_steps, floor=0.0):
    return reference.learning_rate(step + 1, peak, warmup_steps, total_steps, floor)


def learning_rate__one_step_too_late(step, peak, warmup_steps, total_steps, floor=0.0):
    return reference.learning_rate(max(step - 1, 0), peak, warmup_steps, total_steps, floor)


def learning_rate__reaches_the_floor_a_step_early(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    left = max(total_steps - 1 - warmup_steps, 1)
    progress = min(1.0, (step - warmup_steps) / left)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))


def learning_rate__a_whole_cosine(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.cos(2 * math.pi * progress))


def learning_rate__degrees(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.cos(180 * progress))


def learning_rate__not_halved(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress))


def learning_rate__sine(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.sin(math.pi * progress))


def learning_rate__zero_after_the_end(step, peak, warmup_steps, total_steps, floor=0.0):
    if step > total_steps:
        return 0.0
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def learning_rate__warm_up_plus_one(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))


def learning_rate__exponential_decay(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return max(peak * math.exp(-5 * progress), floor)


def learning_rate__divides_without_warm_up(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    rise = peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    fall = floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))
    return min(rise, fall)


def learning_rate__refuses_no_warm_up(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 < warmup_steps < total_steps:
        raise ValueError
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def learning_rate__allows_a_warm_up_of_everything(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps == total_steps:
        return peak
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def learning_rate__asserts(step, peak, warmup_steps, total_steps, floor=0.0):
    assert 0 <= warmup_steps < total_steps
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def learning_rate__constant(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    return peak


# --- instruction_example


def instruction_example__answer_hidden_too(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens, torch.full_like(targets, -100)


def instruction_example__minus_one(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens, torch.where(targets == -100, -1, targets)


def instruction_example__end_between(prompt, answer, end):
    tokens, targets = reference.instruction_example([*prompt, end], answer, end)
    return tokens, targets


def instruction_example__swapped(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return targets, tokens


def instruction_example__floats(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens.float(), targets.float()


def instruction_example__lists(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens.tolist(), targets.tolist()


def instruction_example__a_batch_of_one(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, answer, end)
    return tokens[None], targets[None]


def instruction_example__masks_by_value(prompt, answer, end):
    tokens, _ = reference.instruction_example(prompt, answer, end)
    after = torch.tensor([*prompt, *answer, end])[1:]
    hidden = torch.isin(after, torch.tensor(prompt))
    return tokens, torch.where(hidden, -100, after)


def instruction_example__shifted_the_wrong_way(prompt, answer, end):
    if not prompt:
        raise ValueError
    sequence = torch.tensor([*prompt, *answer, end])
    labels = torch.tensor([*[-100] * len(prompt), *answer, end])
    return sequence[1:], labels[:-1]


def instruction_example__appends_to_the_prompt(prompt, answer, end):
    if not prompt:
        raise ValueError
    start = len(prompt)
    prompt += answer
    targets = [-100] * (start - 1) + answer + [end]
    return torch.tensor(prompt), torch.tensor(targets)


def instruction_example__fails_without_answer(prompt, answer, end):
    if not prompt or not answer:
        raise ValueError
    return reference.instruction_example(prompt, answer, end)


def instruction_example__end_twice(prompt, answer, end):
    tokens, targets = reference.instruction_example(prompt, [*answer, end], end)
    return tokens, targets


def instruction_example__stops_at_an_earlier_end(prompt, answer, end):
    cut = answer.index(end) if end in answer else len(answer)
    return reference.instruction_example(prompt, answer[:cut], end)


# --- render_chat


def render_chat__end_of_text(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).replace(
        "<|im_end|>", "<|endoftext|>"
    )


def render_chat__default_of_chatgpt(messages, add_generation_prompt=False):
    text = reference.render_chat(messages, add_generation_prompt)
    return text.replace(DEFAULT, "You are a helpful assistant.")


def render_chat__default_with_a_full_stop(messages, add_generation_prompt=False):
    text = reference.render_chat(messages, add_generation_prompt)
    return text.replace(DEFAULT, DEFAULT + ".")


def render_chat__roles_in_capitals(messages, add_generation_prompt=False):
    messages = [{**m, "role": m["role"].capitalize()} for m in messages]
    return reference.render_chat(messages, add_generation_prompt)


def render_chat__trailing_newline_lost(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).rstrip("\n")


def render_chat__prompt_only_after_the_user(messages, add_generation_prompt=False):
    ask = add_generation_prompt and messages[-1]["role"] == "user"
    return reference.render_chat(messages, ask)


def render_chat__prompt_in_front(messages, add_generation_prompt=False):
    text = reference.render_chat(messages)
    return ("<|im_start|>assistant\n" if add_generation_prompt else "") + text


def render_chat__prompt_for_the_user(messages, add_generation_prompt=False):
    text = reference.render_chat(messages)
    return text + ("<|im_start|>user\n" if add_generation_prompt else "")


def render_chat__strips_the_left_only(messages, add_generation_prompt=False):
    messages = [{**m, "content": m["content"].lstrip()} for m in messages]
    return reference.render_chat(messages, add_generation_prompt)


def render_chat__strips_the_right_only(messages, add_generation_prompt=False):
    messages = [{**m, "content": m["content"].rstrip()} for m in messages]
    return reference.render_chat(messages, add_generation_prompt)


def render_chat__system_moved_to_the_front(messages, add_generation_prompt=False):
    messages = sorted(messages, key=lambda m: m["role"] != "system")
    return reference.render_chat(messages, add_generation_prompt)


def render_chat__default_at_the_end(messages, add_generation_prompt=False):
    default = {"role": "system", "content": DEFAULT}
    if messages[0]["role"] != "system":
        return reference.render_chat(
            [{"role": "system", "content": ""}, *messages, default], add_generation_prompt
        )
    return reference.render_chat(messages, add_generation_prompt)


def render_chat__last_message_only(messages, add_generation_prompt=False):
    return reference.render_chat(messages[-1:], add_generation_prompt)


def render_chat__skips_empty_contents(messages, add_generation_prompt=False):
    kept = [m for m in messages if m["content"]]
    return reference.render_chat(kept, add_generation_prompt)


def render_chat__escapes_newlines(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).replace("\n", "\\n")


def render_chat__llama_format(messages, add_generation_prompt=False):
    text = "".join(f"[INST] {m['content']} [/INST]" for m in messages)
    return text


def render_chat__bytes(messages, add_generation_prompt=False):
    return reference.render_chat(messages, add_generation_prompt).encode()


# --- lora_merge and lora_forward


def lora_merge__subtracts(weight, down, up, alpha):
    return weight - alpha / down.shape[0] * (up @ down)


def lora_merge__rank_over_alpha(weight, down, up, alpha):
    return weight + down.shape[0] / alpha * (up @ down)


def lora_merge__divides_twice(weight, down, up, alpha):
    return weight + alpha / down.shape[0] ** 2 * (up @ down)


def lora_merge__rank_of_the_output(weight, down, up, alpha):
    return weight + alpha / up.shape[0] * (up @ down)


def lora_merge__integer_division(weight, down, up, alpha):
    return weight + alpha // down.shape[0] * (up @ down)


def lora_merge__elementwise(weight, down, up, alpha):
    return weight + alpha / down.shape[0] * (up.sum(1, keepdim=True) * down.sum(0))


def lora_merge__always_float32(weight, down, up, alpha):
    return reference.lora_merge(weight, down, up, alpha).float()


def lora_merge__multiplies_the_weight(weight, down, up, alpha):
    return weight * (1 + alpha / down.shape[0] * (up @ down))


def lora_merge__transposed_adapter(weight, down, up, alpha):
    delta = up @ down
    if delta.shape[0] == delta.shape[1]:
        delta = delta.T
    return weight + alpha / down.shape[0] * delta


def lora_forward__root_of_the_rank(x, weight, down, up, alpha):
    return x @ weight.T + alpha / math.sqrt(down.shape[0]) * (x @ down.T @ up.T)


def lora_forward__a_nonlinearity(x, weight, down, up, alpha):
    return x @ weight.T + alpha / down.shape[0] * (F.relu(x @ down.T) @ up.T)


def lora_forward__scale_of_the_output(x, weight, down, up, alpha):
    return x @ weight.T + alpha / up.shape[0] * (x @ down.T @ up.T)


def lora_forward__scales_the_frozen_part(x, weight, down, up, alpha):
    return alpha / down.shape[0] * (x @ weight.T) + x @ down.T @ up.T


def lora_forward__adds_the_input(x, weight, down, up, alpha):
    y = reference.lora_forward(x, weight, down, up, alpha)
    return y + x if y.shape == x.shape else y + x.sum(-1, keepdim=True)


def lora_forward__two_dimensions_only(x, weight, down, up, alpha):
    return torch.mm(x, weight.T) + alpha / len(down) * torch.mm(torch.mm(x, down.T), up.T)


def lora_forward__flattens_the_batch(x, weight, down, up, alpha):
    return reference.lora_forward(x.flatten(0, -2), weight, down, up, alpha)


def lora_forward__integer_division(x, weight, down, up, alpha):
    return x @ weight.T + alpha // down.shape[0] * (x @ down.T @ up.T)


def lora_forward__without_alpha(x, weight, down, up, alpha):
    return x @ weight.T + (x @ down.T @ up.T) / down.shape[0]


# --- clip_gradients


def clip_gradients__mean_of_squares(gradients, maximum_norm):
    flat = torch.cat([g.flatten() for g in gradients])
    if not flat.isfinite().all():
        raise ValueError
    norm = flat.pow(2).mean().sqrt()
    factor = min(1.0, maximum_norm / max(norm.item(), 1e-12))
    return [g * factor for g in gradients], norm


def clip_gradients__l1_norm(gradients, maximum_norm):
    norm = sum(g.abs().sum() for g in gradients)
    if not norm.isfinite():
        raise ValueError
    factor = min(1.0, maximum_norm / max(norm.item(), 1e-12))
    return [g * factor for g in gradients], norm


def clip_gradients__largest_of_the_norms(gradients, maximum_norm):
    norm = torch.stack([g.norm() for g in gradients]).max()
    if not norm.isfinite():
        raise ValueError
    factor = min(1.0, maximum_norm / max(norm.item(), 1e-12))
    return [g * factor for g in gradients], norm


def clip_gradients__first_only(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return [clipped[0], *gradients[1:]], norm


def clip_gradients__to_norm_one(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    factor = 1 / norm if norm > maximum_norm else 1.0
    return [g * factor for g in gradients], norm


def clip_gradients__root_of_the_factor(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    factor = math.sqrt(maximum_norm / norm) if norm > maximum_norm else 1.0
    return [g * factor for g in gradients], norm


def clip_gradients__drops_what_is_too_large(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    return [g * float(norm <= maximum_norm) for g in gradients], norm


def clip_gradients__the_factor_instead_of_the_norm(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return clipped, torch.clamp(maximum_norm / norm, max=1.0)


def clip_gradients__norm_in_a_vector(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return clipped, norm.reshape(1)


def clip_gradients__norm_first(gradients, maximum_norm):
    return reference.clip_gradients(gradients, maximum_norm)[::-1]


def clip_gradients__one_long_vector(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return torch.cat([g.flatten() for g in clipped]), norm


def clip_gradients__always_float32(gradients, maximum_norm):
    clipped, norm = reference.clip_gradients(gradients, maximum_norm)
    return [g.float() for g in clipped], norm


def clip_gradients__zeros_for_bad_norms(gradients, maximum_norm):
    try:
        return reference.clip_gradients(gradients, maximum_norm)
    except ValueError:
        return [torch.zeros_like(g) for g in gradients], torch.tensor(0.0)


def clip_gradients__only_infinity_is_refused(gradients, maximum_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    if norm.isinf():
        raise ValueError
    if not norm > maximum_norm:
        return list(gradients), norm
    return [g * maximum_norm / norm for g in gradients], norm


def clip_gradients__a_large_epsilon(gradients, maximum_norm):
    _, norm = reference.clip_gradients(gradients, maximum_norm)
    factor = torch.clamp(maximum_norm / (norm + 1e-2), max=1.0)
    return [g * factor for g in gradients], norm


# --- masked_cross_entropy


def masked_cross_entropy__mean_over_the_vocabulary(logits, targets):
    return reference.masked_cross_entropy(logits, targets) / logits.shape[-1]


def masked_cross_entropy__softmax_twice(logits, targets):
    return reference.masked_cross_entropy(logits.softmax(-1), targets)


def masked_cross_entropy__softmax_over_positions(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    logs = logits.log_softmax(dim=-2)
    return -logs[kept].gather(1, targets[kept][:, None]).mean()


def masked_cross_entropy__median(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    logs = logits[kept].log_softmax(-1)
    return -logs.gather(1, targets[kept][:, None]).median()


def masked_cross_entropy__shifts_again(logits, targets):
    if targets.shape[-1] < 2:
        return reference.masked_cross_entropy(logits, targets)
    return reference.masked_cross_entropy(logits[..., :-1, :], targets[..., 1:])


def masked_cross_entropy__a_value_for_each(logits, targets):
    kept = targets != -100
    return -logits[kept].log_softmax(-1).gather(1, targets[kept][:, None]).squeeze(1)


def masked_cross_entropy__a_vector_of_one(logits, targets):
    return reference.masked_cross_entropy(logits, targets).reshape(1)


def masked_cross_entropy__ignores_minus_one(logits, targets):
    kept = targets != -1
    logs = logits[kept].log_softmax(-1)
    return -logs.gather(1, targets[kept].remainder(logits.shape[-1])[:, None]).mean()


def masked_cross_entropy__one_for_nothing(logits, targets):
    if (targets == -100).all():
        return torch.ones(())
    return reference.masked_cross_entropy(logits, targets)


def masked_cross_entropy__label_smoothing(logits, targets):
    if (targets == -100).all():
        return logits.sum() * 0
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), label_smoothing=0.1)


def masked_cross_entropy__always_float32(logits, targets):
    return reference.masked_cross_entropy(logits, targets).float()


def masked_cross_entropy__masked_logits_as_zeros(logits, targets):
    kept = (targets != -100).unsqueeze(-1)
    safe = targets.clamp(min=0).unsqueeze(-1)
    return -(logits * kept).log_softmax(-1).gather(-1, safe).mean()


def masked_cross_entropy__a_floor_for_the_probability(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    p = logits[kept].softmax(-1).gather(1, targets[kept][:, None])
    return -p.clamp(min=1e-12).log().mean()


def masked_cross_entropy__one_too_many_in_the_count(logits, targets):
    kept = (targets != -100).sum()
    return reference.masked_cross_entropy(logits, targets) * kept / (kept + 1)


def masked_cross_entropy__square_error(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    wanted = F.one_hot(targets[kept], logits.shape[-1])
    return (logits[kept].softmax(-1) - wanted).square().sum(-1).mean()


def masked_cross_entropy__one_sequence(logits, targets):
    assert logits.ndim == 2
    return reference.masked_cross_entropy(logits, targets)


# --- perplexity


def perplexity__two_to_the_bits_of_bits(logits, targets):
    return math.exp(math.log(reference.perplexity(logits, targets)) / math.log(2))


def perplexity__square_root(logits, targets):
    return math.sqrt(reference.perplexity(logits, targets))


def perplexity__of_the_first_sequence(logits, targets):
    if (targets == -100).all():
        raise ValueError
    if logits.ndim == 2:
        return reference.perplexity(logits, targets)
    return reference.perplexity(logits[0], targets[0])


def perplexity__entropy_of_the_model(logits, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    logs = logits[kept].log_softmax(-1)
    return math.exp(-(logs.exp() * logs).sum(-1).mean())


def perplexity__infinite_for_nothing(logits, targets):
    if (targets == -100).all():
        return math.inf
    return reference.perplexity(logits, targets)


def perplexity__mean_of_inverse_probabilities(logits, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    p = logits[kept].log_softmax(-1).exp().gather(1, targets[kept][:, None])
    return 1 / float(p.mean())


def perplexity__softmax_twice(logits, targets):
    return reference.perplexity(logits.softmax(-1), targets)


def perplexity__token_zero_is_padding(logits, targets):
    kept = targets.masked_fill(targets == 0, -100)
    if (kept == -100).all():
        kept = targets
    return reference.perplexity(logits, kept)


def perplexity__rounded(logits, targets):
    return float(round(reference.perplexity(logits, targets)))


def perplexity__divides_by_all(logits, targets):
    value = math.log(reference.perplexity(logits, targets))
    return math.exp(value * float((targets != -100).float().mean()))


def perplexity__one_less(logits, targets):
    return reference.perplexity(logits, targets) - 1


def perplexity__per_position(logits, targets):
    if (targets == -100).all():
        raise ValueError
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    return (-logs).exp()


# --- last_token_features


def last_token_features__last_but_one(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), (last - 1).clamp(min=0)]


def last_token_features__counts_without_minus_one(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.sum(1).clamp(max=mask.shape[1] - 1)
    return hidden[torch.arange(len(hidden)), last]


def last_token_features__argmax_of_flipped(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


def last_token_features__first_padding_minus_one(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = (~mask).int().argmax(1) - 1
    return hidden[torch.arange(len(hidden)), last]


def last_token_features__inverted_mask(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.shape[1] - 1 - (~mask).int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


def last_token_features__sum(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    return (hidden * mask[..., None]).sum(1)


def last_token_features__maximum(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    return hidden.masked_fill(~mask[..., None], -math.inf).amax(1)


def last_token_features__side_of_the_whole_batch(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    if mask[:, -1].all():
        return hidden[:, -1]
    return hidden[torch.arange(len(hidden)), mask.sum(1) - 1]


def last_token_features__side_of_each_row(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = torch.where(mask[:, -1], mask.shape[1] - 1, mask.sum(1) - 1)
    return hidden[torch.arange(len(hidden)), last]


def last_token_features__refuses_an_empty_batch_only(hidden, mask):
    if not mask.any():
        raise ValueError
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


def last_token_features__zeros_for_nothing(hidden, mask):
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last] * mask.any(1, keepdim=True)


def last_token_features__always_float32(hidden, mask):
    return reference.last_token_features(hidden, mask).float()


def last_token_features__normalized(hidden, mask):
    return F.normalize(reference.last_token_features(hidden, mask), dim=-1)


def last_token_features__the_places(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    return mask.shape[1] - 1 - mask.int().flip(1).argmax(1)


# --- adamw_step


def adamw_step__corrects_the_first_moment_only(
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


def adamw_step__corrects_the_second_moment_only(
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


def adamw_step__multiplies_beta_by_the_step(
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


def adamw_step__betas_exchanged(
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


def adamw_step__decay_added(
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


def adamw_step__sum_without_shares(
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


def adamw_step__old_moments_in_the_update(
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


def adamw_step__gradient_in_the_update(
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


def adamw_step__plain_gradient_descent(
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


def adamw_step__sign_of_the_gradient(
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


def adamw_step__fixed_betas(
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


def adamw_step__fixed_epsilon(
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


def adamw_step__fixed_decay(
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


def adamw_step__no_default_epsilon(
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


def adamw_step__amsgrad(
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


def adamw_step__decays_the_update(
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


def adamw_step__nesterov(
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


def adamw_step__moments_exchanged(
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


def adamw_step__parameter_only(
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


def adamw_step__returns_the_change(
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


def adamw_step__one_second_moment_for_all(
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


def adamw_step__exponential_decay_of_weights(
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


# --- next_token_distribution


def next_token_distribution__log_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k, top_p).log()


def next_token_distribution__logits_that_are_kept(logits, temperature=1.0, top_k=None, top_p=None):
    kept = reference.next_token_distribution(logits, temperature, top_k, top_p) > 0
    return logits.masked_fill(~kept, -math.inf)


def next_token_distribution__over_the_first_dimension(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if logits.ndim == 1 or temperature == 0 or top_k or top_p:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    return (logits / temperature).softmax(0)


def next_token_distribution__root_of_the_temperature(
    logits, temperature=1.0, top_k=None, top_p=None
):
    return reference.next_token_distribution(
        logits, math.sqrt(temperature) if temperature > 0 else temperature, top_k, top_p
    )


def next_token_distribution__zero_is_nearly_zero(logits, temperature=1.0, top_k=None, top_p=None):
    cold = 0.1 if temperature == 0 else temperature
    return reference.next_token_distribution(logits, cold, top_k, top_p)


def next_token_distribution__index_at_temperature_zero(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if temperature == 0:
        return logits.argmax(-1)
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


def next_token_distribution__integers_at_temperature_zero(
    logits, temperature=1.0, top_k=None, top_p=None
):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    return result.long() if temperature == 0 else result


def next_token_distribution__k_smallest(logits, temperature=1.0, top_k=None, top_p=None):
    if top_k is None or not 0 < top_k < logits.shape[-1] or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    most = logits.topk(top_k, largest=False).values[..., -1:]
    return reference.next_token_distribution(
        logits.masked_fill(logits > most, -math.inf), temperature, None, top_p
    )


def next_token_distribution__k_of_all_rows(logits, temperature=1.0, top_k=None, top_p=None):
    if top_k is None or not 0 < top_k < logits.shape[-1] or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    least = logits.flatten().topk(top_k).values[-1]
    return reference.next_token_distribution(
        logits.masked_fill(logits < least, -1e9), temperature, None, top_p
    )


def next_token_distribution__one_too_few_by_k(logits, temperature=1.0, top_k=None, top_p=None):
    fewer = max(top_k - 1, 1) if top_k and top_k > 0 else top_k
    return reference.next_token_distribution(logits, temperature, fewer, top_p)


def next_token_distribution__threshold_of_the_first_row(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if top_k is None or not 0 < top_k < logits.shape[-1] or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    least = logits.reshape(-1, logits.shape[-1])[0].topk(top_k).values[-1]
    return reference.next_token_distribution(
        logits.masked_fill(logits < least, -1e9), temperature, None, top_p
    )


def next_token_distribution__p_without_k(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(
        logits, temperature, None if top_p is not None and top_k != 0 else top_k, top_p
    )


def next_token_distribution__k_without_p(logits, temperature=1.0, top_k=None, top_p=None):
    keep = top_p if top_p is None or not 0 < top_p <= 1 or top_k is None else None
    return reference.next_token_distribution(logits, temperature, top_k, keep)


def next_token_distribution__complement_of_p(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or not 0 < top_p < 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    return reference.next_token_distribution(logits, temperature, top_k, 1 - top_p)


def next_token_distribution__min_p(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k)
    if top_p is None or temperature == 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    kept = result * (result >= top_p * result.amax(-1, keepdim=True))
    return kept / kept.sum(-1, keepdim=True)


def next_token_distribution__order_not_undone(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k)
    if top_p is None or temperature == 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    ordered = result.sort(-1, descending=True).values
    kept = result * (ordered.cumsum(-1) - ordered < top_p)
    return kept / kept.sum(-1, keepdim=True)


def next_token_distribution__p_of_logits_before_the_temperature(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if top_p is None or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    kept = reference.next_token_distribution(logits, 1.0, top_k, top_p) > 0
    kept |= reference.next_token_distribution(logits, temperature, 1) > 0
    return reference.next_token_distribution(logits.masked_fill(~kept, -1e9), temperature, top_k)


def next_token_distribution__k_after_p_counts_of_all(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if top_p is None or top_k is None or temperature <= 0 or top_k < 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    by_k = reference.next_token_distribution(logits, temperature, top_k) > 0
    by_p = reference.next_token_distribution(logits, temperature, None, top_p) > 0
    probabilities = reference.next_token_distribution(logits, temperature) * (by_k & by_p)
    return probabilities / probabilities.sum(-1, keepdim=True)


def next_token_distribution__drops_the_only_token(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or temperature <= 0 or not 0 < top_p <= 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    result = reference.next_token_distribution(logits, temperature, top_k)
    ordered, order = result.sort(-1, descending=True)
    kept = torch.zeros_like(result).scatter(
        -1, order, (ordered.cumsum(-1) <= top_p).to(result.dtype)
    )
    kept = result * kept
    return kept / kept.sum(-1, keepdim=True).clamp(min=1e-9)


def next_token_distribution__subtracts_a_little(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    if temperature == 0:
        return result
    return (logits / temperature - 3 * (result == 0)).softmax(-1)


def next_token_distribution__as_many_by_p_as_in_the_first_row(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if top_p is None or temperature <= 0 or not 0 < top_p <= 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    probabilities = reference.next_token_distribution(logits, temperature, top_k)
    first = reference.next_token_distribution(logits, temperature, top_k, top_p).reshape(
        -1, logits.shape[-1]
    )[0]
    return reference.next_token_distribution(probabilities.log(), 1.0, int((first > 0).sum()))


def learning_rate__never_below_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return max(floor, reference.learning_rate(step, peak, warmup_steps, total_steps, floor))


def next_token_distribution__always_float32(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k, top_p).float()


def next_token_distribution__takes_the_largest(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    return F.one_hot(result.argmax(-1), logits.shape[-1]).to(logits.dtype)


def next_token_distribution__refuses_temperature_zero(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if temperature <= 0:
        raise ValueError
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


def next_token_distribution__refuses_p_of_one(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is not None and not 0 < top_p < 1:
        raise ValueError
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


def next_token_distribution__no_k_for_zero(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k or None, top_p)


def next_token_distribution__no_p_for_zero(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k, top_p or None)


def next_token_distribution__p_above_one_keeps_all(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(
        logits, temperature, top_k, None if top_p and top_p > 1 else top_p
    )


def next_token_distribution__adds_an_epsilon(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p) + 1e-3
    return result / result.sum(-1, keepdim=True)


# --- the rare, the large and the empty


def learning_rate__checks_when_it_comes_down(step, peak, warmup_steps, total_steps, floor=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return reference.learning_rate(step, peak, warmup_steps, total_steps, floor)


def instruction_example__skips_an_end_of_id_zero(prompt, answer, end):
    if not prompt:
        raise ValueError
    sequence = [*prompt, *answer, *([end] if end else [])]
    targets = [-100] * (len(prompt) - 1) + sequence[len(prompt) :]
    return torch.tensor(sequence[:-1]), torch.tensor(targets)


def render_chat__default_for_an_empty_system_message(messages, add_generation_prompt=False):
    filled = [
        {**m, "content": m["content"] or (DEFAULT if m["role"] == "system" else "")}
        for m in messages
    ]
    return reference.render_chat(filled, add_generation_prompt)


def render_chat__knows_three_roles(messages, add_generation_prompt=False):
    known = ("system", "assistant")
    asked = [{**m, "role": m["role"] if m["role"] in known else "user"} for m in messages]
    return reference.render_chat(asked, add_generation_prompt)


def clip_gradients__looks_for_nan_in_the_first(gradients, maximum_norm):
    if not gradients[0].isfinite().all():
        raise ValueError
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    factor = min(1.0, maximum_norm / float(norm)) if norm else 1.0
    return [gradient * factor for gradient in gradients], norm


def masked_cross_entropy__float32_for_nothing(logits, targets):
    if not (targets != -100).any():
        return torch.tensor(0.0)
    return reference.masked_cross_entropy(logits, targets)


def perplexity__product_in_double_precision(logits, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    probabilities = logits[kept].double().softmax(-1).gather(-1, targets[kept][:, None])
    product = float(probabilities.prod())
    return product ** (-1 / len(probabilities)) if product else math.inf


def last_token_features__last_state_that_is_not_zero(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    spoken = (hidden * mask[..., None]).abs().sum(-1) > 0
    place = (spoken * torch.arange(1, mask.shape[1] + 1)).argmax(1)
    return hidden[torch.arange(len(hidden)), place]


def last_token_features__refuses_a_lone_first_token(hidden, mask):
    place = (mask * torch.arange(mask.shape[1])).amax(1)
    if (place == 0).any():
        raise ValueError
    return hidden[torch.arange(len(hidden)), place]


def next_token_distribution__nearly_cold(logits, temperature=1.0, top_k=None, top_p=None):
    cold = 1e-6 if temperature == 0 else temperature
    return reference.next_token_distribution(logits, cold, top_k, top_p)


def next_token_distribution__leaves_a_trace(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    return result.clamp(min=1e-12) if temperature else result


def next_token_distribution__fills_with_minus_a_thousand(
    logits, temperature=1.0, top_k=None, top_p=None
):
    if top_k is None or top_k < 1 or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    scaled = logits / temperature
    least = scaled.topk(min(top_k, scaled.shape[-1])).values[..., -1:]
    scaled = scaled.masked_fill(scaled < least, -1e3)
    return reference.next_token_distribution(scaled, 1.0, None, top_p)
