"""One transformer: GPT, Llama, BERT and what the chapters train are its configurations.

Read it from top to bottom: the configuration, what a pass may be given and leave behind (`Cache`,
`Trace`), the two halves of a block, the block, the model, and how text is generated with it. Its
parts are the functions of `solutions.attention` and `solutions.llama`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from solutions.attention import (
    attention_weights,
    causal_mask,
    merge_heads,
    position_angles,
    rotate_halves,
    sinusoidal_positions,
    split_heads,
)
from solutions.llama import repeat_heads, rms_norm, swiglu
from solutions.training import next_token_distribution

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "gelu_tanh": partial(F.gelu, approximate="tanh")}
CHOICES = {
    "feed_forward": (*ACTIVATIONS, "swiglu", None),
    "norm": ("layer", "rms", None),
    "norm_place": ("before", "after"),
    "positions": ("learned", "rotary", "sinusoidal", None),
}


@dataclass(frozen=True)
class Configuration:
    """What a transformer is made of. The defaults make a small GPT-2.

    Attributes:
        context_length: the most positions a pass may have.
        layers, width, heads: how many blocks; the width of a position's vector; query heads, which
            divide the width.
        vocabulary_size: how many tokens there are. None for a model that is only ever given
            `embeddings`, such as patches of an image.
        key_value_heads: heads of keys and values; divides `heads`. None: as many as `heads`.
        feed_forward: "relu", "gelu", "gelu_tanh" (the approximation GPT-2 uses) or "swiglu"; None
            for a model of attention only.
        feed_forward_width: width between its projections. None: four times `width`.
        norm: "layer", "rms" or None.
        norm_place: "before" each half of a block and once at the end (GPT-2, Llama), or "after"
            each half has been added (BERT, and the original transformer).
        norm_epsilon: added to the variance or the mean square.
        positions: "learned", "rotary", "sinusoidal" or None, for a model that cannot tell order.
        rotary_base: the base of the rotary frequencies.
        biases: whether linear layers and layer norms have biases; "swiglu" and the output never do.
        output: whether the result is logits over the vocabulary or the last hidden states.
        tied_output: whether the output uses the token embedding's matrix.
        token_types: how many kinds of segment have an embedding of their own (BERT: 2).
        embedding_norm: whether the sum of the embeddings is normalized (BERT).

    Raises:
        ValueError: the parts do not fit together.
    """

    context_length: int
    layers: int
    width: int
    heads: int
    vocabulary_size: int | None = None
    key_value_heads: int | None = None
    feed_forward: str | None = "gelu_tanh"
    feed_forward_width: int | None = None
    norm: str | None = "layer"
    norm_place: str = "before"
    norm_epsilon: float = 1e-5
    positions: str | None = "learned"
    rotary_base: float = 10_000.0
    biases: bool = True
    output: bool = True
    tied_output: bool = True
    token_types: int = 0
    embedding_norm: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {choices}, got {getattr(self, name)!r}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not divisible by {self.heads} heads")
        if self.key_value_heads and self.heads % self.key_value_heads:
            raise ValueError(f"{self.heads} heads cannot share {self.key_value_heads} key heads")
        if self.positions == "rotary" and self.head_width % 2:
            raise ValueError(f"rotary positions need an even head width, got {self.head_width}")
        if self.positions == "sinusoidal" and self.width % 2:
            raise ValueError(f"sinusoidal positions need an even width, got {self.width}")
        if self.output and self.vocabulary_size is None:
            raise ValueError("an output needs a vocabulary_size; without one, say output=False")

    @property
    def head_width(self) -> int:
        """Width of one head's queries, keys and values."""
        return self.width // self.heads


class Cache:
    """The keys and values of the tokens a causal model has seen, layer by layer.

    Pass the same cache to successive calls, and only the new tokens to each. Starts empty.
    """

    def __init__(self) -> None:
        """Make an empty cache."""
        self.keys: list[Tensor] = []  # per layer: (batch, key_value_heads, length, head_width)
        self.values: list[Tensor] = []

    @property
    def length(self) -> int:
        """How many tokens have been seen."""
        return self.keys[0].shape[-2] if self.keys else 0

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add the new tokens' keys and values to a layer; return all that it now holds."""
        if layer == len(self.keys):
            self.keys.append(key)
            self.values.append(value)
        else:
            self.keys[layer] = torch.cat((self.keys[layer], key), dim=-2)
            self.values[layer] = torch.cat((self.values[layer], value), dim=-2)
        return self.keys[layer], self.values[layer]


@dataclass
class Trace:
    """What a pass leaves behind for those who want to look inside.

    Attributes:
        attention: one tensor per layer, (batch, heads, query_length, key_length): the weights.
        hidden: the embeddings, then the result of each block: (batch, length, width) each.
    """

    attention: list[Tensor] = field(default_factory=list)
    hidden: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """What all layers of one pass have in common."""

    mask: Tensor | None  # broadcasts to (batch, heads, query_length, key_length)
    causal: bool  # whether the mask is just the causal one, and left to the attention to apply
    rotation: tuple[Tensor, Tensor] | None  # cosine and sine, (..., length, head_width / 2)
    cache: Cache | None
    trace: Trace | None


class RMSNorm(nn.Module):
    """`solutions.llama.rms_norm` with its weight."""

    def __init__(self, width: int, epsilon: float) -> None:
        """Start with weights of 1."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        return rms_norm(x, self.weight, self.epsilon)


def build_norm(configuration: Configuration) -> nn.Module:
    """Return the layer that normalizes; one that does nothing where there is no norm."""
    if configuration.norm is None:
        return nn.Identity()
    if configuration.norm == "rms":
        return RMSNorm(configuration.width, configuration.norm_epsilon)
    return nn.LayerNorm(configuration.width, configuration.norm_epsilon, bias=configuration.biases)


class Attention(nn.Module):
    """Multi-head attention with its projections, rotary positions and grouped heads included."""

    def __init__(self, configuration: Configuration, layer: int) -> None:
        """Remember which layer this is, for the cache."""
        super().__init__()
        self.layer = layer
        self.heads = configuration.heads
        self.key_value_heads = configuration.key_value_heads or configuration.heads
        width = configuration.width
        key_value_width = self.key_value_heads * configuration.head_width
        self.query = nn.Linear(width, width, bias=configuration.biases)
        self.key = nn.Linear(width, key_value_width, bias=configuration.biases)
        self.value = nn.Linear(width, key_value_width, bias=configuration.biases)
        self.output = nn.Linear(width, width, bias=configuration.biases)

    def forward(self, x: Tensor, around: Surroundings, head_scale: Tensor | None) -> Tensor:
        """(batch, length, width) -> (batch, length, width); `head_scale` is (heads,)."""
        query = split_heads(self.query(x), self.heads)  # (batch, heads, length, head_width)
        key = split_heads(self.key(x), self.key_value_heads)
        value = split_heads(self.value(x), self.key_value_heads)
        if around.rotation is not None:
            query = rotate_halves(query, *around.rotation)
            key = rotate_halves(key, *around.rotation)
        if around.cache is not None:
            key, value = around.cache.append(self.layer, key, value)
        if around.trace is None:
            # the same in one kernel, which never holds the weights of the whole sequence
            attended = F.scaled_dot_product_attention(
                query, key, value, around.mask, is_causal=around.causal, enable_gqa=True
            )
        else:
            weights = attention_weights(query, repeat_heads(key, self.heads), around.mask)
            around.trace.attention.append(weights)
            attended = weights @ repeat_heads(value, self.heads)
        if head_scale is not None:
            attended = attended * head_scale[:, None, None]
        return self.output(merge_heads(attended))


class FeedForward(nn.Module):
    """What a block computes at each position by itself."""

    def __init__(self, configuration: Configuration) -> None:
        """Build two projections, or three where one gates."""
        super().__init__()
        width = configuration.width
        inner = configuration.feed_forward_width or 4 * width
        self.activation = ACTIVATIONS.get(configuration.feed_forward)
        biases = configuration.biases and self.activation is not None
        self.up = nn.Linear(width, inner, bias=biases)
        self.down = nn.Linear(inner, width, bias=biases)
        if self.activation is None:
            self.gate = nn.Linear(width, inner, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, length, width) -> (batch, length, width)."""
        if self.activation is not None:
            return self.down(self.activation(self.up(x)))
        return swiglu(x, self.gate.weight, self.up.weight, self.down.weight)


class Block(nn.Module):
    """Attention, then the feed-forward layer, each added to what came in."""

    def __init__(self, configuration: Configuration, layer: int) -> None:
        """Build both halves and their norms."""
        super().__init__()
        self.norm_before = configuration.norm_place == "before"
        self.attention = Attention(configuration, layer)
        self.attention_norm = build_norm(configuration)
        if configuration.feed_forward is not None:
            self.feed_forward = FeedForward(configuration)
            self.feed_forward_norm = build_norm(configuration)
        else:
            self.feed_forward = None

    def forward(self, x: Tensor, around: Surroundings, head_scale: Tensor | None) -> Tensor:
        """(batch, length, width) -> (batch, length, width)."""
        if self.norm_before:
            x = x + self.attention(self.attention_norm(x), around, head_scale)
            if self.feed_forward is not None:
                x = x + self.feed_forward(self.feed_forward_norm(x))
        else:
            x = self.attention_norm(x + self.attention(x, around, head_scale))
            if self.feed_forward is not None:
                x = self.feed_forward_norm(x + self.feed_forward(x))
        return x


class Transformer(nn.Module):
    """A stack of blocks between an embedding and, where wanted, logits.

    One flag decides what a position may see: with `causal` itself and what stands before it
    (a decoder such as GPT), without it every position (an encoder such as BERT).
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        causal: bool,
        generator: torch.Generator | None = None,
    ) -> None:
        """Build the model with random weights, drawn from `generator` where one is given."""
        super().__init__()
        self.configuration = configuration
        self.causal = causal
        width, vocabulary_size = configuration.width, configuration.vocabulary_size
        if vocabulary_size is not None:
            self.token_embedding = nn.Embedding(vocabulary_size, width)
        if configuration.positions == "learned":
            self.position_embedding = nn.Embedding(configuration.context_length, width)
        if configuration.token_types:
            self.type_embedding = nn.Embedding(configuration.token_types, width)
        if configuration.embedding_norm:
            self.embedding_norm = build_norm(configuration)
        self.blocks = nn.ModuleList(
            Block(configuration, layer) for layer in range(configuration.layers)
        )
        if configuration.norm_place == "before":
            self.final_norm = build_norm(configuration)
        if configuration.output and not configuration.tied_output:
            self.output = nn.Linear(width, vocabulary_size, bias=False)
        self.initialize(generator)

    @torch.no_grad()
    def initialize(self, generator: torch.Generator | None = None) -> None:
        """Draw all weights anew: normal with deviation 0.02, biases 0, norms 1.

        What writes into the residual stream gets a smaller deviation, so that its variance does
        not grow with the number of layers.

        Source: Radford et al. (2018), "Improving Language Understanding by Generative
            Pre-Training", section 4.1, for 0.02; Radford et al. (2019), "Language Models are
            Unsupervised Multitask Learners", section 2.3, for the smaller deviation.
        """
        residual = 0.02 / math.sqrt(2 * max(1, self.configuration.layers))
        for name, parameter in self.named_parameters():
            if "norm" in name:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
            elif name.endswith("bias"):
                parameter.zero_()
            else:
                writes = name.endswith(("attention.output.weight", "feed_forward.down.weight"))
                parameter.normal_(std=residual if writes else 0.02, generator=generator)

    def count_parameters(self) -> int:
        """Return how many numbers training can change; a tied output counts once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(self, tokens: Tensor | None = None, **rest) -> Tensor:
        """Return logits, or hidden states where the configuration has no output.

        Args:
            tokens, rest: as for `hidden_states`.

        Returns:
            (batch, length, vocabulary_size), or (batch, length, width) without an output.
        """
        hidden = self.hidden_states(tokens, **rest)
        return self.logits(hidden) if self.configuration.output else hidden

    def hidden_states(
        self,
        tokens: Tensor | None = None,
        *,
        embeddings: Tensor | None = None,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        token_types: Tensor | None = None,
        cache: Cache | None = None,
        trace: Trace | None = None,
        head_scales: Tensor | None = None,
    ) -> Tensor:
        """Return the vector of every position after the last block and the final norm.

        Args:
            tokens: (batch, length), integers. Either these or `embeddings`.
            embeddings: (batch, length, width), in the place of the tokens' embeddings; positions
                are still added.
            mask: bool, broadcasts to (batch, heads, length, key_length); True may be attended to.
                A causal model applies its own mask as well. With a cache, `key_length` counts the
                cached tokens too.
            positions: (length,) or (batch, length), integers; where the tokens stand. Without it
                they follow what the cache holds, from 0.
            token_types: (batch, length), integers; without it all 0.
            cache: what the tokens before left; extended in place. Causal models only.
            trace: filled in place with attention weights and hidden states.
            head_scales: (layers, heads); each head's result is multiplied by it, so that 0 ablates
                the head and 1 leaves it.

        Returns:
            (batch, length, width).

        Raises:
            ValueError: neither or both of `tokens` and `embeddings`; more positions than
                `context_length`; a cache in a model that is not causal.
        """
        if (tokens is None) == (embeddings is None):
            raise ValueError("give either tokens or embeddings")
        if cache is not None and not self.causal:
            raise ValueError("a cache needs a causal model: here later tokens change earlier ones")
        x = self.token_embedding(tokens) if embeddings is None else embeddings
        length = x.shape[1]
        seen = cache.length if cache is not None else 0
        if seen + length > self.configuration.context_length:
            raise ValueError(
                f"{seen + length} positions exceed the context length of "
                f"{self.configuration.context_length}"
            )
        if positions is None:
            positions = torch.arange(seen, seen + length, device=x.device)
        x = self.embed(x, positions, token_types)
        around = self.surroundings(x, positions, mask, cache, trace)
        if trace is not None:
            trace.hidden.append(x)
        for layer, block in enumerate(self.blocks):
            x = block(x, around, None if head_scales is None else head_scales[layer])
            if trace is not None:
                trace.hidden.append(x)
        return self.final_norm(x) if self.configuration.norm_place == "before" else x

    def embed(self, x: Tensor, positions: Tensor, token_types: Tensor | None) -> Tensor:
        """Add to each token's embedding where it stands and what kind it is."""
        if self.configuration.positions == "learned":
            x = x + self.position_embedding(positions)
        elif self.configuration.positions == "sinusoidal":
            table = sinusoidal_positions(self.configuration.context_length, x.shape[-1])
            x = x + table.to(x)[positions]
        if self.configuration.token_types:
            if token_types is None:
                token_types = torch.zeros(x.shape[:2], dtype=torch.long, device=x.device)
            x = x + self.type_embedding(token_types)
        return self.embedding_norm(x) if self.configuration.embedding_norm else x

    def surroundings(
        self,
        x: Tensor,
        positions: Tensor,
        mask: Tensor | None,
        cache: Cache | None,
        trace: Trace | None,
    ) -> Surroundings:
        """Prepare once what every layer needs: who sees whom, and the rotation."""
        rotation = None
        if self.configuration.positions == "rotary":
            precision = torch.promote_types(x.dtype, torch.float32)
            angles = position_angles(
                positions, self.configuration.head_width, self.configuration.rotary_base, precision
            )
            if positions.dim() == 2:
                angles = angles[:, None]  # (batch, 1, length, head_width / 2)
            rotation = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        length = x.shape[1]
        # one new token may see all that is cached, so it needs no causal mask
        causal = self.causal and length > 1
        # the attention's own causal mask serves where nothing else is hidden, cached or asked for
        alone = mask is None and trace is None and (cache is None or cache.length == 0)
        if causal and not alone:
            seen = cache.length if cache is not None else 0
            earlier = causal_mask(seen + length)[seen:].to(x.device)  # (length, seen + length)
            mask = earlier if mask is None else mask & earlier
        return Surroundings(mask, causal and alone, rotation, cache, trace)

    def logits(self, hidden: Tensor) -> Tensor:
        """Turn hidden states (..., width) into logits (..., vocabulary_size)."""
        if self.configuration.tied_output:
            return F.linear(hidden, self.token_embedding.weight)
        return self.output(hidden)


@torch.no_grad()
def generate(
    model: Transformer,
    tokens: Tensor,
    new_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: Iterable[int] = (),
    mask: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue each sequence of a batch, token by token.

    Where the text outgrows the context length, the older half of the context is forgotten.

    Args:
        model: with an output. One that is not causal keeps no cache: it is run on the whole text
            for every new token.
        tokens: (batch, length), integers, `length` at least 1.
        new_tokens: how many tokens to add at most.
        temperature, top_k, top_p: as for `solutions.training.next_token_distribution`;
            temperature 0 always takes the likeliest token.
        stop: tokens that end a sequence. One that has ended is filled up with the token that ended
            it; generation ends when all have.
        mask: (batch, 1, 1, length), bool, True at real tokens, for prompts of unequal lengths
            padded on the left.
        generator: from which tokens are drawn.

    Returns:
        (batch, length + at most new_tokens): the prompt and its continuation.
    """
    stop = torch.tensor(list(stop), dtype=torch.long, device=tokens.device)
    ended = torch.zeros(len(tokens), 1, dtype=torch.bool, device=tokens.device)
    context_length = model.configuration.context_length
    cache = Cache()
    forgotten = max(0, tokens.shape[1] - context_length)
    for _ in range(new_tokens):
        if tokens.shape[1] - forgotten > context_length:
            cache = Cache()
            forgotten = tokens.shape[1] - (context_length + 1) // 2
        start = forgotten + cache.length
        if mask is None:
            around = {}
        else:
            visible = mask[..., forgotten:]
            positions = (visible[:, 0, 0].cumsum(dim=-1) - 1).clamp(min=0)
            around = {"mask": visible, "positions": positions[:, cache.length :]}
        if model.causal:
            around["cache"] = cache
        hidden = model.hidden_states(tokens[:, start:], **around)
        probabilities = next_token_distribution(
            model.logits(hidden[:, -1]), temperature, top_k, top_p
        )
        token = torch.multinomial(probabilities, 1, generator=generator)
        token = torch.where(ended, tokens[:, -1:], token)
        tokens = torch.cat((tokens, token), dim=1)
        if mask is not None:
            mask = F.pad(mask, (0, 1), value=True)
        ended = torch.isin(token, stop)
        if ended.all():
            break
    return tokens
