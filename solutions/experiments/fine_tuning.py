"""Fine-tuning a transformer: a head for classes, what stays frozen, low-rank adapters."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from solutions.training import IGNORED, last_token_features, lora_forward, lora_merge
from solutions.transformer import Transformer

Method = Literal["full", "last block", "head", "LoRA"]


class Classifier(nn.Module):
    """A causal transformer's last hidden state of each text, and a linear layer to classes."""

    def __init__(
        self, body: Transformer, classes: int, generator: torch.Generator | None = None
    ) -> None:
        """Put a new head on a body, which is used as it is and not copied."""
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.configuration.width, classes)
        with torch.no_grad():
            self.head.weight.normal_(std=0.02, generator=generator)
            self.head.bias.zero_()

    def forward(self, tokens: Tensor, real: Tensor) -> Tensor:
        """Give each text a score for each class.

        Args:
            tokens: (batch, length), int64, padded on the right, where a causal model does not
                see it.
            real: (batch, length), bool, True at tokens of the text.

        Returns:
            (batch, classes).
        """
        return self.head(last_token_features(self.body.hidden_states(tokens), real))


class LoRALinear(nn.Module):
    """A frozen linear layer beside which a low-rank adapter is trained.

    It starts as the layer it replaces, since `up` starts at zero.

    Source: Hu et al. (2022), LoRA, section 4.1.
    """

    def __init__(
        self, linear: nn.Linear, rank: int, alpha: float, generator: torch.Generator | None
    ) -> None:
        """Freeze `linear` and draw the adapter that goes with it."""
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        for frozen in linear.parameters():
            frozen.requires_grad_(False)
        self.alpha = alpha
        wide, narrow = linear.out_features, linear.in_features
        down = torch.randn(rank, narrow, generator=generator) / narrow**0.5
        self.down = nn.Parameter(down.to(self.weight.device))
        self.up = nn.Parameter(torch.zeros(wide, rank, device=self.weight.device))

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        result = lora_forward(x, self.weight, self.down, self.up, self.alpha)
        return result if self.bias is None else result + self.bias

    def merged(self) -> nn.Linear:
        """Return a plain layer that computes the same."""
        linear = nn.Linear(self.weight.shape[1], self.weight.shape[0], self.bias is not None)
        with torch.no_grad():
            linear.weight.copy_(lora_merge(self.weight, self.down, self.up, self.alpha))
            if self.bias is not None:
                linear.bias.copy_(self.bias)
        return linear.to(self.weight.device)


def add_adapters(
    model: nn.Module, rank: int, alpha: float, generator: torch.Generator | None = None
) -> None:
    """Replace every linear layer of a model by one with an adapter, in place."""
    for name, part in list(model.named_children()):
        if isinstance(part, nn.Linear):
            setattr(model, name, LoRALinear(part, rank, alpha, generator))
        else:
            add_adapters(part, rank, alpha, generator)


def merge_adapters(model: nn.Module) -> None:
    """Replace every layer with an adapter by a plain one that computes the same, in place."""
    for name, part in list(model.named_children()):
        if isinstance(part, LoRALinear):
            setattr(model, name, part.merged())
        else:
            merge_adapters(part)


def prepare(
    classifier: Classifier,
    method: Method,
    rank: int = 4,
    alpha: float = 8.0,
    generator: torch.Generator | None = None,
) -> None:
    """Freeze what a method does not train, in place, and add adapters where it asks for them.

    Args:
        classifier: with a plain body.
        method: "full" trains everything; "last block" the last block, the final norm and the head;
            "head" only the head; "LoRA" the head and an adapter to every linear layer of the body.
        rank, alpha, generator: of the adapters.
    """
    if method not in get_args(Method):
        raise ValueError(f"method is {method!r}; choose one of {', '.join(get_args(Method))}")
    body = classifier.body
    if method == "full":
        return
    body.requires_grad_(False)
    if method == "last block":
        body.blocks[-1].requires_grad_(True)
        body.final_norm.requires_grad_(True)
    if method == "LoRA":
        add_adapters(body.blocks, rank, alpha, generator)


def count_trained(model: nn.Module) -> int:
    """Return how many numbers training will change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def pad_right(rows: Sequence[Sequence[int]], longest: int) -> tuple[Tensor, Tensor]:
    """Lay texts of unequal lengths into one batch.

    Args:
        rows: token ids of each text, at least one text of at least one token.
        longest: what exceeds it is cut off at the end.

    Returns:
        `tokens`, int64, padded with 0, and `real`, bool, each (batch, length).
    """
    cut = [torch.tensor(row[:longest]) for row in rows]
    real = [torch.ones(len(row), dtype=torch.bool) for row in cut]
    return pad_sequence(cut, batch_first=True), pad_sequence(real, batch_first=True)


def pad_examples(examples: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Lay examples of unequal lengths into one batch; padding is never a target.

    Args:
        examples: tokens and targets of each, as `training.instruction_example` gives them.

    Returns:
        `tokens`, padded with 0, and `targets`, padded with -100; int64, each (batch, length).
    """
    tokens, targets = zip(*examples, strict=True)
    return (
        pad_sequence(list(tokens), batch_first=True),
        pad_sequence(list(targets), batch_first=True, padding_value=IGNORED),
    )


def answer_loss(model: Transformer, tokens: Tensor, targets: Tensor) -> Tensor:
    """Average the cross-entropy over the targets that count, computing logits only there.

    Args:
        model: causal, with an output.
        tokens: (batch, length), int64.
        targets: (batch, length), int64; -100 marks a position to leave out.

    Returns:
        A 0-d tensor, equal to `training.masked_cross_entropy(model(tokens), targets)`.
    """
    kept = targets != IGNORED
    logits = model.logits(model.hidden_states(tokens)[kept])
    return nn.functional.cross_entropy(logits, targets[kept])


def batches_of_like_length(
    lengths: Sequence[int], batch: int, generator: torch.Generator
) -> list[list[int]]:
    """Deal texts into batches of nearly equal lengths, in random order: little of them is padding.

    Args:
        lengths: how long each text is.
        batch: texts in a batch; the last ones may hold fewer.
        generator: mixes texts of like length and the batches.

    Returns:
        The numbers of the texts of each batch; every text stands in exactly one.
    """
    noise = torch.rand(len(lengths), generator=generator)
    # a few tokens of noise, so that an epoch's batches are not the last one's
    order = (torch.tensor(lengths) + 4 * noise).argsort().tolist()
    dealt = [order[start : start + batch] for start in range(0, len(order), batch)]
    return [dealt[i] for i in torch.randperm(len(dealt), generator=generator).tolist()]
