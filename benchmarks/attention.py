"""Attention beside transformers', with the same weights, as models run it and written out.

As models run it: the attention layer of our transformer and of a Llama, projections, rotary
positions and grouped heads included, each with PyTorch's fused kernel. This is the ratio reported.

Written out: `solutions.attention`, which computes the weights step by step to be read, beside the
"eager" attention of transformers, which calls one kernel for the softmax. Shown for the price.
"""

import math
import statistics
from collections.abc import Callable
from types import SimpleNamespace

import torch
from transformers.models.llama.modeling_llama import eager_attention_forward

from benchmarks.timing import in_turns, report, speed_ratio
from solutions.attention import causal_mask, scaled_dot_product_attention
from solutions.experiments import counterparts
from solutions.transformer import Configuration, Transformer

GOAL = 1.0
# batch, length, heads, key and value heads, head width
SHAPES = [(1, 256, 9, 3, 64), (1, 1024, 9, 3, 64), (4, 128, 12, 12, 32), (16, 64, 4, 4, 32)]


@torch.no_grad()
def compare_layers(batch: int, length: int, heads: int, shared: int, head_width: int) -> float:
    """Return how many times as fast as transformers' attention layer ours is."""
    configuration = Configuration(
        context_length=length,
        layers=1,
        width=heads * head_width,
        heads=heads,
        vocabulary_size=2,
        key_value_heads=shared,
        feed_forward="swiglu",
        norm="rms",
        positions="rotary",
        biases=False,
    )
    generator = torch.Generator().manual_seed(0)
    model = Transformer(configuration, causal=True, generator=generator)
    x = torch.randn(batch, length, configuration.width, generator=generator)
    positions = torch.arange(length)
    around = model.surroundings(x, positions, mask=None, cache=None, trace=None)
    llama = counterparts.llama(model, "sdpa").model
    rotation = llama.rotary_emb(x, positions[None])
    ours, theirs = model.blocks[0].attention, llama.layers[0].self_attn
    return compare(
        "layer",
        (batch, length, heads, head_width),
        lambda: ours(x, around, None),
        lambda: theirs(x, position_embeddings=rotation, attention_mask=None)[0],
    )


@torch.no_grad()
def compare_functions(batch: int, length: int, heads: int, head_width: int) -> float:
    """Return how many times as fast as transformers' eager attention the written-out one is."""
    generator = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, batch, heads, length, head_width, generator=generator)
    mask = causal_mask(length)
    # transformers adds its mask to the scores
    added = torch.zeros(1, 1, length, length).masked_fill(~mask, torch.finfo(torch.float32).min)
    module = SimpleNamespace(num_key_value_groups=1, training=False)
    scale = 1 / math.sqrt(head_width)
    return compare(
        "written out",
        (batch, length, heads, head_width),
        lambda: scaled_dot_product_attention(query, key, value, mask),
        lambda: eager_attention_forward(module, query, key, value, added, scale)[0].transpose(1, 2),
    )


def compare(
    what: str,
    shape: tuple[int, ...],
    ours: Callable[[], torch.Tensor],
    theirs: Callable[[], torch.Tensor],
) -> float:
    """Check that both give the same, time them and print a line."""
    torch.testing.assert_close(ours(), theirs())
    times = in_turns({"ours": ours, "theirs": theirs})
    ratio = speed_ratio(times["ours"], times["theirs"])
    ours_ms, theirs_ms = (1e3 * statistics.median(taken) for taken in times.values())
    batch, length, heads, head_width = shape
    print(
        f"{what:11} batch {batch:2} length {length:4} heads {heads:2} of {head_width:2}:"
        f" ours {ours_ms:7.2f} ms, transformers {theirs_ms:7.2f} ms, ratio {ratio:.2f}",
        flush=True,
    )
    return ratio


def main() -> None:
    """Compare on all shapes; the ratio reported is the layers' geometric mean."""
    for batch, length, heads, _, head_width in SHAPES:
        compare_functions(batch, length, heads, head_width)
    report("attention", statistics.geometric_mean(compare_layers(*shape) for shape in SHAPES), GOAL)


if __name__ == "__main__":
    main()
