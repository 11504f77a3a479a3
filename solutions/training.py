"""The parts of training: schedule, clipping, optimizer, labels, chat text, adapters, sampling.

A base model is trained to complete text; the same loop with other labels fine-tunes it. Every
function here is pure: it returns new values and changes none of its arguments.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

IGNORED = -100  # a target with this value takes no part in the loss, as in PyTorch
DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def learning_rate(
    step: int, peak: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> float:
    """Give the learning rate of a step: linear warm-up, then half a cosine down to `floor`.

    Steps count from 0. The warm-up never gives 0: step 0 gets `peak / warmup_steps` and step
    `warmup_steps - 1` gets `peak`. From step `warmup_steps` (again `peak`) the rate follows half
    a cosine that reaches `floor` at step `total_steps`; every later step gets `floor`. With
    `warmup_steps = 0` the cosine starts at once.

    Args:
        step: at least 0; may lie beyond `total_steps`.
        peak: the largest rate; positive.
        warmup_steps: how many steps the warm-up takes.
        total_steps: the step at which the rate has come down to `floor`.
        floor: the smallest rate after the warm-up; from 0 to `peak`.

    Raises:
        ValueError: unless `0 <= warmup_steps < total_steps`.

    Source: Loshchilov and Hutter (2017), SGDR, equation 5, with one period; the warm-up is
    that of Goyal et al. (2017), section 2.2.

    Example:
        >>> [learning_rate(step, 4.0, 2, 6) for step in (0, 1, 2, 4, 6, 7)]
        [2.0, 4.0, 4.0, 2.0, 0.0, 0.0]
    """
    if not 0 <= warmup_steps < total_steps:
        raise ValueError("warmup_steps must be at least 0 and less than total_steps")
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1.0 + math.cos(math.pi * progress))


def clip_gradients(gradients: Sequence[Tensor], maximum_norm: float) -> tuple[list[Tensor], Tensor]:
    """Scale all gradients by one factor so that their joint norm is at most `maximum_norm`.

    The joint norm is the Euclidean norm of all entries of all tensors together. A joint norm
    at or below `maximum_norm` leaves the values as they are.

    Args:
        gradients: at least one floating-point tensor, of any shapes; not changed.
        maximum_norm: positive.

    Returns:
        The clipped gradients, in order, and the joint norm before clipping (0-d tensor).

    Raises:
        ValueError: if the joint norm is not finite.

    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1.

    Example:
        >>> clipped, norm = clip_gradients([torch.tensor([3.0]), torch.tensor([[4.0]])], 1.0)
        >>> clipped, norm
        ([tensor([0.6000]), tensor([[0.8000]])], tensor(5.))
    """
    norm = torch.linalg.vector_norm(
        torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients])
    )
    if not torch.isfinite(norm):
        raise ValueError(f"the gradients' norm is {norm.item()}; the step cannot be clipped")
    factor = torch.clamp(maximum_norm / norm, max=1.0) if norm > 0 else torch.ones_like(norm)
    return [gradient * factor for gradient in gradients], norm


def adamw_step(
    parameter: Tensor,
    gradient: Tensor,
    first_moment: Tensor,
    second_moment: Tensor,
    step: int,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take one step of AdamW and return the new parameter and both new moments.

    The first moment is the moving average of the gradient, `beta_1` of the old one and
    `1 - beta_1` of the new gradient; the second moment is that of the squared gradient, with
    `beta_2`. Both are divided by `1 - beta ** step` to correct for their start at zero. The
    update is the corrected first moment over the square root of the corrected second moment
    plus `epsilon`, which is added outside of the root.

    Weight decay is decoupled: first the parameter shrinks by the factor
    `1 - learning_rate * weight_decay`, then `learning_rate` times the update is subtracted. The
    moments never see the decay.

    Args:
        parameter: any shape, floating point.
        gradient: the shape and dtype of `parameter`, as are both moments. None is changed.
        first_moment: as the step before returned it; zeros before the first step.
        second_moment: likewise.
        step: counts from 1.
        learning_rate: of this step.
        betas: `(beta_1, beta_2)`.
        epsilon: keeps the division finite.
        weight_decay: 0 for none.

    Returns:
        `(parameter, first_moment, second_moment)`; the moments without the correction.

    Source: Loshchilov and Hutter (2019), Decoupled Weight Decay Regularization, algorithm 2;
    the decay is multiplied by the learning rate as in `torch.optim.AdamW`.
    """
    beta_1, beta_2 = betas
    first_moment = beta_1 * first_moment + (1 - beta_1) * gradient
    second_moment = beta_2 * second_moment + (1 - beta_2) * gradient.square()
    corrected_first = first_moment / (1 - beta_1**step)
    corrected_second = second_moment / (1 - beta_2**step)
    decayed = parameter * (1 - learning_rate * weight_decay)
    update = corrected_first / (corrected_second.sqrt() + epsilon)
    return decayed - learning_rate * update, first_moment, second_moment


def instruction_example(
    prompt: Sequence[int], answer: Sequence[int], end: int
) -> tuple[Tensor, Tensor]:
    """Turn a prompt and its answer into tokens and targets that score the answer only.

    The sequence is prompt, answer, `end`. `tokens` is the sequence without its last entry and
    `targets` the sequence without its first, so `targets[i]` is what should follow
    `tokens[i]`. A target that belongs to the prompt is -100; those of the answer and of `end`
    are kept, since a model must also learn to stop.

    Args:
        prompt: token ids, at least one.
        answer: token ids; may be empty.
        end: the id of the token that ends an answer.

    Returns:
        `tokens` and `targets`, int64, each of shape (len(prompt) + len(answer),).

    Raises:
        ValueError: if the prompt is empty.

    Example:
        >>> instruction_example([5, 6, 7], [8], end=0)
        (tensor([5, 6, 7, 8]), tensor([-100, -100,    8,    0]))
    """
    if not prompt:
        raise ValueError("the prompt must hold at least one token")
    sequence = torch.tensor([*prompt, *answer, end])
    targets = sequence[1:].clone()
    targets[: len(prompt) - 1] = IGNORED
    return sequence[:-1], targets


def masked_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Average the cross-entropy, in nats, over the targets that are not -100.

    The cross-entropy at a position is -log p, where p is the probability that the softmax of
    its logits gives to its target. All targets that count weigh the same, in whichever
    sequence they stand.

    Args:
        logits: (..., vocabulary_size), floating point.
        targets: (...), int64; -100 marks a position to leave out.

    Returns:
        A 0-d tensor of the logits' dtype; 0 if every target is -100. Finite for finite logits
        of any size.

    Example:
        >>> masked_cross_entropy(torch.zeros(3, 4), torch.tensor([-100, 2, 0]))  # log 4
        tensor(1.3863)
    """
    kept = targets != IGNORED
    if not kept.any():
        return logits.sum() * 0.0
    log_probabilities = logits[kept].log_softmax(dim=-1)  # (kept, vocabulary_size)
    return -log_probabilities.gather(1, targets[kept].unsqueeze(1)).mean()


def render_chat(messages: Sequence[dict[str, str]], add_generation_prompt: bool = False) -> str:
    r"""Write a conversation as the text that SmolLM2-Instruct was trained on (ChatML).

    Each message becomes `<|im_start|>ROLE\nCONTENT<|im_end|>\n`. A conversation that does not
    begin with a system message gets one first, with the content
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face". Nothing is stripped
    from a content or added to it.

    Args:
        messages: at least one; dictionaries with the keys "role" and "content". Not changed.
        add_generation_prompt: end with `<|im_start|>assistant\n`, so that the model answers.

    Example:
        >>> render_chat([{"role": "system", "content": "Be brief."}])
        '<|im_start|>system\nBe brief.<|im_end|>\n'
    """
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": DEFAULT_SYSTEM}, *messages]
    turns = [f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in messages]
    return "".join(turns) + ("<|im_start|>assistant\n" if add_generation_prompt else "")


def last_token_features(hidden: Tensor, mask: Tensor) -> Tensor:
    """Pick the hidden state of each sequence's last real token.

    Args:
        hidden: (batch, length, width).
        mask: bool (batch, length), True where a token is real. The real tokens of a sequence
            stand side by side; its padding may stand before them, after them or on both sides,
            and elsewhere than in the other sequences.

    Returns:
        (batch, width), of the dtype of `hidden`.

    Raises:
        ValueError: if a sequence has no real token.
    """
    if not mask.any(dim=1).all():
        raise ValueError("every sequence needs at least one real token")
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(dim=1)  # (batch,)
    return hidden[torch.arange(len(hidden)), last]


def lora_merge(weight: Tensor, down: Tensor, up: Tensor, alpha: float) -> Tensor:
    """Add a low-rank adapter to the weight it adapts: `weight + alpha / rank * up @ down`.

    Args:
        weight: (out, in); not changed.
        down: (rank, in), called A in the paper.
        up: (out, rank), called B.
        alpha: the adapter's scale before division by the rank.

    Returns:
        (out, in).

    Source: Hu et al. (2022), LoRA, equation 3 and section 4.1.
    """
    return weight + alpha / down.shape[0] * (up @ down)


def lora_forward(x: Tensor, weight: Tensor, down: Tensor, up: Tensor, alpha: float) -> Tensor:
    """Apply a weight and its low-rank adapter to an input.

    The weight is frozen: in training, only `down` and `up` change. The merged weight need not
    be formed, since multiplying by `down` and then by `up` costs far less.

    Args:
        x: (..., in).
        weight: (out, in), as in `torch.nn.Linear`.
        down: (rank, in).
        up: (out, rank).
        alpha: the adapter's scale before division by the rank.

    Returns:
        (..., out), equal up to rounding to `x @ lora_merge(weight, down, up, alpha).T`.

    Source: Hu et al. (2022), LoRA, equation 3 and section 4.1.
    """
    # detached, so that no gradient is computed for a weight that stays as it is
    return x @ weight.detach().T + alpha / down.shape[0] * (x @ down.T @ up.T)


def next_token_distribution(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """Turn logits into the probabilities that the next token is drawn from.

    In this order: divide by `temperature`; keep the `top_k` largest; of what is left,
    renormalized, keep the smallest set of most probable tokens whose probabilities sum to at
    least `top_p` (always at least one); renormalize. Everything not kept gets exactly 0.
    Temperature 0 puts all probability on the largest logit, whatever the rest.

    Args:
        logits: (..., vocabulary_size), floating point, finite, no two of a row equal; not
            changed.
        temperature: at least 0.
        top_k: at least 1; one beyond `vocabulary_size` keeps everything.
        top_p: above 0, at most 1.

    Returns:
        (..., vocabulary_size), same dtype; each row sums to 1.

    Raises:
        ValueError: for a temperature, `top_k` or `top_p` outside these ranges.

    Source: Fan et al. (2018) for top-k; Holtzman et al. (2020), section 3.1, for top-p.

    Example:
        >>> next_token_distribution(torch.tensor([0.5, 0.3, 0.2]).log(), top_k=2)
        tensor([0.6250, 0.3750, 0.0000])
    """
    if temperature < 0:
        raise ValueError("temperature must be at least 0")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k must be at least 1")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("top_p must be above 0 and at most 1")
    if temperature == 0:
        return torch.zeros_like(logits).scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        smallest_kept = logits.topk(top_k).values[..., -1:]
        logits = logits.masked_fill(logits < smallest_kept, -math.inf)
    probabilities = logits.softmax(dim=-1)
    if top_p is None:
        return probabilities
    ordered, order = probabilities.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered  # probability of all that is more probable
    kept = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before < top_p)
    probabilities = probabilities * kept
    return probabilities / probabilities.sum(dim=-1, keepdim=True)


def perplexity(logits: Tensor, targets: Tensor) -> float:
    """Give the exponential of the mean cross-entropy over the targets that are not -100.

    The cross-entropy is in nats, as `masked_cross_entropy` has it. A model that spreads its
    probability evenly over n tokens has perplexity n. A text may be so long that the product
    of its tokens' probabilities rounds to 0; its perplexity does not depend on that.

    Args:
        logits: (..., vocabulary_size), floating point.
        targets: (...), int64; -100 marks a position to leave out.

    Raises:
        ValueError: if every target is -100.

    Example:
        >>> round(perplexity(torch.zeros(3, 4), torch.tensor([-100, 2, 0])), 4)
        4.0
    """
    if not (targets != IGNORED).any():
        raise ValueError("perplexity needs at least one target")
    return math.exp(masked_cross_entropy(logits, targets).item())
