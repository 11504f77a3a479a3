"""The transformer equals transformers' GPT-2, Llama and BERT, and does what its docstrings say."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from solutions.attention import (
    causal_mask,
    merge_heads,
    padding_mask,
    rotary_positions,
    split_heads,
)
from solutions.experiments import counterparts
from solutions.llama import grouped_query_attention
from solutions.transformer import Cache, Configuration, Trace, Transformer, generate

GPT2 = Configuration(context_length=32, layers=3, width=24, heads=4, vocabulary_size=53)
LLAMA = Configuration(
    context_length=64,
    layers=3,
    width=48,
    heads=6,
    vocabulary_size=53,
    key_value_heads=2,
    feed_forward="swiglu",
    feed_forward_width=40,
    norm="rms",
    norm_epsilon=0.01,
    positions="rotary",
    rotary_base=100.0,
    biases=False,
    tied_output=False,
)
BERT = Configuration(
    context_length=32,
    layers=3,
    width=24,
    heads=4,
    vocabulary_size=53,
    feed_forward="gelu",
    feed_forward_width=56,
    norm_place="after",
    norm_epsilon=0.01,
    output=False,
    token_types=3,
    embedding_norm=True,
)
SINUSOIDAL = Configuration(
    context_length=32,
    layers=2,
    width=24,
    heads=4,
    vocabulary_size=53,
    feed_forward="relu",
    positions="sinusoidal",
)
ATTENTION_ONLY = Configuration(
    context_length=32,
    layers=2,
    width=24,
    heads=4,
    vocabulary_size=53,
    feed_forward=None,
    norm=None,
    biases=False,
    tied_output=False,
)
DECODERS = {"gpt2": GPT2, "llama": LLAMA, "sinusoidal": SINUSOIDAL, "attention": ATTENTION_ONLY}


def build(configuration: Configuration, causal: bool = True, seed: int = 0) -> Transformer:
    """Make a model whose every weight is random and matters, norms and biases included."""
    model = Transformer(configuration, causal=causal)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3, generator=generator)
    return model.eval()


def draw_tokens(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(53, shape, generator=torch.Generator().manual_seed(seed))


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Largest difference over largest magnitude."""
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def left_padding_mask(lengths: list[int], length: int) -> torch.Tensor:
    return padding_mask(torch.tensor(lengths), length).flip(-1)


# --- equal to transformers --------------------------------------------------------------------


@torch.no_grad()
def test_a_random_gpt2_equals_transformers():
    model, tokens = build(GPT2), draw_tokens(3, 20)
    assert difference(model(tokens), counterparts.gpt2(model)(tokens).logits) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_random_llama_equals_transformers_at_real_positions(side, tied):
    model = build(replace(LLAMA, tied_output=tied))
    tokens, lengths = draw_tokens(3, 20), [20, 7, 1]
    mask = padding_mask(torch.tensor(lengths), 20)
    mask = mask.flip(-1) if side == "left" else mask
    real = mask[:, 0, 0]
    theirs = counterparts.llama(model)(tokens, attention_mask=real.long()).logits
    assert difference(model(tokens, mask=mask)[real], theirs[real]) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_random_bert_equals_transformers_at_real_positions(side):
    model = build(BERT, causal=False)
    tokens, types = draw_tokens(3, 20), draw_tokens(3, 20, seed=1) % 3
    mask = padding_mask(torch.tensor([20, 7, 1]), 20)
    mask = mask.flip(-1) if side == "left" else mask
    real = mask[:, 0, 0]
    theirs = counterparts.bert(model)(tokens, attention_mask=real.long(), token_type_ids=types)
    ours = model(tokens, mask=mask, token_types=types)
    assert difference(ours[real], theirs.last_hidden_state[real]) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize(("configuration", "kind"), [(LLAMA, "llama"), (BERT, "bert")])
def test_the_traced_weights_and_hidden_states_equal_transformers(configuration, kind):
    model, tokens, trace = build(configuration, causal=kind == "llama"), draw_tokens(2, 9), Trace()
    model(tokens, trace=trace)
    theirs = getattr(counterparts, kind)(model)(
        tokens, output_attentions=True, output_hidden_states=True
    )
    for ours, other in zip(trace.attention, theirs.attentions, strict=True):
        assert difference(ours, other) < 1e-5
    # the last of theirs has the final norm applied
    for ours, other in zip(trace.hidden[:-1], theirs.hidden_states[:-1], strict=True):
        assert difference(ours, other) < 1e-5


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_gradients_equal_transformers(kind):
    model, tokens = build(DECODERS[kind]), draw_tokens(2, 9)
    theirs = getattr(counterparts, kind)(model)
    functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()
    functional.cross_entropy(theirs(tokens).logits.flatten(0, 1), tokens.flatten()).backward()
    ours = model.token_embedding.weight.grad
    assert difference(ours, theirs.get_input_embeddings().weight.grad) < 1e-4


def test_the_number_of_parameters_equals_transformers():
    for configuration, kind in ((GPT2, "gpt2"), (LLAMA, "llama"), (BERT, "bert")):
        model = build(configuration)
        assert model.count_parameters() == getattr(counterparts, kind)(model).num_parameters()


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_greedy_generation_equals_transformers(kind):
    model, prompt = build(DECODERS[kind]), draw_tokens(2, 5)
    theirs = getattr(counterparts, kind)(model).generate(
        prompt, max_new_tokens=20, do_sample=False, pad_token_id=0
    )
    assert torch.equal(generate(model, prompt, 20, temperature=0), theirs)


# --- what a position may see ------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("name", DECODERS)
def test_a_changed_token_moves_only_the_outputs_that_may_see_it(name, causal):
    model = build(DECODERS[name], causal)
    tokens = draw_tokens(1, 8)
    before = model(tokens)
    moved = torch.zeros(8, 8, dtype=torch.bool)  # row: output, column: changed token
    for j in range(8):
        changed = tokens.clone()
        changed[0, j] = (tokens[0, j] + 1) % 53
        moved[:, j] = ((model(changed) - before).abs() > 1e-6)[0].any(dim=-1)
    assert torch.equal(moved, causal_mask(8) if causal else torch.ones(8, 8, dtype=torch.bool))


@torch.no_grad()
@given(st.permutations(range(7)))
def test_without_positions_a_permuted_input_gives_the_permuted_output(order):
    model = build(replace(GPT2, positions=None), causal=False)
    tokens = draw_tokens(2, 7)
    torch.testing.assert_close(model(tokens[:, order]), model(tokens)[:, order])


@torch.no_grad()
@pytest.mark.parametrize("name", ["gpt2", "llama", "sinusoidal"])
def test_with_positions_order_matters(name):
    model, tokens = build(DECODERS[name], causal=False), draw_tokens(1, 7)
    assert difference(model(tokens.flip(1)).flip(1), model(tokens)) > 0.01


@torch.no_grad()
@pytest.mark.parametrize("name", DECODERS)
def test_tokens_hidden_by_the_mask_have_no_influence(name):
    model = build(DECODERS[name], causal=False)
    tokens, mask = draw_tokens(2, 9), padding_mask(torch.tensor([9, 4]), 9)
    changed = torch.where(mask[:, 0, 0], tokens, (tokens + 1) % 53)
    real = mask[:, 0, 0]
    torch.testing.assert_close(model(tokens, mask=mask)[real], model(changed, mask=mask)[real])


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("name", DECODERS)
def test_gradients_are_finite_where_rows_are_wholly_masked(name, traced):
    model, mask = build(DECODERS[name]), left_padding_mask([8, 3], 8)
    logits = model(draw_tokens(2, 8), mask=mask, trace=Trace() if traced else None)
    assert logits.isfinite().all()
    logits.square().mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


# --- cache, trace, ablation -------------------------------------------------------------------


@torch.no_grad()
@given(st.sampled_from(sorted(DECODERS)), st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_a_cached_pass_equals_the_whole_pass(name, pieces):
    model, tokens = build(DECODERS[name]), draw_tokens(2, sum(pieces))
    cache = Cache()
    parts = [model(piece, cache=cache) for piece in tokens.split(pieces, dim=1)]
    assert cache.length == sum(pieces)
    assert difference(torch.cat(parts, dim=1), model(tokens)) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("name", DECODERS)
def test_a_cached_pass_equals_the_whole_pass_behind_padding(name):
    model, tokens = build(DECODERS[name]), draw_tokens(2, 9)
    mask = left_padding_mask([9, 4], 9)
    cache = Cache()
    parts = [
        model(tokens[:, start:stop], mask=mask[..., :stop], cache=cache)
        for start, stop in ((0, 6), (6, 7), (7, 9))
    ]
    whole = model(tokens, mask=mask)
    real = mask[:, 0, 0]
    assert difference(torch.cat(parts, dim=1)[real], whole[real]) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("name", DECODERS)
def test_a_traced_pass_equals_the_fused_one(name, causal):
    model, tokens, trace = build(DECODERS[name], causal), draw_tokens(2, 9), Trace()
    assert difference(model(tokens, trace=trace), model(tokens)) < 1e-5
    configuration = DECODERS[name]
    assert len(trace.attention) == configuration.layers
    assert len(trace.hidden) == configuration.layers + 1
    for weights in trace.attention:
        assert weights.shape == (2, configuration.heads, 9, 9)
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, configuration.heads, 9))


@torch.no_grad()
def test_the_attention_layer_is_made_of_the_chapters_functions():
    model = build(LLAMA).double()
    layer, x = model.blocks[0].attention, torch.randn(2, 9, 48, dtype=torch.float64)
    positions = torch.tensor([0, 1, 2, 3, 4, 5, 10, 20, 63])
    query = rotary_positions(split_heads(layer.query(x), 6), positions, 100.0)
    key = rotary_positions(split_heads(layer.key(x), 2), positions, 100.0)
    value = split_heads(layer.value(x), 2)
    attended = grouped_query_attention(query, key, value, causal_mask(9))
    around = model.surroundings(x, positions, mask=None, cache=None, trace=None)
    assert difference(layer(x, around, None), layer.output(merge_heads(attended))) < 1e-12


@torch.no_grad()
def test_scaling_a_head_equals_scaling_its_columns_of_the_output_projection():
    model, tokens = build(GPT2), draw_tokens(2, 9)
    scales = torch.ones(3, 4)
    assert difference(model(tokens, head_scales=scales), model(tokens)) < 1e-6
    scales[1, 2], scales[2, 0] = 0.0, 0.5
    ablated = model(tokens, head_scales=scales)
    assert difference(ablated, model(tokens)) > 0.001
    model.blocks[1].attention.output.weight[:, 12:18] *= 0.0
    model.blocks[2].attention.output.weight[:, 0:6] *= 0.5
    torch.testing.assert_close(model(tokens), ablated)


# --- input and output -------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("name", DECODERS)
def test_embeddings_in_the_place_of_tokens_give_the_same(name):
    model, tokens = build(DECODERS[name]), draw_tokens(2, 9)
    assert torch.equal(model(embeddings=model.token_embedding(tokens)), model(tokens))


@torch.no_grad()
def test_a_model_of_patches_needs_no_vocabulary():
    configuration = Configuration(context_length=16, layers=1, width=8, heads=2, output=False)
    patches = torch.randn(3, 16, 8)
    assert build(configuration, causal=False)(embeddings=patches).shape == (3, 16, 8)


@torch.no_grad()
@pytest.mark.parametrize("name", DECODERS)
def test_positions_say_where_tokens_stand(name):
    model, tokens = build(DECODERS[name]), draw_tokens(2, 9)
    same = torch.arange(9).expand(2, 9)
    assert difference(model(tokens, positions=same), model(tokens)) < 1e-6
    # padding on the left, compensated by positions: as if there were none
    padded = torch.cat((draw_tokens(2, 3, seed=1), tokens), dim=1)
    positions = (torch.arange(12) - 3).clamp(min=0).expand(2, 12)
    shifted = model(padded, mask=left_padding_mask([9, 9], 12), positions=positions)
    assert difference(shifted[:, 3:], model(tokens)) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", DECODERS)
def test_the_dtype_is_kept(name, dtype):
    tokens = draw_tokens(2, 9)
    exact = build(DECODERS[name]).double()(tokens)
    for trace in (None, Trace()):
        logits = build(DECODERS[name]).to(dtype)(tokens, trace=trace)
        assert logits.dtype == dtype
        assert difference(logits.double(), exact) < (1e-12 if dtype == torch.float64 else 0.2)


@torch.no_grad()
def test_no_input_is_changed():
    model, tokens, mask = build(GPT2), draw_tokens(2, 9), left_padding_mask([9, 4], 9)
    embeddings, scales = torch.randn(2, 9, 24), torch.ones(3, 4)
    before = [tensor.clone() for tensor in (tokens, mask, embeddings, scales)]
    model(tokens, mask=mask, head_scales=scales)
    model(embeddings=embeddings, mask=mask, trace=Trace())
    generate(model, tokens, 3, mask=mask)
    for tensor, copy in zip((tokens, mask, embeddings, scales), before, strict=True):
        assert torch.equal(tensor, copy)


def test_the_same_generator_gives_the_same_model_whatever_happened_before():
    models = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        models.append(Transformer(GPT2, causal=True, generator=torch.Generator().manual_seed(5)))
    first, second = (model.state_dict() for model in models)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_new_model_spreads_its_probability_evenly():
    model = Transformer(GPT2, causal=True, generator=torch.Generator().manual_seed(0))
    tokens = draw_tokens(8, 32)
    loss = functional.cross_entropy(model(tokens).flatten(0, 1), draw_tokens(8 * 32, seed=1))
    assert loss.item() == pytest.approx(torch.tensor(53.0).log().item(), abs=0.05)


@pytest.mark.parametrize("name", DECODERS)
def test_every_weight_gets_a_gradient_and_training_lowers_the_loss(name):
    model = Transformer(DECODERS[name], causal=True, generator=torch.Generator().manual_seed(0))
    tokens = draw_tokens(4, 17)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        loss = functional.cross_entropy(
            model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()
        )
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in model.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heads": 5}, "width 24 is not divisible by 5 heads"),
        ({"key_value_heads": 3}, "4 heads cannot share 3 key heads"),
        ({"feed_forward": "tanh"}, "feed_forward must be one of"),
        ({"norm_place": "between"}, "norm_place must be one of"),
        ({"positions": "rotary", "width": 12}, "even head width, got 3"),
        ({"vocabulary_size": None}, "output needs a vocabulary_size"),
    ],
)
def test_a_configuration_that_cannot_be_built_is_refused_in_words(changes, words):
    with pytest.raises(ValueError, match=words):
        replace(GPT2, **changes)


def test_an_impossible_pass_is_refused_in_words():
    model, tokens = build(GPT2), draw_tokens(1, 33)
    with pytest.raises(ValueError, match="33 positions exceed the context length of 32"):
        model(tokens)
    with pytest.raises(ValueError, match="either tokens or embeddings"):
        model()
    with pytest.raises(ValueError, match="either tokens or embeddings"):
        model(tokens, embeddings=torch.ones(1, 2, 24))
    with pytest.raises(ValueError, match="a cache needs a causal model"):
        build(GPT2, causal=False)(tokens[:, :3], cache=Cache())


# --- generation -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DECODERS)
def test_prompts_padded_on_the_left_continue_as_they_do_alone(name):
    model, tokens = build(DECODERS[name]), draw_tokens(3, 6)
    lengths = [6, 4, 1]
    together = generate(model, tokens, 12, temperature=0, mask=left_padding_mask(lengths, 6))
    for row, length in enumerate(lengths):
        alone = generate(model, tokens[row : row + 1, 6 - length :], 12, temperature=0)
        assert torch.equal(together[row, 6 - length :], alone[0])


def test_generation_forgets_the_older_half_where_the_context_is_full(monkeypatch):
    model, prompt, passes = build(GPT2), draw_tokens(2, 30), []
    hidden_states = model.hidden_states

    def recorded(tokens: torch.Tensor, **rest) -> torch.Tensor:
        passes.append(tokens)
        return hidden_states(tokens, **rest)

    monkeypatch.setattr(model, "hidden_states", recorded)
    tokens = generate(model, prompt, 22)
    assert tokens.shape == (2, 52)
    assert torch.equal(tokens[:, :30], prompt)
    # 32 fit; then the last 16 are read anew, and after 16 more again
    assert [piece.shape[1] for piece in passes] == [30, 1, 1, 16, *[1] * 16, 16, 1]
    assert torch.equal(passes[3], tokens[:, 17:33])


def test_generation_begins_with_what_fits_of_a_longer_prompt():
    model, prompt = build(GPT2), draw_tokens(2, 50)
    cut = generate(model, prompt[:, -32:], 5, temperature=0)
    assert torch.equal(generate(model, prompt, 5, temperature=0)[:, -37:], cut)


@pytest.mark.parametrize("causal", [True, False])
@torch.no_grad()
def test_each_new_token_is_the_likeliest_of_a_whole_pass(causal):
    model, tokens = build(LLAMA, causal), draw_tokens(2, 5)
    generated = generate(model, tokens, 10, temperature=0)
    for _ in range(10):
        tokens = torch.cat((tokens, model(tokens)[:, -1:].argmax(dim=-1)), dim=1)
    assert torch.equal(generated, tokens)


def test_a_stop_token_ends_a_sequence_and_then_the_batch():
    model, prompt = build(GPT2), draw_tokens(2, 5)
    free = generate(model, prompt, 20, generator=torch.Generator().manual_seed(0))
    stop = [free[0, 7].item(), free[1, 9].item()]
    stopped = generate(model, prompt, 20, stop=stop, generator=torch.Generator().manual_seed(0))
    ends = [next(i for i in range(5, 25) if row[i] in stop) for row in free]
    assert stopped.shape[1] == max(ends) + 1
    for row, end in enumerate(ends):
        assert torch.equal(stopped[row, : end + 1], free[row, : end + 1])
        assert (stopped[row, end:] == free[row, end]).all()


def test_samples_come_from_the_model_and_repeat_with_the_seed():
    model, prompt = build(GPT2), draw_tokens(1, 5).expand(20_000, 5)
    first = generate(model, prompt, 1, temperature=2.0, generator=torch.Generator().manual_seed(0))
    again = generate(model, prompt, 1, temperature=2.0, generator=torch.Generator().manual_seed(0))
    assert torch.equal(first, again)
    with torch.no_grad():
        expected = (model(prompt[:1])[0, -1] / 2.0).softmax(dim=-1)
    drawn = torch.bincount(first[:, -1], minlength=53) / 20_000
    deviation = (expected * (1 - expected) / 20_000).sqrt()
    assert ((drawn - expected).abs() < 5 * deviation + 1e-4).all()
    top = generate(model, prompt, 1, top_k=2, generator=torch.Generator().manual_seed(0))
    assert set(top[:, -1].tolist()) <= set(expected.topk(2).indices.tolist())
