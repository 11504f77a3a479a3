"""The same model in `transformers`: its class, our configuration, our weights."""

import torch
from torch import Tensor
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from solutions.transformer import Transformer

LLAMA_NAMES = {
    "token_embedding": "model.embed_tokens",
    "final_norm": "model.norm",
    "output": "lm_head",
    "attention_norm": "input_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "feed_forward_norm": "post_attention_layernorm",
    "feed_forward.gate": "mlp.gate_proj",
    "feed_forward.up": "mlp.up_proj",
    "feed_forward.down": "mlp.down_proj",
}
BERT_NAMES = {
    "token_embedding": "embeddings.word_embeddings",
    "position_embedding": "embeddings.position_embeddings",
    "type_embedding": "embeddings.token_type_embeddings",
    "embedding_norm": "embeddings.LayerNorm",
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "attention.output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "feed_forward.up": "intermediate.dense",
    "feed_forward.down": "output.dense",
    "feed_forward_norm": "output.LayerNorm",
}
GPT2_NAMES = {
    "token_embedding": "transformer.wte",
    "position_embedding": "transformer.wpe",
    "final_norm": "transformer.ln_f",
    "attention_norm": "ln_1",
    "attention.query": "attn.c_attn",
    "attention.key": "attn.c_attn",
    "attention.value": "attn.c_attn",
    "attention.output": "attn.c_proj",
    "feed_forward_norm": "ln_2",
    "feed_forward.up": "mlp.c_fc",
    "feed_forward.down": "mlp.c_proj",
}


def llama(model: Transformer, implementation: str = "eager") -> LlamaForCausalLM:
    """Return a Llama with the weights of a causal model with rotary positions and "swiglu"."""
    ours = model.configuration
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=ours.vocabulary_size,
            hidden_size=ours.width,
            intermediate_size=ours.feed_forward_width or 4 * ours.width,
            num_hidden_layers=ours.layers,
            num_attention_heads=ours.heads,
            num_key_value_heads=ours.key_value_heads or ours.heads,
            max_position_embeddings=ours.context_length,
            rms_norm_eps=ours.norm_epsilon,
            rope_parameters={"rope_type": "default", "rope_theta": ours.rotary_base},
            tie_word_embeddings=ours.tied_output,
            bos_token_id=None,
            eos_token_id=None,
            attn_implementation=implementation,
        )
    )
    _copy(model, theirs, LLAMA_NAMES, "model.layers", {"lm_head.weight"})
    return theirs.eval()


def bert(model: Transformer, implementation: str = "eager") -> BertModel:
    """Return a BERT with the weights of a bidirectional model that normalizes afterwards."""
    ours = model.configuration
    theirs = BertModel(
        BertConfig(
            vocab_size=ours.vocabulary_size,
            hidden_size=ours.width,
            intermediate_size=ours.feed_forward_width or 4 * ours.width,
            num_hidden_layers=ours.layers,
            num_attention_heads=ours.heads,
            max_position_embeddings=ours.context_length,
            type_vocab_size=ours.token_types,
            layer_norm_eps=ours.norm_epsilon,
            hidden_act="gelu",
            attn_implementation=implementation,
        ),
        add_pooling_layer=False,
    )
    _copy(model, theirs, BERT_NAMES, "encoder.layer", set())
    return theirs.eval()


def gpt2(model: Transformer, implementation: str = "eager") -> GPT2LMHeadModel:
    """Return a GPT-2, without dropout, with the weights of a causal model of its kind."""
    ours = model.configuration
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=ours.vocabulary_size,
            n_positions=ours.context_length,
            n_embd=ours.width,
            n_layer=ours.layers,
            n_head=ours.heads,
            n_inner=ours.feed_forward_width or 4 * ours.width,
            layer_norm_epsilon=ours.norm_epsilon,
            activation_function="gelu_pytorch_tanh",
            attn_pdrop=0.0,
            embd_pdrop=0.0,
            resid_pdrop=0.0,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=None,
            attn_implementation=implementation,
        )
    )
    _copy(model, theirs, GPT2_NAMES, "transformer.h", {"lm_head.weight"})
    return theirs.eval()


def _copy(
    model: Transformer, theirs: PreTrainedModel, names: dict[str, str], blocks: str, tied: set[str]
) -> None:
    """Copy every weight of `model`; `tied` may stay behind where it is an embedding's twin."""
    weights: dict[str, Tensor] = {}
    for name, weight in model.state_dict().items():
        part, kind = name.rsplit(".", 1)
        prefix = ""
        if part.startswith("blocks."):
            _, layer, part = part.split(".", 2)
            prefix = f"{blocks}.{layer}."
        key = f"{prefix}{names[part]}.{kind}"
        if "c_" in key and weight.dim() == 2:
            weight = weight.T  # GPT-2 keeps its projections (in, out)
        if key in weights:  # GPT-2 keeps query, key and value in one, in this order
            weight = torch.cat((weights[key], weight), dim=-1)
        weights[key] = weight
    missing, unexpected = theirs.load_state_dict(weights, strict=False)
    if unexpected or not set(missing) <= tied:
        raise ValueError(f"not the same architecture: {missing} missing, {unexpected} unexpected")
