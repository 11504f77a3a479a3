"""The transformer beside `transformers`' models with the same weights, both as they are used.

Forward passes of SmolLM2 and MiniLM, cached generation, and training of a small GPT-2. transformers
runs with its fused attention (`sdpa`), its fastest here, and without dropout.
"""

import statistics
from collections.abc import Callable

import torch
from torch.nn import functional

from benchmarks.timing import in_turns, report, speed_ratio
from solutions.experiments import counterparts
from solutions.materials.pretrained import load_minilm, load_smollm2
from solutions.transformer import Configuration, Transformer, generate

GOAL = 1.0
SMALL_GPT = Configuration(
    context_length=128, layers=4, width=128, heads=4, vocabulary_size=256, biases=True
)


def draw_tokens(*shape: int, below: int) -> torch.Tensor:
    """Draw token ids below `below`; what they say makes no difference to the time."""
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(0))


def compare(
    what: str, tokens: int, ours: Callable[[], object], theirs: Callable[[], object]
) -> float:
    """Time both, print tokens per second, and return how many times as fast ours is."""
    times = in_turns({"ours": ours, "theirs": theirs}, repeats=9)
    ratio = speed_ratio(times["ours"], times["theirs"])
    our_rate, their_rate = (tokens / statistics.median(taken) for taken in times.values())
    print(
        f"{what:34} ours {our_rate:8.0f} tokens/s,"
        f" transformers {their_rate:8.0f} tokens/s, ratio {ratio:.2f}",
        flush=True,
    )
    return ratio


@torch.no_grad()
def compare_smollm2() -> list[float]:
    """Compare forward passes over texts of two lengths, and generation with a cache."""
    model = load_smollm2()
    theirs = counterparts.llama(model, "sdpa")
    ratios = []
    for length in (32, 256):
        tokens = draw_tokens(1, length, below=49_152)
        check(model(tokens), theirs(tokens).logits)
        ratios.append(
            compare(
                f"SmolLM2 forward, {length} tokens",
                length,
                lambda tokens=tokens: model(tokens),
                lambda tokens=tokens: theirs(tokens, use_cache=False).logits,
            )
        )
    prompt, new_tokens = draw_tokens(1, 64, below=49_152), 16

    def generate_ours() -> torch.Tensor:
        return generate(model, prompt, new_tokens, temperature=0)

    def generate_theirs() -> torch.Tensor:
        return theirs.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=new_tokens,
            do_sample=False,
            pad_token_id=0,
        )

    if not torch.equal(generate_ours(), generate_theirs()):
        raise AssertionError("the two generate different texts")
    return [
        *ratios,
        compare("SmolLM2 generation, 16 tokens", new_tokens, generate_ours, generate_theirs),
    ]


@torch.no_grad()
def compare_minilm() -> list[float]:
    """Compare forward passes over a batch of sentences."""
    model = load_minilm()
    theirs = counterparts.bert(model, "sdpa")
    tokens = draw_tokens(16, 32, below=30_522)
    check(model(tokens), theirs(tokens).last_hidden_state)
    return [
        compare(
            "MiniLM forward, 16 × 32 tokens",
            tokens.numel(),
            lambda: model(tokens),
            lambda: theirs(tokens).last_hidden_state,
        )
    ]


def compare_training() -> list[float]:
    """Compare training steps of a small GPT-2: forward, backward and AdamW."""
    model = Transformer(SMALL_GPT, causal=True, generator=torch.Generator().manual_seed(0))
    theirs = counterparts.gpt2(model, "sdpa").train()
    tokens = draw_tokens(16, 129, below=256)
    inputs, targets = tokens[:, :-1], tokens[:, 1:].flatten()
    check(model(inputs).detach(), theirs(inputs).logits.detach())

    def step(model: torch.nn.Module, logits: Callable[[], torch.Tensor]) -> Callable[[], None]:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

        def run() -> None:
            loss = functional.cross_entropy(logits().flatten(0, 1), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return run

    return [
        compare(
            "GPT-2 training, 16 × 128 tokens",
            inputs.numel(),
            step(model, lambda: model(inputs)),
            step(theirs, lambda: theirs(inputs, use_cache=False).logits),
        )
    ]


def check(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Refuse to time two things that differ."""
    if (ours - theirs).abs().max() > 1e-5 * theirs.abs().max():
        raise AssertionError("the two give different results")


def main() -> None:
    """Compare everything; the ratio reported is the geometric mean."""
    ratios = [*compare_smollm2(), *compare_minilm(), *compare_training()]
    report("transformer", statistics.geometric_mean(ratios), GOAL)


if __name__ == "__main__":
    main()
