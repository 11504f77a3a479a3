"""What `training.lora_forward` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.training.adapters import adapter


def inputs_and_adapters(draw: Draw, *outside: int, dtype=torch.float32) -> tuple:
    """Return an input with dimensions in front, and an adapter of unequal sizes."""
    outer, inner, rank = draw.sizes(3, 2, 8)
    return draw.normal(*outside, inner, dtype=dtype), *adapter(draw, outer, inner, rank, dtype)


def one_input(draw: Draw) -> list[Call]:
    x, weight, down, up, alpha = inputs_and_adapters(draw, 1)
    outer, inner = weight.shape
    row, column = torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0], [2.0]])
    return [
        Call((torch.tensor([[1.0, 1.0]]), torch.eye(2), row, column, 2.0), tries="rank 1"),
        Call((x, weight, down, torch.zeros_like(up), alpha), tries="a new adapter: `up` is zeros"),
        Call((x, torch.zeros_like(weight), down, up, alpha), tries="a weight of zeros"),
        Call((x, *adapter(draw, outer, inner, 1)), tries="rank 1, any numbers"),
    ]


def many_inputs(draw: Draw) -> list[Call]:
    batch, length, more = draw.sizes(3, 2, 6)
    return [
        Call(inputs_and_adapters(draw, batch), tries="a batch of vectors"),
        Call(inputs_and_adapters(draw, batch, length), tries="a batch of sequences"),
        Call(inputs_and_adapters(draw, more, batch, length), tries="an input of four dimensions"),
        Call((draw.normal(4, 4), *adapter(draw, 4, 4, 4)), tries="all sizes equal"),
        Call(inputs_and_adapters(draw, batch, dtype=torch.float64), tries="float64"),
        Call((draw.normal(3, 5), *adapter(draw, 6, 5, 2)[:3], 1), tries="alpha 1, an integer"),
    ]


lora_forward = Exercise(
    "training.lora_forward",
    parts=[
        Part("one vector", 1, one_input, public=True),
        Part("any input", 1, many_inputs),
    ],
    equivalent={
        "weight.detach() -> weight": "it concerns gradients only, and values are judged",
    },
)


@lora_forward.misconception(
    "The adapter is multiplied by alpha alone; the scale is alpha / rank, so that another rank "
    "does not ask for another learning rate."
)
def forward_by_alpha(x, weight, down, up, alpha):
    return x @ weight.T + alpha * (x @ down.T @ up.T)


@lora_forward.misconception("The scale alpha / rank is missing.")
def forward_without_scale(x, weight, down, up, alpha):
    return x @ weight.T + x @ down.T @ up.T


@lora_forward.misconception(
    "Divided by the width instead of the rank: the rank is the number of rows of `down`."
)
def forward_by_the_width(x, weight, down, up, alpha):
    return x @ weight.T + alpha / down.shape[1] * (x @ down.T @ up.T)


@lora_forward.misconception("The frozen weight is left out; the adapter only adds to it.")
def forward_without_weight(x, weight, down, up, alpha):
    return alpha / down.shape[0] * (x @ down.T @ up.T)


@lora_forward.misconception("The adapter is left out.")
def forward_without_adapter(x, weight, down, up, alpha):
    return x @ weight.T


@lora_forward.misconception(
    "The frozen part is scaled as well; the factor alpha / rank belongs to the adapter alone."
)
def forward_scales_everything(x, weight, down, up, alpha):
    return alpha / down.shape[0] * (x @ weight.T + x @ down.T @ up.T)


@lora_forward.misconception(
    "The weight is not transposed. It is stored as (out, in), as in `torch.nn.Linear`, so that an "
    "input is multiplied by its transpose."
)
def forward_without_transpose(x, weight, down, up, alpha):
    return x @ weight + alpha / down.shape[0] * (x @ down.T @ up.T)


@lora_forward.misconception(
    "The adapter reads the output of the frozen weight. It stands beside it and reads x."
)
def forward_in_series(x, weight, down, up, alpha):
    frozen = x @ weight.T
    return frozen + alpha / down.shape[0] * (frozen @ down.T @ up.T)


@lora_forward.alternative
def forward_by_linear(x, weight, down, up, alpha):
    adapted = F.linear(F.linear(x, down), up)
    return F.linear(x, weight) + adapted * (alpha / down.size(0))


@lora_forward.alternative
def forward_by_merging(x, weight, down, up, alpha):
    return torch.matmul(x, (weight + up @ down * alpha / len(down)).transpose(0, 1))


@lora_forward.alternative
def forward_by_einsum(x, weight, down, up, alpha):
    frozen = torch.einsum("...i,oi->...o", x, weight)
    return frozen + torch.einsum("...i,ri,or->...o", x, down, up) * alpha / up.shape[1]


@lora_forward.alternative
def forward_scales_the_input(x, weight, down, up, alpha):
    scaled = x * (alpha / down.shape[0])
    return torch.cat([x, scaled @ down.T], dim=-1) @ torch.cat([weight, up], dim=1).T
