"""In-context learning measured: tasks, prompts, and one pass for every number of examples.

A causal model's prediction depends on nothing that follows. So one list of solved examples asks
its last question after 16 examples, the one before after 15, and the first after none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from solutions.emergence import few_shot_prompt, shuffle_labels
from solutions.materials import corpora
from solutions.transformer import Transformer

EXAMPLES = 16
REVIEW_EXAMPLES = 8  # sentences are longer than words
REVIEW_WORDS = (3, 7)  # the shortest and the longest that are used
REVIEW_SCORE = 2.0  # people's score, from -4 to 4, beyond which a sentence counts as clear

ANTONYMS = """
above below, accept reject, alive dead, always never, ancient modern, appear disappear, before
after, begin end, big small, birth death, black white, buy sell, cheap expensive, clean dirty,
dark light, day night, deep shallow, east west, early late, fast slow, first last, friend enemy,
front back, full empty, good bad, happy sad, high low, hot cold, import export, include exclude,
increase decrease, inside outside, internal external, left right, long short, loud quiet, love
hate, male female, maximum minimum, more less, near far, north south, positive negative, public
private, push pull, question answer, remember forget, rich poor, rise fall, strong weak, success
failure, summer winter, thick thin, top bottom, true false, up down, upper lower, war peace, wet
dry, wide narrow, win lose, with without, young old
"""


@dataclass(frozen=True)
class Task:
    """Questions with their answers, each answer a single token.

    Attributes:
        pairs: question and answer.
        examples: how many solved examples a prompt shows at most.
    """

    pairs: tuple[tuple[str, str], ...]
    examples: int = EXAMPLES


@dataclass(frozen=True)
class Item:
    """A line of a prompt: a question, the label shown behind it, and the right answer."""

    question: str
    shown: str
    answer: str


@dataclass(frozen=True)
class Answers:
    """Which answers were right, (sequences, examples + 1); column k follows k examples.

    Attributes:
        said: whether the likeliest of all tokens was the right one.
        chosen: whether the likeliest of the task's own answers was.
    """

    said: Tensor
    chosen: Tensor


def tasks(tokenizer: Tokenizer) -> dict[str, Task]:
    """Collect six tasks, from name to task.

    Antonyms are written here; capitals, past tense and plurals are those of the course's analogy
    questions; sentiment is that of short movie-review sentences with a clear human score, as many
    of either kind; first letters are those of the antonyms. A pair whose answer, with the space
    before it, is not one token is left out.
    """
    published = corpora.analogies()

    def section(*names: str) -> list[tuple[str, str]]:
        questions = [question for name in names for question in published[name]]
        pairs = [pair for a, b, c, d in questions for pair in ((a, b), (c, d))]
        return list(dict.fromkeys(pairs))

    antonyms = [tuple(pair.split()) for pair in ANTONYMS.replace("\n", " ").split(",")]
    found = {
        "antonym": antonyms,
        "capital": section("capital-common-countries", "capital-world"),
        "past tense": section("gram7-past-tense"),
        "plural": section("gram8-plural"),
        "first letter": [(word, word[0]) for pair in antonyms for word in pair],
        "sentiment": short_reviews(),
    }
    return {
        name: Task(
            tuple(pair for pair in pairs if len(tokenizer.encode(f" {pair[1]}").ids) == 1),
            REVIEW_EXAMPLES if name == "sentiment" else EXAMPLES,
        )
        for name, pairs in found.items()
    }


def short_reviews() -> list[tuple[str, str]]:
    """Return short sentences of movie reviews with their sentiment, as many of either kind."""
    shortest, longest = REVIEW_WORDS
    kinds: dict[str, list[tuple[str, str]]] = {"positive": [], "negative": []}
    for review in corpora.reviews("movies", "train"):
        if abs(review.score) >= REVIEW_SCORE and (
            shortest <= len(review.sentence.split()) <= longest
        ):
            label = "positive" if review.score > 0 else "negative"
            kinds[label].append((review.sentence, label))
    return [pair for pairs in zip(*kinds.values(), strict=False) for pair in pairs]


def draw_prompts(
    task: Task, sequences: int, generator: torch.Generator, *, random_labels: bool = False
) -> list[list[Item]]:
    """Draw lists of different pairs in random order, one more in each than there are examples.

    Args:
        task: what to draw from.
        sequences: how many lists.
        generator: the only source of randomness; the same seed draws the same questions with
            true and with random labels.
        random_labels: show labels dealt out at random among all of the task's pairs, instead of
            the right answers.
    """
    prompts = []
    labels = [answer for _, answer in task.pairs]
    for _ in range(sequences):
        order = torch.randperm(len(task.pairs), generator=generator)[: task.examples + 1].tolist()
        dealt = shuffle_labels(labels, generator)
        shown = dealt if random_labels else labels
        prompts.append([Item(task.pairs[i][0], shown[i], task.pairs[i][1]) for i in order])
    return prompts


def encode_prompt(tokenizer: Tokenizer, items: Sequence[Item]) -> tuple[list[int], list[int]]:
    """Encode a prompt that shows every item but the last one's label.

    Returns:
        The tokens, and for each item the position at which its answer is predicted: that of the
        last token of the prompt which asks this item after those before it.

    Raises:
        ValueError: if the prompt for fewer examples does not begin the one for more.
    """
    solved = [(item.question, item.shown) for item in items]
    prompts = [
        tokenizer.encode(few_shot_prompt(solved[:k], item.question)).ids
        for k, item in enumerate(items)
    ]
    whole = prompts[-1]
    if any(whole[: len(ids)] != ids for ids in prompts):
        raise ValueError("a shorter prompt must be the beginning of the longer ones")
    return whole, [len(ids) - 1 for ids in prompts]


@torch.no_grad()
def answer(
    model: Transformer,
    tokenizer: Tokenizer,
    prompts: Sequence[Sequence[Item]],
    *,
    head_scales: Tensor | None = None,
    batch: int = 16,
) -> Answers:
    """Let a causal model answer every item of every prompt, each after the examples before it.

    Prompts of similar length are computed together, filled up on the right, where no position
    that counts can see it; logits are computed only where an answer is due.

    Args:
        model: causal, with an output.
        tokenizer: the model's; each answer, with a space before it, must be one of its tokens.
        prompts: lists of equally many items.
        head_scales: (layers, heads), as for `Transformer.hidden_states`.
        batch: how many prompts are computed at once.

    Returns:
        Answers in the order of the prompts.
    """
    encoded = [encode_prompt(tokenizer, items) for items in prompts]
    right = torch.tensor([[_token(tokenizer, i.answer) for i in items] for items in prompts])
    candidates = right.unique()
    said, chosen = torch.empty_like(right), torch.empty_like(right)
    by_length = sorted(range(len(prompts)), key=lambda i: len(encoded[i][0]))
    for start in range(0, len(prompts), batch):
        some = by_length[start : start + batch]
        tokens = pad_sequence([torch.tensor(encoded[i][0]) for i in some], batch_first=True)
        due = torch.tensor([encoded[i][1] for i in some])  # (some, examples + 1)
        hidden = model.hidden_states(tokens, head_scales=head_scales)
        logits = model.logits(hidden[torch.arange(len(some))[:, None], due])
        said[some] = logits.argmax(dim=-1)
        chosen[some] = candidates[logits[..., candidates].argmax(dim=-1)]
    return Answers(said == right, chosen == right)


def _token(tokenizer: Tokenizer, word: str) -> int:
    (token,) = tokenizer.encode(f" {word}").ids
    return token
