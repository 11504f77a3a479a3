"""Right solutions to the exercises on training, each written as somebody might write it.

A function's name is that of the exercise, two underscores, and what is particular about it.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

# --- learning_rate


def learning_rate__as_in_nanogpt(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps < 0 or warmup_steps >= total_steps:
        raise ValueError("bad schedule")
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step > total_steps:
        return floor
    ratio = (step - warmup_steps) / (total_steps - warmup_steps)
    return floor + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (peak - floor)


def learning_rate__numpy(step, peak, warmup_steps, total_steps, floor=0.0):
    if not (warmup_steps >= 0 and warmup_steps < total_steps):
        raise ValueError("bad schedule")
    if step < warmup_steps:
        return np.linspace(0, peak, warmup_steps + 1)[step + 1]
    ratio = np.clip((step - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    return floor + (peak - floor) * (1 + np.cos(np.pi * ratio)) / 2


def learning_rate__whole_table(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps not in range(total_steps):
        raise ValueError(f"a warm-up of {warmup_steps} of {total_steps} steps")
    rise = [peak * (i + 1) / warmup_steps for i in range(warmup_steps)]
    steps = total_steps - warmup_steps
    fall = [
        floor * (1 - math.cos(math.pi * i / steps)) / 2
        + peak * (1 + math.cos(math.pi * i / steps)) / 2
        for i in range(steps + 1)
    ]
    return (rise + fall)[min(step, total_steps)]


# --- instruction_example


def instruction_example__full_of_minus_100(prompt, answer, end):
    if len(prompt) < 1:
        raise ValueError("no prompt")
    full = torch.tensor(prompt + answer + [end], dtype=torch.int64)
    labels = torch.full((len(full) - 1,), -100, dtype=torch.int64)
    labels[len(prompt) - 1 :] = full[len(prompt) :]
    return full[:-1], labels


def instruction_example__label_then_shift(prompt, answer, end):
    if not prompt:
        raise ValueError("no prompt")
    input_ids = list(prompt) + list(answer) + [end]
    labels = [-100 for _ in prompt] + list(answer) + [end]
    return torch.LongTensor(input_ids[:-1]), torch.LongTensor(labels[1:])


def instruction_example__numpy(prompt, answer, end):
    if len(prompt) == 0:
        raise ValueError("no prompt")
    sequence = np.array([*prompt, *answer, end])
    targets = np.where(np.arange(len(sequence)) < len(prompt), -100, sequence)[1:]
    return torch.from_numpy(sequence[:-1].copy()), torch.from_numpy(targets)


# --- render_chat


def render_chat__pieces(messages, add_generation_prompt=False):
    pieces = []
    if messages[0]["role"] != "system":
        pieces += ["<|im_start|>", "system", "\n", DEFAULT, "<|im_end|>", "\n"]
    for m in messages:
        pieces += ["<|im_start|>", m["role"], "\n", m["content"], "<|im_end|>", "\n"]
    if add_generation_prompt:
        pieces += ["<|im_start|>", "assistant", "\n"]
    return "".join(pieces)


def render_chat__format_and_copy(messages, add_generation_prompt=False):
    copy = [dict(message) for message in messages]
    if copy[0]["role"] != "system":
        copy.insert(0, {"content": DEFAULT, "role": "system"})
    text = ""
    for message in copy:
        text += "<|im_start|>{role}\n{content}<|im_end|>\n".format(**message)
    return text + "<|im_start|>assistant\n" if add_generation_prompt else text


def render_chat__percent(messages, add_generation_prompt=False):
    pattern = "<|im_start|>%s\n%s<|im_end|>\n"
    text = "".join([pattern % (m["role"], m["content"]) for m in messages])
    if not text.startswith("<|im_start|>system\n"):
        text = pattern % ("system", DEFAULT) + text
    return text + ["", "<|im_start|>assistant\n"][bool(add_generation_prompt)]


# --- lora_merge and lora_forward


def lora_merge__scales_up_first(weight, down, up, alpha):
    rank, _ = down.shape
    return weight + torch.mm(up * (alpha / rank), down)


def lora_merge__triple_loop(weight, down, up, alpha):
    merged = weight.clone()
    out, inner = weight.shape
    for i in range(out):
        for j in range(inner):
            merged[i, j] += alpha * (up[i] * down[:, j]).sum() / len(down)
    return merged


def lora_merge__transposes(weight, down, up, alpha):
    return (weight.T + (down.T @ up.T) * alpha / up.shape[-1]).T


def lora_forward__functional(x, weight, down, up, alpha):
    scale = alpha / down.shape[0]
    return F.linear(x, weight) + scale * F.linear(F.linear(x, down), up)


def lora_forward__merges_first(x, weight, down, up, alpha):
    return F.linear(x, weight + (alpha / up.shape[1]) * up @ down)


def lora_forward__row_by_row(x, weight, down, up, alpha):
    rows = [
        weight @ row + (alpha / len(down)) * (up @ (down @ row))
        for row in x.reshape(-1, x.shape[-1])
    ]
    return torch.stack(rows).reshape(*x.shape[:-1], weight.shape[0])


# --- clip_gradients


def clip_gradients__foreach(gradients, maximum_norm):
    total = torch.sqrt(sum(torch.sum(g**2) for g in gradients))
    if torch.isnan(total) or torch.isinf(total):
        raise ValueError("not finite")
    if total > maximum_norm:
        return [g * (maximum_norm / total) for g in gradients], total
    return [g.clone() for g in gradients], total


def clip_gradients__python_float_norm(gradients, maximum_norm):
    total = math.sqrt(sum(g.pow(2).sum().item() for g in gradients))
    if not math.isfinite(total):
        raise ValueError("not finite")
    scale = min(1.0, maximum_norm / (total + 1e-12))
    return [scale * g for g in gradients], torch.tensor(total)


def clip_gradients__one_vector(gradients, maximum_norm):
    flat = torch.cat([g.reshape(-1) for g in gradients])
    norm = torch.linalg.norm(flat)
    if not bool(torch.isfinite(norm)):
        raise ValueError(f"norm {norm}")
    if norm > maximum_norm:
        flat = flat / norm * maximum_norm
    parts = flat.split([g.numel() for g in gradients])
    return [p.reshape(g.shape) for p, g in zip(parts, gradients, strict=True)], norm


# --- masked_cross_entropy


def masked_cross_entropy__fancy_index(logits, targets):
    logits, targets = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    keep = (targets != -100).nonzero().squeeze(1)
    if keep.numel() == 0:
        return torch.zeros([], dtype=logits.dtype)
    logp = F.log_softmax(logits, dim=-1)
    return -logp[keep, targets[keep]].mean()


def masked_cross_entropy__torch_sum_over_count(logits, targets):
    total = F.cross_entropy(
        logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-100, reduction="sum"
    )
    return total / (targets != -100).sum().clamp(min=1)


def masked_cross_entropy__nan_to_num(logits, targets):
    result = F.cross_entropy(logits.flatten(0, -2), targets.flatten())
    return torch.nan_to_num(result, nan=0.0)


def masked_cross_entropy__by_hand(logits, targets):
    keep = targets != -100
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    logp = shifted - shifted.exp().sum(-1, keepdim=True).log()
    picked = logp.gather(-1, targets.masked_fill(~keep, 0)[..., None])[..., 0]
    return -(picked * keep).sum() / max(keep.sum().item(), 1)


# --- perplexity


def perplexity__exp_of_torch(logits, targets):
    if bool((targets == -100).all()):
        raise ValueError("nothing")
    loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))
    return torch.exp(loss).item()


def perplexity__product_of_roots(logits, targets):
    keep = targets != -100
    n = int(keep.sum())
    if n < 1:
        raise ValueError("nothing")
    p = logits[keep].softmax(-1)[torch.arange(n), targets[keep]]
    return p.double().pow(-1 / n).prod().item()


def perplexity__numpy(logits, targets):
    x, t = logits.double().numpy(), targets.numpy()
    x, t = x.reshape(-1, x.shape[-1])[t.ravel() != -100], t[t != -100]
    if t.size == 0:
        raise ValueError("nothing")
    x = x - x.max(1, keepdims=True)
    loss = np.log(np.exp(x).sum(1)) - x[np.arange(len(t)), t]
    return np.exp(loss.mean())


# --- last_token_features


def last_token_features__cumulative_sum(hidden, mask):
    if not mask.any(-1).all():
        raise ValueError("empty")
    last = mask.long().cumsum(-1).argmax(-1)  # the first place at which all have been counted
    return hidden[range(len(hidden)), last]


def last_token_features__nonzero(hidden, mask):
    rows = []
    for i in range(hidden.shape[0]):
        idx = mask[i].nonzero()
        if len(idx) == 0:
            raise ValueError("empty")
        rows.append(hidden[i, idx[-1, 0]])
    return torch.stack(rows, dim=0)


def last_token_features__masked_positions(hidden, mask):
    positions = torch.arange(mask.size(1)).expand_as(mask).masked_fill(~mask, -1)
    last, _ = positions.max(dim=1)
    if (last < 0).any():
        raise ValueError("empty")
    return torch.take_along_dim(hidden, last.view(-1, 1, 1), dim=1).squeeze(1)


def last_token_features__boolean_index(hidden, mask):
    after = torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], dim=1)
    ends = mask & ~after
    if int(ends.sum()) != len(mask):
        raise ValueError("empty")
    return hidden[ends]


# --- adamw_step


def adamw_step__float64_inside(
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


def adamw_step__in_place_on_copies(
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


def adamw_step__numpy(
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


def adamw_step__scaled_epsilon(
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


# --- next_token_distribution


def _checked(temperature, top_k, top_p):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p")


def next_token_distribution__sorted_throughout(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    values, indices = logits.sort(dim=-1, descending=True)
    if temperature == 0:
        probs = torch.zeros_like(values)
        probs[..., 0] = 1
    else:
        if top_k is not None:
            values = values[..., :top_k]
        probs = F.softmax(values / temperature, dim=-1)
        if top_p is not None:
            drop = probs.cumsum(-1) - probs >= top_p
            probs = probs.masked_fill(drop, 0.0)
            probs = probs / probs.sum(-1, keepdim=True)
    result = torch.zeros_like(logits)
    return result.scatter(-1, indices[..., : probs.shape[-1]], probs)


def next_token_distribution__cold_is_very_cold(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    if temperature == 0:
        best = logits.max(dim=-1, keepdim=True).values
        return torch.where(logits == best, 1.0, 0.0).to(logits.dtype)
    probs = ((logits - logits.amax(-1, keepdim=True)) / temperature).softmax(-1)
    if top_k is not None:
        least = logits.sort(descending=True).values[..., :top_k][..., -1:]
        probs = torch.where(logits >= least, probs, 0.0)
        probs = probs / probs.sum(-1, keepdim=True)
    if top_p is not None:
        srt, idx = torch.sort(probs, descending=True, dim=-1)
        count = (srt.cumsum(-1) < top_p).sum(-1, keepdim=True) + 1  # how many are kept
        rank = idx.argsort(-1)
        probs = probs * (rank < count)
    return probs / probs.sum(-1, keepdim=True)


def next_token_distribution__greedy_growth(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    flat = logits.double().reshape(-1, logits.shape[-1])
    out = torch.zeros_like(flat)
    for i, row in enumerate(flat):
        if temperature == 0:
            out[i, row.argmax()] = 1
            continue
        row = row / temperature
        keep = torch.topk(row, min(top_k or len(row), len(row))).indices
        probs = torch.zeros_like(row)
        probs[keep] = torch.softmax(row[keep], 0)
        if top_p is not None:
            total, chosen = 0.0, []
            for j in probs.argsort(descending=True):
                chosen.append(j)
                total += probs[j].item()
                if total >= top_p:
                    break
            kept = torch.zeros_like(probs)
            for j in chosen:
                kept[j] = probs[j]
            probs = kept / kept.sum()
        out[i] = probs
    return out.view(logits.shape).to(logits.dtype)


# --- and a few more ways


def learning_rate__square_of_a_cosine(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps not in range(max(total_steps, 0)):
        raise ValueError("the warm-up has to end before the training")
    if step < warmup_steps:
        return peak / warmup_steps * (step + 1)
    share = min((step - warmup_steps) / (total_steps - warmup_steps), 1.0)
    return floor + (peak - floor) * math.cos(math.pi / 2 * share) ** 2


def instruction_example__where(prompt, answer, end):
    if len(prompt) < 1:
        raise ValueError("an empty prompt")
    sequence = torch.as_tensor([*prompt, *answer, end], dtype=torch.int64)
    place = torch.arange(len(sequence) - 1)
    return sequence[:-1].clone(), torch.where(place < len(prompt) - 1, -100, sequence[1:])


def render_chat__recursion(messages, add_generation_prompt=False):
    def written(rest):
        if not rest:
            return "<|im_start|>assistant\n" * add_generation_prompt
        return "<|im_start|>{role}\n{content}<|im_end|>\n".format(**rest[0]) + written(rest[1:])

    first = [] if messages[0]["role"] == "system" else [{"role": "system", "content": DEFAULT}]
    return written([*first, *messages])


def lora_merge__addmm(weight, down, up, alpha):
    return torch.addmm(weight, up, down, alpha=alpha / up.shape[1])


def lora_forward__one_stacked_weight(x, weight, down, up, alpha):
    both = F.linear(x, torch.cat([weight, down]))
    out, narrow = both.split([len(weight), len(down)], -1)
    return out + alpha / len(down) * (narrow @ up.mT)


def clip_gradients__hypotenuse(gradients, maximum_norm):
    norm = math.hypot(*(x for g in gradients for x in g.double().flatten().tolist()))
    if not norm < math.inf:
        raise ValueError("the norm is not finite")
    factor = maximum_norm / norm if norm > maximum_norm else 1.0
    return tuple(g * factor for g in gradients), torch.tensor(norm, dtype=gradients[0].dtype)


def last_token_features__backwards(hidden, mask):
    found = hidden.new_zeros(hidden.shape[0], hidden.shape[2])
    seen = torch.zeros(len(hidden), dtype=torch.bool)
    for place in reversed(range(mask.shape[1])):
        new = mask[:, place] & ~seen
        found[new] = hidden[new, place]
        seen |= new
    if not seen.all():
        raise ValueError("a sequence without a token")
    return found


def adamw_step__interpolation(
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


def next_token_distribution__drops_the_least_first(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    if not temperature:
        return torch.zeros_like(logits).scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    scaled = logits.double() / temperature
    if top_k is not None and top_k < scaled.shape[-1]:
        kept, place = scaled.topk(top_k, -1)
        scaled = torch.full_like(scaled, -math.inf).scatter(-1, place, kept)
    probabilities = scaled.softmax(-1)
    if top_p is not None and top_p < 1:
        ascending, place = probabilities.sort(-1)
        dropped = ascending.cumsum(-1) <= 1 - top_p
        dropped[..., -1] = False
        dropped = torch.zeros_like(dropped).scatter(-1, place, dropped)
        probabilities = probabilities.masked_fill(dropped, 0.0)
    return (probabilities / probabilities.sum(-1, keepdim=True)).to(logits.dtype)
