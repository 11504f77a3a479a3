"""What the exercises on training accept."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.checking.cases import Call, Earlier
from autograder.checking.compare import Close, Same
from autograder.draw import Draw
from autograder.spec import Exercise, Part
from solutions import training as reference

# why a mutant of the reference may pass
ZEROS_STAY = "where the norm is 0 every gradient is 0, and stays so times any finite factor"
CLIPPING = (
    " in factor = torch.clamp(maximum_norm / norm, max=1.0) if norm > 0 else torch.ones_like(norm)"
)

# --- learning_rate -------------------------------------------------------------------------------


def warming_up(draw: Draw) -> list[Call]:
    peak = draw.integer(2, 90) / 100
    warmup = draw.integer(5, 9)
    total = warmup + draw.integer(20, 40)
    middle = draw.integer(1, warmup - 2)
    return [
        Call((0, 0.5, 4, 20), tries="step 0 of a warm-up of 4 steps: a quarter of the peak"),
        Call((3, 0.5, 4, 20), tries="the last step of the warm-up"),
        Call((4, 0.5, 4, 20), tries="the first step after it"),
        Call((0, peak, warmup, total), tries="step 0"),
        Call((middle, peak, warmup, total), tries="a step on the way up"),
        Call((0, peak, warmup, total, peak / 3), tries="a warm-up knows no floor"),
        Call((middle, peak, warmup, total, peak / 3), tries="on the way up, with a floor"),
        Call((0, peak, 1, total), tries="a warm-up of one step"),
    ]


def coming_down(draw: Draw) -> list[Call]:
    peak = draw.integer(20, 90) / 100
    warmup = draw.integer(5, 9)
    length = 2 * draw.integer(10, 20)
    total = warmup + length
    floor = peak / draw.integer(4, 9)
    quarter, late = warmup + length // 4, warmup + draw.integer(length // 2 + 1, length * 4 // 5)
    return [
        Call((warmup + length // 2, peak, warmup, total), tries="half way down"),
        Call((quarter, peak, warmup, total), tries="a quarter of the way down"),
        Call((late, peak, warmup, total), {"floor": 0.0}, "late on the way down"),
        Call((warmup + length // 2, peak, warmup, total, floor), tries="half way down to a floor"),
        Call((quarter, peak, warmup, total, floor), tries="a quarter of the way down to a floor"),
        Call((late, peak, warmup, total), {"floor": floor}, "late on the way to a floor"),
        Call((total - 1, peak, warmup, total, floor), tries="the step before the floor"),
        Call((warmup, peak, warmup, total, floor), tries="the first step after the warm-up"),
    ]


def at_the_ends(draw: Draw) -> list[Call]:
    peak = draw.integer(20, 90) / 100
    warmup, length = draw.integer(3, 8), draw.integer(12, 30)
    total, floor = warmup + length, peak / draw.integer(3, 8)
    # exactly 0 is never expected: a cosine written another way comes only close to it
    return [
        Call((total, peak, warmup, total, floor), tries="step `total_steps`"),
        Call((total + 1, peak, warmup, total, floor), tries="the step after `total_steps`"),
        Call((total + length, peak, warmup, total, floor), tries="long after the end"),
        Call((total + 2 * length, peak, warmup, total, floor), tries="even longer after the end"),
        Call((0, peak, 0, length, floor), tries="step 0 without a warm-up"),
        Call((1, peak, 0, length), tries="step 1 without a warm-up"),
        Call((length // 3, peak, 0, length), tries="a later step without a warm-up"),
        Call((1, peak, 0, 1, floor), tries="the end of a single step"),
    ]


def impossible_schedules(draw: Draw) -> list[Call]:
    total = draw.integer(10, 30)
    return [
        Call((0, 0.1, total, total), tries="a warm-up as long as everything"),
        Call((5, 0.1, total + draw.integer(1, 9), total), tries="a warm-up longer than that"),
        Call((5, 0.1, total - 1, total), tries="a warm-up of all steps but one"),
        Call((0, 0.1, -draw.integer(1, 5), total), tries="a warm-up of less than no step"),
    ]


learning_rate = Exercise(
    "training.learning_rate",
    parts=[
        Part("warm-up", 1, warming_up, public=True),
        Part("cosine", 1, coming_down, public=True),
        Part("the ends", 0.5, at_the_ends),
        Part("impossible schedules", 0.5, impossible_schedules),
    ],
    forbidden=("CosineAnnealingLR", "LinearLR", "SequentialLR", "LambdaLR"),
)


def schedule(step, peak, warmup_steps, total_steps, floor, rise, fall):
    """Give `rise(step)` in the warm-up and `fall(progress)` after it, refusing what must be."""
    if not 0 <= warmup_steps < total_steps:
        raise ValueError("no room for a cosine")
    if step < warmup_steps:
        return rise(step)
    return fall(min(1.0, (step - warmup_steps) / (total_steps - warmup_steps)))


def half_cosine(progress: float) -> float:
    """Fall from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * progress))


@learning_rate.misconception(
    "The warm-up starts at 0, so step 0 teaches nothing. Steps count from 0: step 0 gets "
    "peak / warmup_steps, and the last step of the warm-up gets the peak."
)
def rate_from_zero(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * step / warmup_steps,
        lambda progress: floor + (peak - floor) * half_cosine(progress),
    )


@learning_rate.misconception(
    "The warm-up rises from the floor. It rises as if from 0, by peak / warmup_steps each step; "
    "the floor belongs to the cosine."
)
def rate_warms_up_from_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: floor + (peak - floor) * (step + 1) / warmup_steps,
        lambda progress: floor + (peak - floor) * half_cosine(progress),
    )


@learning_rate.misconception(
    "The way down is measured from step 0. It begins after the warm-up: progress is "
    "(step - warmup_steps) / (total_steps - warmup_steps)."
)
def rate_counts_the_warm_up(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda _: floor + (peak - floor) * half_cosine(min(1.0, step / total_steps)),
    )


@learning_rate.misconception(
    "The way down is `total_steps` long. The warm-up is part of the total, so total_steps - "
    "warmup_steps are left for the cosine."
)
def rate_falls_for_too_long(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda _: (
            floor + (peak - floor) * half_cosine(min(1.0, (step - warmup_steps) / total_steps))
        ),
    )


@learning_rate.misconception(
    "A cosine goes on: after `total_steps` the rate rises again. It has to stay at the floor, so "
    "progress may not exceed 1."
)
def rate_rises_again(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda _: (
            floor
            + (peak - floor) * half_cosine((step - warmup_steps) / (total_steps - warmup_steps))
        ),
    )


@learning_rate.misconception(
    "The floor is added to a cosine that falls from the peak to 0, so the rate starts above the "
    "peak. The cosine spans peak - floor."
)
def rate_above_the_peak(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: floor + peak * half_cosine(progress),
    )


@learning_rate.misconception(
    "The rate falls to 0 and is cut off at the floor. The cosine itself ends at the floor: "
    "floor + (peak - floor) · (1 + cos) / 2."
)
def rate_cut_off_at_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: max(floor, peak * half_cosine(progress)),
    )


@learning_rate.misconception("The floor is not used: 0 is only its default.")
def rate_without_a_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    return reference.learning_rate(step, peak, warmup_steps, total_steps)


@learning_rate.misconception("The rate falls in a straight line; half a cosine is asked for.")
def rate_in_a_straight_line(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: peak + (floor - peak) * progress,
    )


@learning_rate.misconception(
    "This is a quarter of a cosine, cos(π/2 · progress). Half a cosine is (1 + cos(π · progress)) "
    "/ 2: flat at both ends."
)
def rate_by_a_quarter_of_a_cosine(step, peak, warmup_steps, total_steps, floor=0.0):
    return schedule(
        step,
        peak,
        warmup_steps,
        total_steps,
        floor,
        lambda step: peak * (step + 1) / warmup_steps,
        lambda progress: floor + (peak - floor) * math.cos(math.pi / 2 * progress),
    )


@learning_rate.misconception("Warm-ups that leave no step for the cosine raise no ValueError.")
def rate_of_any_schedule(step, peak, warmup_steps, total_steps, floor=0.0):
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if step >= total_steps:
        return floor
    return floor + (peak - floor) * half_cosine(
        (step - warmup_steps) / (total_steps - warmup_steps)
    )


@learning_rate.alternative
def rate_case_by_case(step, peak, warmup_steps, total_steps, floor=0.0):
    if warmup_steps < 0:
        raise ValueError("warmup_steps is negative")
    if warmup_steps >= total_steps:
        raise ValueError("the warm-up is too long")
    if step + 1 <= warmup_steps:
        return (step + 1) / warmup_steps * peak
    if step >= total_steps:
        return floor
    share = (step - warmup_steps) / (total_steps - warmup_steps)
    return (peak + floor) / 2 + (peak - floor) / 2 * math.cos(share * math.pi)


@learning_rate.alternative
def rate_by_the_half_angle(step, peak, warmup_steps, total_steps, floor=0.0):
    if total_steps <= warmup_steps or warmup_steps < 0:
        raise ValueError
    if step < warmup_steps:
        return peak / warmup_steps * (step + 1)
    progress = min(step - warmup_steps, total_steps - warmup_steps) / (total_steps - warmup_steps)
    return floor + (peak - floor) * math.cos(progress * math.pi / 2) ** 2


@learning_rate.alternative
def rate_in_float32(step, peak, warmup_steps, total_steps, floor=0.0):
    if not 0 <= warmup_steps < total_steps:
        raise ValueError
    if step < warmup_steps:
        return torch.linspace(peak / warmup_steps, peak, warmup_steps)[step]
    progress = torch.tensor((step - warmup_steps) / (total_steps - warmup_steps)).clamp(max=1)
    return floor + (peak - floor) * (1 + torch.cos(torch.pi * progress)) / 2


# --- instruction_example -------------------------------------------------------------------------


def ids(draw: Draw, count: int) -> list[int]:
    """Return token ids, few enough kinds that some repeat, 0 among them."""
    return draw.integers(0, 12, count).tolist()


def one_answer(draw: Draw) -> list[Call]:
    prompt, answer = draw.sizes(2, 2, 8)
    return [
        Call(([5, 6, 7], [8, 9], 1), tries="three tokens, answered by two"),
        Call((ids(draw, prompt), ids(draw, answer), 13), tries="a prompt and its answer"),
        Call((ids(draw, 12), ids(draw, 3), 50_256), tries="a long prompt, a large `end`"),
    ]


def edges_of_examples(draw: Draw) -> list[Call]:
    same = ids(draw, 4)
    return [
        Call(([7], [8, 9, 3], 1), tries="a prompt of one token: every target counts"),
        Call((ids(draw, 5), [4], 0), tries="an answer of one token, `end` is 0"),
        Call((same, same, same[-1]), tries="a prompt that is repeated, its last id ends it"),
        Call(([0, 0, 0], [0, 0], 0), tries="nothing but zeros"),
    ]


def empty_answers(draw: Draw) -> list[Call]:
    return [
        Call((ids(draw, draw.integer(2, 6)), [], 3), tries="an empty answer: only `end` counts"),
        Call(([9], [], 2), tries="a prompt of one token, an empty answer"),
    ]


def empty_prompts(draw: Draw) -> list[Call]:
    return [
        Call(([], ids(draw, 3), 1), tries="an empty prompt"),
        Call((ids(draw, 3), ids(draw, 2), 1), tries="a prompt that is not empty"),
        Call(([], [], 1), tries="an empty prompt and an empty answer"),
    ]


instruction_example = Exercise(
    "training.instruction_example",
    parts=[
        Part("tokens", 0.5, one_answer, Same(items=(0,)), public=True),
        Part("targets", 1, one_answer, Same(items=(1,)), public=True),
        Part("edges", 0.5, edges_of_examples, Same()),
        Part("empty answers", 0.5, empty_answers, Same()),
        Part("empty prompts", 0.5, empty_prompts, Same()),
    ],
)


def example(prompt, answer, end, masked: int):
    """Return an example whose first `masked` targets are left out, refusing an empty prompt."""
    if not prompt:
        raise ValueError("an empty prompt")
    sequence = torch.tensor([*prompt, *answer, end])
    targets = sequence[1:].clone()
    targets[:masked] = -100
    return sequence[:-1], targets


@instruction_example.misconception(
    "The targets of the prompt count as well. They have to be -100: the model is to learn the "
    "answer, not to write questions."
)
def example_scores_the_prompt(prompt, answer, end):
    return example(prompt, answer, end, 0)


@instruction_example.misconception(
    "One target too many is -100. The prompt's last token predicts the answer's first: since "
    "targets are shifted by one, only len(prompt) - 1 of them belong to the prompt."
)
def example_hides_the_first_answer(prompt, answer, end):
    return example(prompt, answer, end, len(prompt))


@instruction_example.misconception(
    "One target too few is -100: the last one that belongs to the prompt is still there."
)
def example_hides_too_few(prompt, answer, end):
    return example(prompt, answer, end, max(len(prompt) - 2, 0))


@instruction_example.misconception(
    "The targets are not shifted: targets[i] is what should *follow* tokens[i], not tokens[i] "
    "itself."
)
def example_without_a_shift(prompt, answer, end):
    tokens, _ = example(prompt, answer, end, 0)
    targets = tokens.clone()
    targets[: len(prompt)] = -100
    return tokens, targets


@instruction_example.misconception(
    "Nothing teaches the model to stop: the last target has to be `end`, and it counts."
)
def example_hides_the_end(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    targets[-1] = -100
    return tokens, targets


@instruction_example.misconception(
    "`end` is missing. The sequence is prompt, answer, `end`, and the last target is `end`."
)
def example_without_the_end(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    return tokens[:-1], targets[:-1]


@instruction_example.misconception(
    "Tokens and targets are as long as the whole sequence. Each lacks one entry: the last token "
    "has nothing to predict, the first is predicted by nothing."
)
def example_of_the_whole_sequence(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    hidden = torch.tensor([-100])
    return torch.cat([tokens, torch.tensor([end])]), torch.cat([hidden, targets])


@instruction_example.misconception(
    "The prompt is hidden from the model: its *targets* are -100, but among the tokens it stays."
)
def example_hides_the_tokens(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    tokens = tokens.clone()
    tokens[: len(prompt)] = -100
    return tokens, targets


@instruction_example.misconception(
    "Targets of the prompt are 0. But 0 is a token: -100 is what the loss leaves out."
)
def example_hides_by_zero(prompt, answer, end):
    tokens, targets = example(prompt, answer, end, len(prompt) - 1)
    targets[: len(prompt) - 1] = 0
    return tokens, targets


@instruction_example.misconception("An empty prompt is accepted; it has to raise a ValueError.")
def example_of_an_empty_prompt(prompt, answer, end):
    sequence = torch.tensor([*prompt, *answer, end])
    targets = sequence[1:].clone()
    targets[: max(len(prompt) - 1, 0)] = -100
    return sequence[:-1], targets


@instruction_example.alternative
def example_by_lists(prompt, answer, end):
    if len(prompt) == 0:
        raise ValueError("empty")
    tokens = prompt + answer
    targets = [-100] * (len(prompt) - 1) + answer + [end]
    return torch.tensor(tokens), torch.tensor(targets)


@instruction_example.alternative
def example_by_where(prompt, answer, end):
    if not len(prompt):
        raise ValueError("empty")
    sequence = torch.tensor(list(prompt) + list(answer) + [end], dtype=torch.long)
    place = torch.arange(1, len(sequence))
    return sequence[:-1], torch.where(place < len(prompt), -100, sequence[1:])


@instruction_example.alternative
def example_by_joining(prompt, answer, end):
    if list(prompt) == []:
        raise ValueError("empty")
    first, second = torch.tensor(prompt), torch.tensor(answer, dtype=torch.int64)
    hidden = torch.full_like(first[1:], -100)
    return [torch.cat([first, second]), torch.cat([hidden, second, torch.tensor([end])])]


# --- render_chat ---------------------------------------------------------------------------------

WORDS = (
    "Hi",
    " there",
    "\n",
    "\n\n",
    " ",
    "Ünïcode",
    "{x}",
    "%s",
    "<|im_start|>",
    "2 + 2 = 4",
    "?",
)


def content(draw: Draw) -> str:
    """Return a text of several pieces, often with white space at its ends."""
    return "".join(draw.choice(*WORDS) for _ in range(draw.integer(1, 6)))


def conversation(draw: Draw, *roles: str) -> list[dict[str, str]]:
    """Return a message of each of the roles."""
    return [{"role": role, "content": content(draw)} for role in roles]


def with_system(draw: Draw) -> list[Call]:
    brief = {"role": "system", "content": "Be brief."}
    asked = {"role": "user", "content": "What is 2 + 2?"}
    return [
        Call(([brief, asked],), tries="a system message and a question"),
        Call(([brief],), tries="nothing but a system message"),
        Call((conversation(draw, "system", "user", "assistant", "user"),), tries="four messages"),
        Call(([brief, {"role": "user", "content": ""}],), tries="an empty content"),
    ]


def without_system(draw: Draw) -> list[Call]:
    asked = {"role": "user", "content": "Hi"}
    return [
        Call(([asked],), tries="a question without a system message"),
        Call((conversation(draw, "user", "assistant", "user"),), tries="three messages"),
        Call((conversation(draw, "assistant"),), tries="nothing but an answer"),
        Call((conversation(draw, "user", "system", "user"),), tries="a system message later on"),
    ]


def with_a_prompt(draw: Draw) -> list[Call]:
    asked = {"role": "user", "content": "Hi"}
    four = conversation(draw, "system", "user", "assistant", "user")
    return [
        Call((conversation(draw, "system", "user"), True), tries="an answer is asked for"),
        Call(([asked], True), tries="an answer is asked for, no system message"),
        Call((four,), {"add_generation_prompt": True}, "four messages, an answer is asked for"),
        Call((four, False), tries="four messages, no answer is asked for"),
        Call((conversation(draw, "user", "assistant"), True), tries="after an answer"),
        Call((conversation(draw, "user", "tool"), True), tries="a message in the role of a tool"),
    ]


def white_space(draw: Draw) -> list[Call]:
    texts = (" Hi", "Hi ", "\nHi\n\n", " ", "one\n\n two")
    users = [{"role": "user", "content": text} for text in texts]
    system = {"role": "system", "content": "  Be brief.\n"}
    return [
        *(Call(([system, user],), tries=f"the content {user['content']!r}") for user in users),
        Call((conversation(draw, "user", "assistant"), True), tries="a random conversation"),
        Call(([{"role": "system", "content": ""}, users[0]],), tries="an empty system message"),
    ]


render_chat = Exercise(
    "training.render_chat",
    parts=[
        Part("with a system message", 1, with_system, Same(), public=True),
        Part("without one", 1, without_system, Same(), public=True),
        Part("asking for an answer", 0.5, with_a_prompt, Same()),
        Part("white space", 0.5, white_space, Same()),
    ],
    forbidden=("apply_chat_template",),
)

DEFAULT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def chat(messages, add_generation_prompt, turn="<|im_start|>{0}\n{1}<|im_end|>\n", default=True):
    """Write a conversation with another pattern, or without the default system message."""
    if default and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": DEFAULT}, *messages]
    text = "".join(turn.format(message["role"], message["content"]) for message in messages)
    return text + ("<|im_start|>assistant\n" if add_generation_prompt else "")


@render_chat.misconception(
    "A conversation without a system message has to get the default one first; the model was "
    "trained with it."
)
def chat_without_default(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, default=False)


@render_chat.misconception(
    "The default system message is always added; it belongs only where the conversation does not "
    "begin with one."
)
def chat_always_default(messages, add_generation_prompt=False):
    first = {"role": "system", "content": DEFAULT}
    return chat([first, *messages], add_generation_prompt)


@render_chat.misconception(
    "A system message anywhere counts here. The default is added unless the *first* message is one."
)
def chat_default_unless_anywhere(messages, add_generation_prompt=False):
    anywhere = any(message["role"] == "system" for message in messages)
    return chat(messages, add_generation_prompt, default=not anywhere)


@render_chat.misconception(
    "The newline after `<|im_end|>` is missing: each message ends with one, the last too."
)
def chat_without_newline(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, "<|im_start|>{0}\n{1}<|im_end|>")


@render_chat.misconception(
    "The newline at the very end is missing: the last message ends with one as all the others."
)
def chat_joined_by_newlines(messages, add_generation_prompt=False):
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": DEFAULT}, *messages]
    turns = [f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>" for turn in messages]
    return "\n".join([*turns, "<|im_start|>assistant\n"] if add_generation_prompt else turns)


@render_chat.misconception(
    "There is a newline between the content and `<|im_end|>`; the token follows at once."
)
def chat_newline_before_the_end(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, "<|im_start|>{0}\n{1}\n<|im_end|>\n")


@render_chat.misconception("After the role stands a space or a colon; it is a newline.")
def chat_colon_after_the_role(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt, "<|im_start|>{0}: {1}<|im_end|>\n")


@render_chat.misconception(
    "White space at the ends of a content is lost. The text has to come out as it is, or the "
    "model sees other tokens than in training."
)
def chat_stripped(messages, add_generation_prompt=False):
    messages = [{**message, "content": message["content"].strip()} for message in messages]
    return chat(messages, add_generation_prompt)


@render_chat.misconception("`add_generation_prompt` is not used.")
def chat_without_prompt(messages, add_generation_prompt=False):
    return chat(messages, False)


@render_chat.misconception(
    "The text always ends by asking for an answer; it should only if `add_generation_prompt` says "
    "so."
)
def chat_always_prompt(messages, add_generation_prompt=False):
    return chat(messages, True)


@render_chat.misconception(
    "The prompt for an answer is closed by `<|im_end|>`. The model is to write on from "
    "`<|im_start|>assistant\\n`, and ends its answer itself."
)
def chat_closed_prompt(messages, add_generation_prompt=False):
    return chat(messages, add_generation_prompt) + ("<|im_end|>\n" if add_generation_prompt else "")


@render_chat.misconception(
    "The newline after `<|im_start|>assistant` is missing; without it the model writes one first."
)
def chat_prompt_without_newline(messages, add_generation_prompt=False):
    text = chat(messages, add_generation_prompt)
    return text[:-1] if add_generation_prompt else text


@render_chat.misconception(
    "The default message is inserted into the list that was passed in: work on a copy."
)
def chat_inserts(messages, add_generation_prompt=False):
    if messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": DEFAULT})
    return chat(messages, add_generation_prompt)


@render_chat.alternative
def chat_by_a_loop(messages, add_generation_prompt=False):
    text = ""
    for place, message in enumerate(messages):
        if place == 0 and message["role"] != "system":
            text += "<|im_start|>system\n" + DEFAULT + "<|im_end|>\n"
        text += "<|im_start|>" + message["role"] + "\n" + message["content"] + "<|im_end|>\n"
    if add_generation_prompt:
        text += "<|im_start|>assistant\n"
    return text


@render_chat.alternative
def chat_by_recursion(messages, add_generation_prompt=False):
    def turns(left):
        if not left:
            return ""
        role, said = left[0]["role"], left[0]["content"]
        return f"<|im_start|>{role}\n{said}<|im_end|>\n{turns(left[1:])}"

    default = {"role": "system", "content": DEFAULT}
    missing = [] if messages[0]["role"] == "system" else [default]
    return turns(missing + list(messages)) + "<|im_start|>assistant\n" * add_generation_prompt


@render_chat.alternative
def chat_by_joining(messages, add_generation_prompt=False):
    messages = list(messages)
    if messages[0].get("role") != "system":
        messages = [dict(role="system", content=DEFAULT)] + messages  # noqa: C408, RUF005
    lines = ["\n".join([turn["role"], turn["content"]]) for turn in messages]
    text = "<|im_end|>\n".join(f"<|im_start|>{line}" for line in lines) + "<|im_end|>\n"
    return text + "<|im_start|>assistant\n" if add_generation_prompt else text


# --- lora_merge and lora_forward -----------------------------------------------------------------


def adapter(draw: Draw, outer: int, inner: int, rank: int, dtype=torch.float32) -> tuple:
    """Return weight, down, up and alpha; both summands of the merged weight are of one size."""
    weight = draw.normal(outer, inner, dtype=dtype)
    down, up = draw.normal(rank, inner, dtype=dtype), draw.normal(outer, rank, dtype=dtype)
    return weight, down, up, draw.integer(3, 9) + 0.5


def smallest_adapters(draw: Draw) -> list[Call]:
    outer, inner = draw.sizes(2, 2, 5)
    weight, down, up, alpha = adapter(draw, outer, inner, 1)
    row, column = torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0], [2.0]])
    return [
        Call((torch.zeros(2, 2), row, column, 1.0), tries="rank 1, alpha 1, a weight of zeros"),
        Call((torch.eye(2), row, column, 2.0), tries="rank 1, alpha 2"),
        Call((weight, down, up, alpha), tries="rank 1, any numbers"),
        Call((weight, down, torch.zeros(outer, 1), alpha), tries="a new adapter: `up` is zeros"),
    ]


def any_adapters(draw: Draw) -> list[Call]:
    outer, inner, rank = draw.sizes(3, 2, 8)
    return [
        Call(adapter(draw, outer, inner, rank), tries="all sizes unequal"),
        Call(adapter(draw, 4, 4, 4), tries="all sizes equal"),
        Call(adapter(draw, outer, inner, 2, torch.float64), tries="float64, rank 2"),
        Call((*adapter(draw, 6, 5, 3)[:3], 3.0), tries="alpha equal to the rank"),
        Call((*adapter(draw, 5, 6, 3)[:3], 1), tries="alpha 1, an integer"),
        Call(adapter(draw, 3, 2, 5), tries="a rank larger than the weight's sides"),
    ]


lora_merge = Exercise(
    "training.lora_merge",
    parts=[
        Part("rank 1", 1, smallest_adapters, public=True),
        Part("any rank", 1, any_adapters),
    ],
)


@lora_merge.misconception(
    "The adapter is multiplied by alpha alone; the scale is alpha / rank, so that another rank "
    "does not ask for another learning rate."
)
def merge_by_alpha(weight, down, up, alpha):
    return weight + alpha * (up @ down)


@lora_merge.misconception("The scale alpha / rank is missing.")
def merge_without_scale(weight, down, up, alpha):
    return weight + up @ down


@lora_merge.misconception(
    "The scale is alpha / √rank (that is rank-stabilized LoRA, a later variant); here it is alpha "
    "/ rank."
)
def merge_by_the_root(weight, down, up, alpha):
    return weight + alpha / math.sqrt(down.shape[0]) * (up @ down)


@lora_merge.misconception("alpha is not used: the adapter is only divided by the rank.")
def merge_without_alpha(weight, down, up, alpha):
    return weight + (up @ down) / down.shape[0]


@lora_merge.misconception(
    "Divided by the width instead of the rank: the rank is the number of rows of `down`."
)
def merge_by_the_width(weight, down, up, alpha):
    return weight + alpha / down.shape[1] * (up @ down)


@lora_merge.misconception("The adapter takes the weight's place; it has to be added to it.")
def merge_without_weight(weight, down, up, alpha):
    return alpha / down.shape[0] * (up @ down)


@lora_merge.misconception(
    "The weight is scaled as well; the factor alpha / rank belongs to the adapter alone."
)
def merge_scales_the_weight(weight, down, up, alpha):
    return alpha / down.shape[0] * (weight + up @ down)


@lora_merge.misconception(
    "The two matrices are in the wrong order: `up @ down`, (out, rank) times (rank, in)."
)
def merge_down_first(weight, down, up, alpha):
    return weight + alpha / down.shape[0] * (down @ up)


@lora_merge.misconception("The weight that was passed in is changed (`+=`): return a new one.")
def merge_in_place(weight, down, up, alpha):
    weight += alpha / down.shape[0] * (up @ down)
    return weight


@lora_merge.alternative
def merge_by_outer_products(weight, down, up, alpha):
    rank = len(down)
    merged = weight.clone()
    for k in range(rank):
        merged += torch.outer(up[:, k], down[k]) * alpha / rank
    return merged


@lora_merge.alternative
def merge_by_einsum(weight, down, up, alpha):
    return weight + torch.einsum("or,ri->oi", up, down).mul(alpha / up.shape[1])


@lora_merge.alternative
def merge_by_addmm(weight, down, up, alpha):
    return torch.addmm(weight, up, down, alpha=alpha / up.size(1))


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


# --- clip_gradients ------------------------------------------------------------------------------


def of_several_shapes(draw: Draw, scale: float = 1.0) -> list[Tensor]:
    """Return gradients of several shapes, some of them much smaller than others."""
    rows, columns, length, depth = draw.sizes(4)
    return [
        draw.normal(rows, columns, scale=scale),
        draw.normal(length, scale=3 * scale),
        draw.normal(depth, 2, 3, scale=scale / 4),
    ]


def joint_norm(gradients: list[Tensor]) -> float:
    """Return the norm of all entries together."""
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))


def too_large(draw: Draw) -> list[Call]:
    both = [torch.tensor([3.0]), torch.tensor([[4.0]])]
    several = of_several_shapes(draw)
    small = of_several_shapes(draw, 0.02)
    return [
        Call(([torch.tensor([3.0, 4.0])], 1.0), tries="one gradient of norm 5, at most 1"),
        Call((both, 2.5), tries="two gradients, 3 and 4: together they have norm 5, at most 2.5"),
        Call((several, joint_norm(several) / draw.integer(2, 9)), tries="several shapes"),
        Call((small, joint_norm(small) / 4), tries="small gradients, an even smaller maximum"),
        # each alone is within the maximum
        Call(
            ([torch.full((5,), 0.9), torch.full((7,), -0.9)], 2.5), tries="only together too large"
        ),
        Call((of_several_shapes(draw, 1e4), 1.0), tries="very large gradients"),
    ]


def small_enough(draw: Draw) -> list[Call]:
    several = of_several_shapes(draw)
    tiny = of_several_shapes(draw, 1e-2)
    return [
        Call(([torch.tensor([3.0, 4.0])], 10.0), tries="norm 5, at most 10"),
        Call((several, joint_norm(several) * draw.integer(2, 5)), tries="several shapes"),
        Call((several, joint_norm(several) * 1.02), tries="just below the maximum"),
        Call((tiny, 1.0), tries="small gradients"),
        Call(([torch.tensor([3.0, 4.0])], 5.0), tries="norm 5, at most 5"),
    ]


def before_clipping(draw: Draw) -> list[Call]:
    several = of_several_shapes(draw, draw.choice(0.1, 1.0, 10.0))
    norm = joint_norm(several)
    return [
        Call((several, norm / 3), tries="gradients that are clipped"),
        Call((several, norm * 3), tries="gradients that are not"),
        Call(([draw.normal(3, 5, scale=4)], 1.0), tries="a single gradient"),
    ]


def norm_expected(call: Call) -> tuple:
    """Expect the norm as a number, since the contract leaves open its dtype."""
    clipped, norm = reference.clip_gradients(*call.arguments)
    return clipped, norm.item()


def all_zero(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    return [
        Call(([torch.zeros(rows, columns), torch.zeros(3)], 1.0), tries="nothing but zeros"),
        Call(
            ([torch.zeros(rows), draw.normal(columns, scale=9)], 1.0), tries="one of two is zeros"
        ),
    ]


def in_double_precision(draw: Draw) -> list[Call]:
    several = [gradient.double() for gradient in of_several_shapes(draw)]
    return [
        Call((several, joint_norm(several) / 2), tries="float64 that is clipped"),
        Call((several, joint_norm(several) * 2), tries="float64 that is not"),
    ]


def not_finite(draw: Draw) -> list[Call]:
    nan, infinite = draw.normal(3, 2), draw.normal(4)
    nan[1, 0], infinite[2] = math.nan, -math.inf
    fine = draw.normal(3)
    return [
        Call(([fine, nan], 1.0), tries="a gradient with NaN"),
        Call(([infinite, fine], 1.0), tries="a gradient with an infinity"),
        Call(([fine, draw.normal(2)], 1e9), tries="gradients that are finite"),
        Call(([nan, infinite], 1e9), tries="NaN and infinity, a large maximum"),
    ]


clip_gradients = Exercise(
    "training.clip_gradients",
    parts=[
        Part("too large", 1, too_large, Close(items=(0,)), public=True, expect=norm_expected),
        Part("small enough", 0.5, small_enough, Close(items=(0,)), expect=norm_expected),
        Part("the norm", 0.5, before_clipping, Close(items=(1,)), expect=norm_expected),
        Part("zeros", 0.5, all_zero, expect=norm_expected),
        Part("dtype", 0.5, in_double_precision, Close(items=(0,)), expect=norm_expected),
        Part("not finite", 1, not_finite, Close(items=(0,))),
    ],
    equivalent={
        f"norm > 0 -> norm >= 0{CLIPPING}": ZEROS_STAY,
        f"0 -> -1{CLIPPING}": ZEROS_STAY,
        "torch.ones_like(norm) -> norm": ZEROS_STAY,
    },
    forbidden=("clip_grad_norm_", "clip_grads_with_norm_", "get_total_norm"),
)


def finite_norm(gradients):
    """Return the joint norm, refusing what the contract refuses."""
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    if not norm.isfinite():
        raise ValueError("not finite")
    return norm


@clip_gradients.misconception(
    "Each gradient is clipped by its own norm. One factor for all keeps the direction of the step."
)
def clip_each(gradients, maximum_norm):
    norm = finite_norm(gradients)
    own = [max(float(gradient.norm()), 1e-12) for gradient in gradients]
    pairs = zip(gradients, own, strict=True)
    return [gradient * min(1.0, maximum_norm / length) for gradient, length in pairs], norm


@clip_gradients.misconception(
    "Entries are cut off at the maximum. That changes the direction of the step; the *norm* is to "
    "be at most the maximum, so scale everything by one factor."
)
def clip_entries(gradients, maximum_norm):
    norm = finite_norm(gradients)
    return [gradient.clamp(-maximum_norm, maximum_norm) for gradient in gradients], norm


@clip_gradients.misconception(
    "Gradients are scaled up to the maximum as well. Where the joint norm is small enough, they "
    "stay as they are."
)
def clip_always(gradients, maximum_norm):
    norm = finite_norm(gradients)
    factor = maximum_norm / norm if norm > 0 else 1.0
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "The norms of the tensors are added. The joint norm is the root of the sum of their squares, "
    "as if all entries stood in one vector."
)
def clip_by_the_sum_of_norms(gradients, maximum_norm):
    finite_norm(gradients)
    norm = sum(gradient.norm() for gradient in gradients)
    factor = min(1.0, maximum_norm / max(float(norm), 1e-12))
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception("The root is missing: this is the square of the joint norm.")
def clip_without_the_root(gradients, maximum_norm):
    norm = finite_norm(gradients) ** 2
    factor = min(1.0, maximum_norm / max(float(norm), 1e-12))
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "The largest entry is taken for the norm; it is the root of the sum of all squares."
)
def clip_by_the_largest(gradients, maximum_norm):
    finite_norm(gradients)
    norm = max(gradient.abs().max() for gradient in gradients)
    factor = min(1.0, maximum_norm / max(float(norm), 1e-12))
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "The norm after clipping is returned; what happened in training is told by the norm before."
)
def clip_norm_afterwards(gradients, maximum_norm):
    norm = finite_norm(gradients)
    clipped, _ = reference.clip_gradients(gradients, maximum_norm)
    return clipped, norm.clamp(max=maximum_norm)


@clip_gradients.misconception(
    "The gradients that were passed in are changed, as PyTorch's own function does. Here new "
    "tensors are returned."
)
def clip_in_place(gradients, maximum_norm):
    norm = finite_norm(gradients)
    for gradient in gradients:
        gradient.mul_(min(1.0, maximum_norm / max(float(norm), 1e-12)))
    return gradients, norm


@clip_gradients.misconception(
    "Gradients of zeros give NaN: 0 times maximum / 0. A norm of 0 needs no scaling."
)
def clip_zeros_to_nan(gradients, maximum_norm):
    norm = finite_norm(gradients)
    factor = maximum_norm / norm
    return [
        torch.where(norm <= maximum_norm, g * factor / factor, g * factor) for g in gradients
    ], norm


@clip_gradients.misconception(
    "A norm that is NaN or infinite is let through; it has to raise a ValueError, or one bad "
    "batch ruins all parameters."
)
def clip_anything(gradients, maximum_norm):
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    factor = (maximum_norm / (norm + 1e-12)).clamp(max=1.0)
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.misconception(
    "Only NaN is refused. A norm that is infinite is no more use: the factor would be 0."
)
def clip_infinity(gradients, maximum_norm):
    if any(gradient.isnan().any() for gradient in gradients):
        raise ValueError("NaN")
    return clip_anything(gradients, maximum_norm)


@clip_gradients.misconception("Only the clipped gradients are returned, without the norm.")
def clip_without_norm(gradients, maximum_norm):
    return reference.clip_gradients(gradients, maximum_norm)[0]


@clip_gradients.alternative
def clip_as_in_pytorch(gradients, maximum_norm):
    norm = finite_norm(gradients)
    factor = torch.clamp(maximum_norm / (norm + 1e-6), max=1.0)
    return [gradient * factor for gradient in gradients], norm


@clip_gradients.alternative
def clip_by_torch(gradients, maximum_norm):
    parameters = [torch.zeros_like(gradient) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    try:
        norm = torch.nn.utils.clip_grad_norm_(parameters, maximum_norm, error_if_nonfinite=True)
    except RuntimeError as error:
        raise ValueError("not finite") from error
    return [parameter.grad for parameter in parameters], norm


@clip_gradients.alternative
def clip_in_plain_numbers(gradients, maximum_norm):
    total = 0.0
    for gradient in gradients:
        for entry in gradient.flatten().tolist():
            total += entry * entry
    norm = math.sqrt(total) if math.isfinite(total) else math.nan
    if math.isnan(norm):
        raise ValueError("not finite")
    if norm <= maximum_norm:
        return tuple(gradient.clone() for gradient in gradients), norm
    return tuple(gradient / norm * maximum_norm for gradient in gradients), norm


@clip_gradients.alternative
def clip_in_float64(gradients, maximum_norm):
    norm = sum((gradient.double() ** 2).sum() for gradient in gradients).sqrt()
    if norm.isnan() or norm.isinf():
        raise ValueError("not finite")
    if norm <= maximum_norm:
        return list(gradients), norm
    return [(gradient * maximum_norm / norm).to(gradient.dtype) for gradient in gradients], norm


# --- masked_cross_entropy ------------------------------------------------------------------------


def uneven_targets(draw: Draw, batch: int, length: int, vocabulary: int) -> Tensor:
    """Return targets of which row i keeps i + 1, or as many as it has; the first and last id occur.

    A mean over rows of means over positions then differs from the mean over all that is kept.
    """
    targets = draw.integers(0, vocabulary - 1, batch, length)
    targets[0, 0], targets[-1, 0] = 0, vocabulary - 1
    for row in range(batch):
        targets[row, row + 1 :] = -100
    columns = torch.randperm(length, generator=draw.generator)
    return targets[:, columns]


def all_kept(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3, 2, 8)
    targets = draw.integers(0, vocabulary - 1, batch, length)
    even = torch.zeros(3, 4)
    return [
        Call((even, torch.tensor([2, 0, 3])), tries="even logits over 4 tokens: log 4"),
        Call((draw.normal(1, vocabulary), torch.tensor([0])), tries="one target, the first id"),
        Call((draw.normal(length, vocabulary, scale=2), targets[0]), tries="a sequence"),
        Call((draw.normal(batch, length, vocabulary, scale=2), targets), tries="a batch"),
        Call((draw.normal(4, 4, 4), draw.integers(0, 3, 4, 4)), tries="all sizes equal"),
        Call((draw.normal(length, vocabulary, dtype=torch.float64), targets[1]), tries="float64"),
    ]


def some_ignored(draw: Draw) -> list[Call]:
    batch, vocabulary = draw.sizes(2, 3, 6)
    length = draw.integer(7, 9)
    targets = uneven_targets(draw, batch, length, vocabulary)
    logits = draw.normal(batch, length, vocabulary, scale=2)
    # the loss at what is ignored stands out
    loud = torch.where((targets == -100)[..., None], logits * 50, logits)
    one = targets.clone()
    one[1] = -100
    four = torch.stack([targets, one])
    return [
        Call((draw.normal(3, 4), torch.tensor([1, -100, 3])), tries="one of three is ignored"),
        Call((logits, targets), tries="sequences of which unequal numbers are kept"),
        Call((loud, targets), tries="large logits where the target is ignored"),
        Call((logits, one), tries="a sequence that is wholly ignored"),
        Call((torch.stack([loud, logits]), four), tries="logits of four dimensions"),
        Call((logits.double(), targets), tries="float64"),
    ]


def logits_of_any_size(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3, 3, 8)
    targets = draw.integers(0, vocabulary - 1, batch, length)
    targets[0, 1] = -100
    logits = draw.normal(batch, length, vocabulary, scale=2)
    # the model is sure, and wrong
    sure = torch.zeros(2, 5)
    sure[:, 1] = 400.0
    return [
        Call((logits + 200, targets), tries="all logits near 200: exp overflows above 88"),
        Call((logits - 200, targets), tries="all logits near -200: exp gives 0 below -104"),
        Call((sure, torch.tensor([3, 1])), tries="a logit of 400 on the wrong token"),
        Call((logits * 300, targets), tries="logits far apart"),
    ]


def all_ignored(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3)
    nothing = torch.full((batch, length), -100)
    return [
        Call((draw.normal(batch, length, vocabulary), nothing), tries="every target is -100"),
        Call((draw.normal(1, vocabulary), torch.tensor([-100])), tries="a single target, -100"),
        Call((draw.normal(length, vocabulary).double(), nothing[0]), tries="float64"),
    ]


masked_cross_entropy = Exercise(
    "training.masked_cross_entropy",
    parts=[
        Part("nothing ignored", 1, all_kept, public=True),
        Part("targets ignored", 1, some_ignored),
        Part("large logits", 0.5, logits_of_any_size),
        Part("everything ignored", 0.5, all_ignored),
    ],
    equivalent={
        "logits.sum() * 0.0 -> 0.0": "a number is as good as a tensor without dimensions",
        "-1 -> 1 in log_probabilities = logits[kept].log_softmax(dim=-1)": "`logits[kept]` has two "
        "dimensions, so the second is the last",
    },
    forbidden=("cross_entropy", "nll_loss", "CrossEntropyLoss", "NLLLoss"),
)


def losses(logits, targets):
    """Return what each position loses, 0 where it is ignored, and which are kept."""
    kept = targets != -100
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return -logs * kept, kept


@masked_cross_entropy.misconception(
    "The sum is divided by the number of all targets; divide by the number of those that are kept."
)
def loss_over_all(logits, targets):
    return losses(logits, targets)[0].mean()


@masked_cross_entropy.misconception(
    "The mean is taken within each sequence first, then over sequences: a short answer then weighs "
    "as much as a long one. All kept targets weigh the same."
)
def loss_sequence_by_sequence(logits, targets):
    lost, kept = losses(logits, targets)
    return (lost.sum(-1) / kept.sum(-1).clamp(min=1)).mean()


@masked_cross_entropy.misconception("The losses are summed; their mean is asked for.")
def loss_summed(logits, targets):
    return losses(logits, targets)[0].sum()


@masked_cross_entropy.misconception(
    "Nothing is ignored: -100 is taken for a token, counted from the end or cut off to 0."
)
def loss_of_everything(logits, targets):
    logs = logits.log_softmax(-1).gather(-1, targets.clamp(min=0).unsqueeze(-1))
    return -logs.mean()


@masked_cross_entropy.misconception(
    "The id 0 is ignored as if it were padding; only -100 marks a position to leave out."
)
def loss_without_token_zero(logits, targets):
    return reference.masked_cross_entropy(logits, targets.masked_fill(targets == 0, -100))


@masked_cross_entropy.misconception(
    "If every target is -100 this gives NaN, 0 divided by 0; it has to give 0."
)
def loss_of_nothing_is_nan(logits, targets):
    lost, kept = losses(logits, targets)
    return lost.sum() / kept.sum()


@masked_cross_entropy.misconception(
    "Softmax first and log afterwards breaks down: a probability rounds to 0 and its logarithm is "
    "infinite. Take both in one stable step, such as `log_softmax` or `logsumexp`."
)
def loss_in_two_steps(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    chosen = logits[kept].softmax(-1).gather(-1, targets[kept].unsqueeze(-1))
    return -chosen.log().mean()


@masked_cross_entropy.misconception(
    "Softmax first and log afterwards breaks down: a probability rounds to 0 and its logarithm is "
    "infinite. Take both in one stable step, such as `log_softmax` or `logsumexp`."
)
def loss_unguarded(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    some = logits[kept]
    chosen = some.gather(-1, targets[kept].unsqueeze(-1)).squeeze(-1)
    return (some.exp().sum(-1).log() - chosen).mean()


@masked_cross_entropy.misconception(
    "A small number is added inside the logarithm. It caps the loss: where the model is sure and "
    "wrong, the loss grows with the logits."
)
def loss_capped(logits, targets):
    kept = targets != -100
    if not kept.any():
        return logits.sum() * 0
    chosen = logits[kept].softmax(-1).gather(-1, targets[kept].unsqueeze(-1))
    return -(chosen + 1e-10).log().mean()


@masked_cross_entropy.misconception("The sign is turned: the loss is -log p, which is positive.")
def loss_negated(logits, targets):
    return -reference.masked_cross_entropy(logits, targets)


@masked_cross_entropy.misconception(
    "The loss is in bits; nats are asked for, the natural logarithm."
)
def loss_in_bits(logits, targets):
    return reference.masked_cross_entropy(logits, targets) / math.log(2)


@masked_cross_entropy.misconception("The logarithm is missing: -log p, not 1 - p.")
def loss_without_logarithm(logits, targets):
    lost, kept = losses(logits, targets)
    return ((1 - (-lost).exp()) * kept).sum() / kept.sum().clamp(min=1)


@masked_cross_entropy.alternative
def loss_by_torch(logits, targets):
    if (targets == -100).all():
        return torch.zeros((), dtype=logits.dtype)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


@masked_cross_entropy.alternative
def loss_by_sum_and_count(logits, targets):
    lost, kept = losses(logits, targets)
    return lost.sum() / max(int(kept.sum()), 1)


@masked_cross_entropy.alternative
def loss_by_logsumexp(logits, targets):
    kept = (targets != -100).to(logits.dtype)
    safe = torch.where(targets == -100, 0, targets)
    chosen = torch.take_along_dim(logits, safe[..., None], dim=-1)[..., 0]
    lost = (logits.logsumexp(-1) - chosen) * kept
    return lost.sum() / kept.sum().clamp(min=1.0)


@masked_cross_entropy.alternative
def loss_by_one_hot(logits, targets):
    kept = targets != -100
    if kept.sum() == 0:
        return torch.tensor(0.0).to(logits)
    wanted = F.one_hot(targets[kept], logits.shape[-1]).to(logits.dtype)
    return -(wanted * F.log_softmax(logits[kept], dim=-1)).sum(-1).mean()


@masked_cross_entropy.alternative
def loss_by_loops(logits, targets):
    rows = logits.flatten(0, -2).double()
    total, count = 0.0, 0
    for row, target in zip(rows, targets.flatten().tolist(), strict=True):
        if target == -100:
            continue
        shifted = row - row.max()
        total += float(shifted.exp().sum().log() - shifted[target])
        count += 1
    return torch.tensor(total / count if count else 0.0, dtype=logits.dtype)


# --- perplexity ----------------------------------------------------------------------------------


def even_guesses(draw: Draw) -> list[Call]:
    count = draw.integer(5, 40)
    one_of_two = torch.tensor([[0.0, 0.0, -200.0, -200.0]])
    two = torch.tensor([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]).log()
    return [
        Call((torch.zeros(3, 4), torch.tensor([2, 0, 3])), tries="even over 4 tokens: 4"),
        Call((torch.zeros(2, 3, count), draw.integers(0, count - 1, 2, 3)), tries="even over more"),
        Call((one_of_two, torch.tensor([1])), tries="even over 2 of 4 tokens: 2"),
        Call((two, torch.tensor([0, 1])), tries="one token in two, and one in four"),
    ]


def any_logits(draw: Draw) -> list[Call]:
    batch, length, vocabulary = draw.sizes(3, 3, 8)
    targets = draw.integers(0, vocabulary - 1, batch, length)
    logits = draw.normal(batch, length, vocabulary, scale=1.5)
    return [
        Call((draw.normal(1, vocabulary), torch.tensor([1])), tries="one target"),
        Call((logits[0], targets[0]), tries="a sequence"),
        Call((logits, targets), tries="a batch"),
        Call((logits.double(), targets), tries="float64"),
        Call((draw.normal(4, 4, 4), draw.integers(0, 3, 4, 4)), tries="all sizes equal"),
    ]


def some_not_scored(draw: Draw) -> list[Call]:
    batch, vocabulary = draw.sizes(2, 3, 6)
    length = draw.integer(7, 9)
    targets = uneven_targets(draw, batch, length, vocabulary)
    logits = draw.normal(batch, length, vocabulary, scale=1.5)
    loud = torch.where((targets == -100)[..., None], logits * 30, logits)
    one = targets.clone()
    one[1] = -100
    return [
        Call((draw.normal(3, 4), torch.tensor([1, -100, 3])), tries="one of three is left out"),
        Call((logits, targets), tries="sequences of which unequal numbers are kept"),
        Call((loud, targets), tries="large logits where the target is left out"),
        Call((logits, one), tries="a sequence that is wholly left out"),
    ]


def long_texts(draw: Draw) -> list[Call]:
    vocabulary = draw.integer(20, 40)
    targets = draw.integers(0, vocabulary - 1, 400)
    logits = draw.normal(400, vocabulary)
    return [
        Call((logits, targets), tries="400 targets: the product of their probabilities is 0"),
        Call((logits[:9] + 200, targets[:9]), tries="all logits near 200"),
        Call((logits[:9] - 200, targets[:9]), tries="all logits near -200"),
    ]


def nothing_scored(draw: Draw) -> list[Call]:
    length, vocabulary = draw.sizes(2)
    nothing = torch.full((length,), -100)
    return [
        Call((draw.normal(length, vocabulary), nothing), tries="every target is -100"),
        Call((draw.normal(2, vocabulary), torch.tensor([1, -100])), tries="all targets but one"),
    ]


perplexity = Exercise(
    "training.perplexity",
    parts=[
        Part("even guesses", 0.5, even_guesses, public=True),
        Part("any logits", 0.5, any_logits),
        Part("targets left out", 1, some_not_scored),
        Part("long texts, large logits", 0.5, long_texts),
        Part("no target", 0.5, nothing_scored),
    ],
    equivalent={
        "masked_cross_entropy(logits, targets).item() -> masked_cross_entropy(logits, targets)": (
            "`math.exp` takes a tensor without dimensions as well"
        ),
    },
)


def scored(logits, targets):
    """Return the losses of the kept targets, refusing what the contract refuses."""
    lost, kept = losses(logits, targets)
    if not kept.any():
        raise ValueError("no target")
    return lost[kept]


@perplexity.misconception("This is the cross-entropy; the perplexity is its exponential.")
def perplexity_without_exp(logits, targets):
    return float(scored(logits, targets).mean())


@perplexity.misconception(
    "The exponential of each loss is averaged. First the mean of the losses, then one exponential."
)
def perplexity_averaged(logits, targets):
    return float(scored(logits, targets).double().exp().mean())


@perplexity.misconception(
    "The losses are summed before the exponential: this is one over the probability of the whole "
    "text and grows with its length. Take their mean."
)
def perplexity_of_the_sum(logits, targets):
    return float(scored(logits, targets).double().sum().exp())


@perplexity.misconception(
    "2 is raised to a cross-entropy in nats. With the natural logarithm goes e, with bits goes 2."
)
def perplexity_base_two(logits, targets):
    return 2 ** float(scored(logits, targets).mean())


@perplexity.misconception(
    "Targets of -100 are counted in the mean; only those that are kept count."
)
def perplexity_over_all(logits, targets):
    scored(logits, targets)
    return math.exp(losses(logits, targets)[0].mean())


@perplexity.misconception("-100 is taken for a token instead of being left out.")
def perplexity_of_everything(logits, targets):
    scored(logits, targets)
    return math.exp(loss_of_everything(logits, targets))


@perplexity.misconception(
    "Each sequence has its own perplexity here, and these are averaged. Take the mean loss of all "
    "kept targets, then one exponential."
)
def perplexity_sequence_by_sequence(logits, targets):
    scored(logits, targets)
    lost, kept = losses(logits, targets)
    some = kept.any(-1)
    return float((lost.sum(-1)[some] / kept.sum(-1)[some]).exp().mean())


@perplexity.misconception(
    "The probabilities are multiplied, and the product of many rounds to 0. Add their logarithms "
    "instead."
)
def perplexity_by_the_product(logits, targets):
    probabilities = (-scored(logits, targets)).exp()
    return float(probabilities.prod() ** (-1 / len(probabilities)))


@perplexity.misconception(
    "Softmax first and log afterwards, or exp without subtracting the largest logit, breaks down "
    "for large logits: use `log_softmax` or `logsumexp`."
)
def perplexity_unguarded(logits, targets):
    scored(logits, targets)
    kept = targets != -100
    chosen = logits.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return float((logits.exp().sum(-1).log() - chosen)[kept].mean().exp())


@perplexity.misconception("No target at all gives a number; it has to raise a ValueError.")
def perplexity_of_nothing(logits, targets):
    return math.exp(reference.masked_cross_entropy(logits, targets))


@perplexity.misconception("The sign is turned: this is one over the perplexity.")
def perplexity_upside_down(logits, targets):
    return math.exp(-float(scored(logits, targets).mean()))


@perplexity.alternative
def perplexity_by_torch(logits, targets):
    if (targets == -100).all():
        raise ValueError("nothing to score")
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)).exp()


@perplexity.alternative
def perplexity_by_bits(logits, targets):
    kept = targets != -100
    if kept.sum() == 0:
        raise ValueError
    logs = torch.log_softmax(logits[kept].double(), -1)[
        torch.arange(int(kept.sum())), targets[kept]
    ]
    return 2 ** (-logs.mean().item() / math.log(2))


@perplexity.alternative
def perplexity_by_geometric_mean(logits, targets):
    pairs = zip(logits.flatten(0, -2), targets.flatten().tolist(), strict=True)
    result, chosen = 1.0, [(row, target) for row, target in pairs if target != -100]
    if not chosen:
        raise ValueError("nothing to score")
    for row, target in chosen:
        result *= float(row.double().softmax(-1)[target]) ** (-1 / len(chosen))
    return result


@perplexity.alternative
def perplexity_by_logsumexp(logits, targets):
    flat, wanted = logits.flatten(end_dim=-2), targets.flatten()
    flat, wanted = flat[wanted >= 0], wanted[wanted >= 0]
    if not len(wanted):
        raise ValueError("no target")
    lost = flat.logsumexp(1) - flat[range(len(wanted)), wanted]
    return math.exp(float(lost.sum()) / len(wanted))


# --- last_token_features -------------------------------------------------------------------------


def batch_of_states(draw: Draw, rows: int, length: int, dtype=torch.float32) -> Tensor:
    """Return hidden states; the width is neither the batch nor the length."""
    (width,) = (size for size in draw.sizes(1, 9, 12))
    return draw.normal(rows, length, width, scale=2, dtype=dtype)


def filled_after(counts: list[int], length: int) -> Tensor:
    """Return a mask of sequences that stand at the left, with padding after them."""
    return torch.arange(length) < torch.tensor(counts)[:, None]


def padding_after(draw: Draw) -> list[Call]:
    batch, length = draw.integer(3, 5), draw.integer(6, 8)
    hidden = batch_of_states(draw, batch, length)
    counts = [length, *(draw.integer(1, length - 1) for _ in range(batch - 1))]
    shown = torch.arange(6.0).view(1, 3, 2)
    silent = hidden.clone()
    silent[:, -1] = 0.0
    return [
        Call((shown, torch.tensor([[True, True, False]])), tries="two tokens, then padding"),
        Call((hidden, filled_after([length] * batch, length)), tries="no padding at all"),
        Call((silent, filled_after([length] * batch, length)), tries="last states of zeros"),
        Call((hidden, filled_after(counts, length)), tries="sequences of several lengths"),
        Call((hidden, filled_after([1, 2, *counts[2:]], length)), tries="a sequence of one token"),
        Call((hidden.double(), filled_after(counts, length)), tries="float64"),
    ]


def padding_before(draw: Draw) -> list[Call]:
    batch, length = draw.integer(3, 5), draw.integer(6, 8)
    hidden = batch_of_states(draw, batch, length)
    counts = [draw.integer(1, length - 1) for _ in range(batch)]
    mask = filled_after(counts, length).flip(1)
    one = filled_after([1], length).flip(1)
    return [
        Call((hidden, mask), tries="padding before the text"),
        Call((hidden[:1], one), tries="one token, at the very end"),
        Call((hidden.double(), mask), tries="float64"),
    ]


def padding_anywhere(draw: Draw) -> list[Call]:
    length = draw.integer(7, 9)
    hidden = batch_of_states(draw, 4, length)
    mask = filled_after([length - 2, 2, length, 1], length)
    mask[1] = mask[1].roll(draw.integer(1, length - 3))
    mask[2, : draw.integer(1, 3)] = False
    mask[3] = mask[3].roll(draw.integer(1, length - 2))
    return [
        Call((hidden, mask), tries="padding before, after and on both sides, row by row"),
        Call((hidden[1:2], mask[1:2]), tries="padding on both sides"),
        Call((hidden[[0, 2]], mask[[0, 2]]), tries="one padded after, the other before"),
    ]


def without_a_token(draw: Draw) -> list[Call]:
    hidden = batch_of_states(draw, 3, 5)
    mask = filled_after([2, 0, 5], 5)
    return [
        Call((hidden, mask), tries="one sequence of nothing but padding"),
        Call((hidden, filled_after([2, 1, 5], 5)), tries="every sequence has a token"),
        Call((hidden[:1], filled_after([0], 5)), tries="nothing but padding"),
    ]


last_token_features = Exercise(
    "training.last_token_features",
    parts=[
        Part("padding after the text", 1, padding_after, public=True),
        Part("padding before it", 0.5, padding_before),
        Part("padding anywhere", 1, padding_anywhere),
        Part("no real token", 0.5, without_a_token),
    ],
)


def with_tokens(mask):
    """Refuse what the contract refuses."""
    if not mask.any(1).all():
        raise ValueError("a sequence without a token")
    return mask


@last_token_features.misconception(
    "The last position is taken, which is padding where padding stands after the text."
)
def features_of_the_last_position(hidden, mask):
    with_tokens(mask)
    return hidden[:, -1]


@last_token_features.misconception(
    "The number of real tokens, less one, is taken for the place of the last. That holds only "
    "where the text begins at position 0."
)
def features_by_counting(hidden, mask):
    last = with_tokens(mask).sum(1) - 1
    return hidden[torch.arange(len(hidden)), last]


@last_token_features.misconception(
    "The padding of all sequences is taken to be on the side where the first one has it."
)
def features_as_in_the_first(hidden, mask):
    with_tokens(mask)
    return (
        features_of_the_last_position(hidden, mask)
        if mask[0, -1]
        else features_by_counting(hidden, mask)
    )


@last_token_features.misconception("This is the place behind the last token: the first padding.")
def features_of_the_padding(hidden, mask):
    last = mask.shape[1] - 1 - with_tokens(mask).int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), (last + 1).clamp(max=mask.shape[1] - 1)]


@last_token_features.misconception(
    "The first real token is taken. In a causal model only the last has seen the whole text."
)
def features_of_the_first(hidden, mask):
    return hidden[torch.arange(len(hidden)), with_tokens(mask).int().argmax(1)]


@last_token_features.misconception(
    "The states of all real tokens are averaged; the last one is asked for."
)
def features_averaged(hidden, mask):
    weights = with_tokens(mask)[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


@last_token_features.misconception(
    "The place of the last real token of the whole batch is taken in every row."
)
def features_at_one_place(hidden, mask):
    last = with_tokens(mask).any(0).nonzero().max()
    return hidden[:, last]


@last_token_features.misconception(
    "Indexing with `hidden[:, last]` takes every place from every row, (batch, batch, width): pair "
    "each row with its own place, `hidden[torch.arange(batch), last]`."
)
def features_of_every_pair(hidden, mask):
    last = mask.shape[1] - 1 - with_tokens(mask).int().flip(1).argmax(1)
    return hidden[:, last]


@last_token_features.misconception(
    "There is a dimension too many, (batch, 1, width): one vector for each sequence is asked for."
)
def features_kept_as_sequence(hidden, mask):
    return reference.last_token_features(hidden, mask).unsqueeze(1)


@last_token_features.misconception(
    "A sequence without a real token is accepted; it has to raise a ValueError."
)
def features_of_nothing(hidden, mask):
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


@last_token_features.alternative
def features_by_numbering(hidden, mask):
    if (mask.sum(1) == 0).any():
        raise ValueError("no token")
    last = (mask * torch.arange(mask.shape[1])).argmax(1)
    index = last[:, None, None].expand(-1, 1, hidden.shape[-1])
    return hidden.gather(1, index).squeeze(1)


@last_token_features.alternative
def features_by_loops(hidden, mask):
    rows = []
    for states, real in zip(hidden, mask.tolist(), strict=True):
        places = [place for place, there in enumerate(real) if there]
        if not places:
            raise ValueError("no token")
        rows.append(states[places[-1]])
    return torch.stack(rows)


@last_token_features.alternative
def features_by_first_and_count(hidden, mask):
    count = mask.sum(1)
    if not count.all():
        raise ValueError("no token")
    last = mask.float().argmax(1) + count - 1
    return torch.cat([states[place][None] for states, place in zip(hidden, last, strict=True)])


@last_token_features.alternative
def features_by_one_hot(hidden, mask):
    if mask.any(1).logical_not().any():
        raise ValueError("no token")
    later = mask.flip(1).cumsum(1).flip(1)  # how many real tokens from here on
    chosen = mask & (later == 1)
    return torch.einsum("blw,bl->bw", hidden, chosen.to(hidden.dtype))


# --- adamw_step ----------------------------------------------------------------------------------


def state(draw: Draw, *shape: int, dtype=torch.float32) -> tuple:
    """Return a parameter, a gradient and moments as they are after some steps."""
    parameter, gradient = draw.normal(*shape, dtype=dtype), draw.normal(*shape, dtype=dtype)
    first = draw.normal(*shape, scale=0.7, dtype=dtype)
    return parameter, gradient, first, draw.normal(*shape, dtype=dtype).square() + 0.1


def first_steps(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    one, zero = torch.tensor([1.0]), torch.zeros(1)
    parameter, gradient = draw.normal(rows, columns), draw.normal(rows, columns, scale=3)
    zeros = torch.zeros(rows, columns)
    plain = {"weight_decay": 0.0}
    return [
        Call((one, 4 * one, zero, zero, 1, 0.5), plain, "one number, no decay: a step of 0.5"),
        Call((one, -0.01 * one, zero, zero, 1, 0.5), plain, "a small gradient: also 0.5"),
        Call((parameter, gradient, zeros, zeros, 1, 0.3), plain, "the first step of a matrix"),
        Call((one, zero, zero, zero, 1, 0.5), plain, "a gradient of 0: nothing moves"),
    ]


def later_steps(draw: Draw) -> list[Call]:
    rows, columns, depth = draw.sizes(3)
    betas = (draw.integer(60, 85) / 100, draw.integer(86, 97) / 100)
    settings = {"betas": betas, "weight_decay": 0.0}
    return [
        Call((*state(draw, rows), 2, 0.4), {"weight_decay": 0.0}, "step 2"),
        Call((*state(draw, rows, columns), 7, 0.4), settings, "step 7, other betas"),
        Call((*state(draw, depth, rows, columns), 40, 0.4), settings, "step 40"),
        Call((*state(draw, rows, dtype=torch.float64), 3, 0.4), settings, "step 3, float64"),
        Call((*state(draw, columns), 5000, 0.4), settings, "step 5,000: no correction is left"),
    ]


def moments_of_steps(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    betas = (draw.integer(55, 85) / 100, draw.integer(86, 97) / 100)
    zeros = torch.zeros(rows)
    return [
        Call((draw.normal(rows), draw.normal(rows), zeros, zeros, 1, 0.1), tries="step 1"),
        Call((*state(draw, rows, columns), 5, 0.1, betas), tries="step 5, other betas"),
        Call((*state(draw, rows, columns), 9, 0.1, betas, 0.5, 0.4), tries="step 9, with decay"),
    ]


def epsilons(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    parameter, gradient, *_ = state(draw, rows)
    zeros = torch.zeros(rows)
    # so small that the default of 1e-8 shows
    tiny = draw.normal(rows, scale=1e-8)
    return [
        Call((parameter, gradient, zeros, zeros, 1, 0.5, (0.9, 0.999), 0.7, 0.0), tries="0.7"),
        Call(
            (*state(draw, rows, columns), 4, 0.5, (0.8, 0.9)),
            {"epsilon": 1.5, "weight_decay": 0.0},
            "1.5, at step 4",
        ),
        Call((parameter, tiny, zeros, zeros, 1, 0.5), {"weight_decay": 0.0}, "the default"),
    ]


def decays(draw: Draw) -> list[Call]:
    rows, columns = draw.sizes(2)
    parameter, *_ = state(draw, rows, columns)
    zeros = torch.zeros(rows, columns)
    decay = draw.integer(2, 6) / 10
    one = torch.tensor([2.0])
    still = (parameter, zeros, zeros, zeros, 1, 0.5, (0.9, 0.999), 1e-8, decay)
    return [
        Call(
            (one, 0 * one, 0 * one, 0 * one, 1, 0.5),
            {"weight_decay": 0.2},
            "a gradient of 0: 2 shrinks by a tenth",
        ),
        Call(still, tries="a gradient of 0"),
        Call((*state(draw, rows), 3, 0.5), {"weight_decay": decay}, "a gradient, at step 3"),
        Call((*state(draw, rows), 3, 0.5), tries="the default decay"),
        Call((*state(draw, rows), 3, 1.5), {"weight_decay": 0.2}, "a large learning rate"),
    ]


def steps_in_a_row(draw: Draw) -> list[Call]:
    shape = tuple(draw.sizes(2))
    steps = 25
    betas = (draw.integer(70, 90) / 100, draw.integer(91, 99) / 100)
    settings = {"betas": betas, "epsilon": 0.05, "weight_decay": 0.3}
    state = (draw.normal(*shape), torch.zeros(shape), torch.zeros(shape))
    calls = []
    for step in range(1, steps + 1):
        parameter, first, second = state
        gradient = draw.normal(*shape, mean=0.3, scale=step**0.5)
        arguments = (parameter, gradient, first, second, step, 0.4 / step)
        tries = f"step {step} of {steps}, from what step {step - 1} returned"
        calls.append(Call(arguments, settings, tries if step > 1 else f"step 1 of {steps}"))
        state = tuple(Earlier(step - 1, (item,)) for item in range(3))
    return calls


adamw_step = Exercise(
    "training.adamw_step",
    parts=[
        Part("the first step", 1, first_steps, Close(items=(0,)), public=True),
        Part("later steps", 1, later_steps, Close(items=(0,))),
        Part("moments", 0.5, moments_of_steps, Close(items=(1, 2))),
        Part("epsilon", 0.5, epsilons, Close(items=(0,))),
        Part("weight decay", 1, decays, Close(items=(0,)), public=True),
        Part("many steps", 1, steps_in_a_row),
    ],
    forbidden=("AdamW", "Adam"),
)


def adam(
    parameter, gradient, first, second, step, rate, betas, epsilon, decay, correct=True, keep=None
):
    """Take a step that can leave out the correction, or keep other moments."""
    first = betas[0] * first + (1 - betas[0]) * gradient
    second = betas[1] * second + (1 - betas[1]) * gradient**2
    corrected = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    used = corrected if correct else (first, second)
    moved = parameter * (1 - rate * decay) - rate * used[0] / (used[1].sqrt() + epsilon)
    return moved, *(corrected if keep == "corrected" else (first, second))


@adamw_step.misconception(
    "The moments are not corrected for their start at zero: divide each by 1 - beta ** step."
)
def adamw_uncorrected(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, weight_decay, correct=False)


@adamw_step.misconception(
    "The corrected moments are returned, and corrected again in the next step. Return them as "
    "they are before the correction."
)
def adamw_returns_corrected(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, weight_decay, keep="corrected")


@adamw_step.misconception(
    "Steps are counted from 0 here, so the correction divides by too much or too little. The first "
    "step is 1."
)
def adamw_counts_from_zero(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step + 1, learning_rate, betas, epsilon, weight_decay)


@adamw_step.misconception(
    "The decay is added to the gradient: that is Adam with L2 regularization, where the division "
    "by the second moment undoes much of it. In AdamW the gradient never sees the decay."
)
def adamw_decays_the_gradient(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    gradient = gradient + weight_decay * parameter
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, 0.0)


@adamw_step.misconception(
    "The decay is not multiplied by the learning rate: the factor is 1 - learning_rate · "
    "weight_decay."
)
def adamw_decays_without_rate(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, weight_decay / learning_rate)


@adamw_step.misconception(
    "The decay is applied after the update, so the update shrinks too. Shrink the parameter first."
)
def adamw_decays_afterwards(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    moved, *moments = adam(*state, step, learning_rate, betas, epsilon, 0.0)
    return moved * (1 - learning_rate * weight_decay), *moments


@adamw_step.misconception("There is no weight decay.")
def adamw_without_decay(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, epsilon, 0.0)


@adamw_step.misconception(
    "`epsilon` is added under the root. It is added to the root: √v + epsilon."
)
def adamw_epsilon_under_the_root(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    decayed, first, second = adam(*state, step, 0.0, betas, epsilon, 0.0)
    root = (second / (1 - betas[1] ** step) + epsilon).sqrt()
    update = first / (1 - betas[0] ** step) / root
    decayed = parameter * (1 - learning_rate * weight_decay)
    return decayed - learning_rate * update, first, second


@adamw_step.misconception(
    "`epsilon` is added before the correction, so early steps get too much of it. First correct "
    "the second moment, then take the root, then add."
)
def adamw_epsilon_before_the_correction(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    corrected = epsilon / math.sqrt(1 - betas[1] ** step)
    state = parameter, gradient, first_moment, second_moment
    return adam(*state, step, learning_rate, betas, corrected, weight_decay)


@adamw_step.misconception("The root is missing: the update is divided by the second moment itself.")
def adamw_without_the_root(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    _, first, second = adam(*state, step, 0.0, betas, epsilon, 0.0)
    update = first / (1 - betas[0] ** step) / (second / (1 - betas[1] ** step) + epsilon)
    return parameter * (1 - learning_rate * weight_decay) - learning_rate * update, first, second


@adamw_step.misconception(
    "The shares are exchanged: `beta` of the old moment is kept, 1 - beta comes from the new "
    "gradient."
)
def adamw_shares_exchanged(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = (1 - betas[0]) * first_moment + betas[0] * gradient
    second = (1 - betas[1]) * second_moment + betas[1] * gradient**2
    corrected = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    decayed = parameter * (1 - learning_rate * weight_decay)
    return decayed - learning_rate * corrected[0] / (corrected[1].sqrt() + epsilon), first, second


@adamw_step.misconception("The gradient is not squared: the second moment averages its square.")
def adamw_without_square(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    root = gradient.abs().sqrt()
    _, _, second = adam(parameter, root, first_moment, second_moment, 1, 0.0, betas, epsilon, 0.0)
    state = parameter, gradient, first_moment, second_moment
    _, first, _ = adam(*state, 1, 0.0, betas, epsilon, 0.0)
    corrected = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    decayed = parameter * (1 - learning_rate * weight_decay)
    return decayed - learning_rate * corrected[0] / (corrected[1].sqrt() + epsilon), first, second


@adamw_step.misconception("The step goes uphill: the update has to be subtracted.")
def adamw_uphill(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    state = parameter, gradient, first_moment, second_moment
    moved, *moments = adam(*state, step, learning_rate, betas, epsilon, 0.0)
    return parameter * (2 - learning_rate * weight_decay) - moved, *moments


@adamw_step.misconception(
    "What was passed in is changed in place. Return new tensors and leave the old as they are."
)
def adamw_in_place(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first_moment.mul_(betas[0]).add_((1 - betas[0]) * gradient)
    second_moment.mul_(betas[1]).add_((1 - betas[1]) * gradient**2)
    first, second = first_moment / (1 - betas[0] ** step), second_moment / (1 - betas[1] ** step)
    parameter.mul_(1 - learning_rate * weight_decay)
    parameter.sub_(learning_rate * first / (second.sqrt() + epsilon))
    return parameter, first_moment, second_moment


@adamw_step.alternative
def adamw_by_torch(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    copy = parameter.clone().requires_grad_()
    copy.grad = gradient.clone()
    optimizer = torch.optim.AdamW([copy], learning_rate, betas, epsilon, weight_decay)
    optimizer.state[copy] = {
        "step": torch.tensor(float(step - 1)),
        "exp_avg": first_moment.clone(),
        "exp_avg_sq": second_moment.clone(),
    }
    optimizer.step()
    moments = optimizer.state[copy]
    return copy.detach(), moments["exp_avg"], moments["exp_avg_sq"]


@adamw_step.alternative
def adamw_by_lerp(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    first = first_moment.lerp(gradient, 1 - betas[0])
    second = second_moment * betas[1] + (1 - betas[1]) * gradient * gradient
    size = learning_rate / (1 - betas[0] ** step)
    root = second.sqrt() / math.sqrt(1 - betas[1] ** step) + epsilon
    new = parameter - learning_rate * weight_decay * parameter
    return torch.addcdiv(new, first, root, value=-size), first, second


@adamw_step.alternative
def adamw_entry_by_entry(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    learning_rate,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weight_decay=0.01,
):
    rows = []
    tensors = (parameter, gradient, first_moment, second_moment)
    for p, g, m, v in zip(*(tensor.flatten().tolist() for tensor in tensors), strict=True):
        m = m + (1 - betas[0]) * (g - m)
        v = v + (1 - betas[1]) * (g * g - v)
        update = m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)) ** 0.5 + epsilon)
        rows.append((p - learning_rate * (update + weight_decay * p), m, v))
    columns = zip(*rows, strict=True)
    return [torch.tensor(c, dtype=parameter.dtype).reshape(parameter.shape) for c in columns]


# --- next_token_distribution ---------------------------------------------------------------------


def distinct(draw: Draw, *shape: int, gap: float = 0.5, dtype=torch.float32) -> Tensor:
    """Return logits in random order, no two of a row closer than a quarter of the gap.

    Some rows are flatter than others, so that top-p keeps unequal numbers of tokens.
    """
    *outside, size = shape
    steps = torch.arange(size).expand(*outside, size) - size / 2
    jitter = torch.rand(*outside, size, generator=draw.generator)
    order = torch.rand(*outside, size, generator=draw.generator).argsort(-1)
    stretch = torch.rand(*outside, 1, generator=draw.generator) + 0.5
    values = (steps + jitter / 2) * gap * stretch
    return values.double().gather(-1, order).to(dtype)


def clear_top_p(draw: Draw, logits: Tensor, temperature: float = 1.0, top_k: int = 0) -> float:
    """Return a `top_p` that no sum of probabilities of these logits comes near.

    So rounding cannot decide what is kept. Where it can be, rows keep unequal numbers of tokens.
    """
    kept = logits.double() / temperature
    if top_k:
        kept = kept.topk(top_k).values
    sums = kept.softmax(-1).sort(-1, descending=True).values.cumsum(-1).flatten(0, -2)
    candidates = torch.rand(100, generator=draw.generator, dtype=torch.float64) * 0.55 + 0.35
    margins = (candidates[:, None, None] - sums).abs().flatten(1).min(1).values
    counts = (sums < candidates[:, None, None]).sum(-1)
    uneven = counts.amax(1) > counts.amin(1)
    best = (margins * (1 + 99 * (uneven & (margins > 1e-3)))).topk(5).indices
    return round(float(candidates[best[draw.integer(0, 4)]]), 6)


def temperatures(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 4)
    three = torch.tensor([0.5, 0.25, 0.125]).log()
    logits = distinct(draw, batch, length, 6)
    return [
        Call((three,), tries="three tokens, nothing else"),
        Call((three, 0.5), tries="temperature 0.5: probabilities are squared"),
        Call((logits,), tries="a batch of sequences"),
        Call((logits, 1.7), tries="temperature 1.7"),
        Call((logits,), {"temperature": 0.6}, "temperature 0.6"),
        Call((logits.double(), 0.8), tries="float64"),
        Call((distinct(draw, 4, 4), 2.0), tries="as many rows as tokens"),
    ]


def cold(draw: Draw) -> list[Call]:
    batch, size = draw.sizes(2, 3, 7)
    logits = distinct(draw, batch, size)
    top_p = clear_top_p(draw, logits)
    return [
        Call((torch.tensor([0.1, 2.0, -1.0]), 0.0), tries="temperature 0"),
        Call((logits, 0.0), tries="temperature 0, a batch"),
        Call((logits.double() - 9, 0), tries="temperature 0, float64, all logits below 0"),
        Call((logits, 0.0, 2, top_p), tries="temperature 0 with top-k and top-p"),
        Call((logits + 100, 1.0), tries="all logits near 100: exp overflows above 88"),
        Call((logits * 2, 0.02), tries="temperature 0.02"),
        Call((logits * 1e-9, 0.0), tries="temperature 0, logits that are nearly equal"),
    ]


def largest_k(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 4)
    size = draw.integer(6, 8)
    logits = distinct(draw, batch, length, size)
    k = draw.integer(2, 4)
    return [
        Call((torch.tensor([0.5, 0.3, 0.2]).log(),), {"top_k": 2}, "the two largest of three"),
        Call((logits,), {"top_k": k}, "a batch of sequences"),
        Call((logits, 1.5, k), tries="with a temperature"),
        Call((logits,), {"top_k": 1}, "top_k 1"),
        Call((logits,), {"top_k": size}, "top_k of the whole vocabulary"),
        Call((logits,), {"top_k": size + draw.integer(1, 50)}, "top_k beyond the vocabulary"),
        Call((logits.double() - 30_000, 1.0, k), tries="logits near -30,000, float64"),
        Call((distinct(draw, 5, 5), 1.0, 3), tries="as many rows as tokens"),
    ]


def nucleus(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 3)
    logits = distinct(draw, batch, length, 7)
    warm = distinct(draw, 3, 6, gap=0.8)
    three = torch.tensor([0.3, 0.5, 0.2]).log()
    return [
        Call((three,), {"top_p": 0.6}, "0.5 is not enough for 0.6, so 0.3 is kept too"),
        Call((three,), {"top_p": 0.4}, "0.5 is enough for 0.4"),
        Call((three,), {"top_p": 0.1}, "one token is always kept"),
        Call((three,), {"top_p": 0.9}, "all three are needed for 0.9"),
        Call((logits,), {"top_p": clear_top_p(draw, logits)}, "a batch of sequences"),
        Call((logits,), {"top_p": 1.0}, "top_p 1 keeps everything"),
        Call((warm, 2.0, None, clear_top_p(draw, warm, 2.0)), tries="temperature 2"),
        Call((warm, 0.5, None, clear_top_p(draw, warm, 0.5)), tries="temperature 0.5"),
        Call((warm.double(), 1.0, None, clear_top_p(draw, warm)), tries="float64"),
        Call((logits - 30_000.0,), {"top_p": 0.02}, "logits near -30,000, a small top_p"),
    ]


def together(draw: Draw) -> list[Call]:
    five = torch.tensor([0.28, 0.24, 0.20, 0.16, 0.12]).log()
    calls = [
        Call((five, 1.0, 3, 0.6), tries="after top-k the first two sum to 0.72, enough for 0.6"),
        Call((five, 1.0, 3, 0.8), tries="after top-k all three are needed for 0.8"),
    ]
    for _ in range(4):
        rows, k = draw.integer(1, 3), draw.integer(3, 5)
        temperature = draw.integer(6, 20) / 10
        logits = distinct(draw, rows, 8, gap=0.3)
        top_p = clear_top_p(draw, logits, temperature, k)
        tries = f"temperature {temperature}, top_k {k}, top_p {top_p:.2f}"
        calls.append(Call((logits, temperature, k, top_p), tries=tries))
    return calls


def out_of_range(draw: Draw) -> list[Call]:
    logits = distinct(draw, 5)
    return [
        Call((logits, -0.5), tries="a negative temperature"),
        Call((logits,), {"top_k": 0}, "top_k 0"),
        Call((logits,), {"top_k": -draw.integer(1, 4)}, "a negative top_k"),
        Call((logits,), {"top_p": 0.0}, "top_p 0"),
        Call((logits,), {"top_p": -0.3}, "a negative top_p"),
        Call((logits,), {"top_p": 1.2}, "top_p above 1"),
        Call((logits, 0.5, 1, 1.0), tries="what is still within the ranges"),
    ]


next_token_distribution = Exercise(
    "training.next_token_distribution",
    parts=[
        Part("temperature", 1, temperatures, public=True),
        Part("temperature 0, large logits", 0.5, cold),
        Part("top-k", 1, largest_k, Close(exact_zeros=True), public=True),
        Part("top-p", 1, nucleus, Close(exact_zeros=True), public=True),
        Part("all together", 1, together, Close(exact_zeros=True)),
        Part("out of range", 0.5, out_of_range),
    ],
    equivalent={
        "top_k < logits.shape[-1] -> top_k <= logits.shape[-1]": "keeping as many as there are "
        "keeps everything",
        "probabilities.sort(dim=-1, descending=True) -> probabilities.sort(descending=True)": (
            "the last dimension is the default"
        ),
        "before < top_p -> before <= top_p": "no sum may come so near to top_p that rounding would "
        "decide",
    },
)


def in_range(temperature, top_k, top_p):
    """Refuse what the contract refuses."""
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError("out of range")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("out of range")


def most_probable(probabilities, top_p, needed=lambda before, own, top_p: before < top_p):
    """Say which tokens are kept: those for which `needed` holds of the sum before them."""
    ordered, order = probabilities.sort(dim=-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    kept = needed(before, ordered, top_p)
    return torch.zeros_like(probabilities, dtype=torch.bool).scatter(-1, order, kept)


def steps(logits, temperature, top_k, top_p, **changed):
    """Follow the reference, with some of its steps changed."""
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = logits.topk(top_k).values[..., -1:]
        logits = logits.masked_fill(logits < least, -math.inf)
    probabilities = logits.softmax(-1)
    if top_p is None:
        return probabilities
    kept = probabilities * most_probable(probabilities, top_p, **changed)
    return kept / kept.sum(-1, keepdim=True)


@next_token_distribution.misconception(
    "The logits are multiplied by the temperature. Dividing makes a low temperature sharp and a "
    "high one flat."
)
def distribution_multiplied(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    return reference.next_token_distribution(logits * temperature, 1.0, top_k, top_p)


@next_token_distribution.misconception("The temperature is not used.")
def distribution_without_temperature(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    return reference.next_token_distribution(logits, 1.0 if temperature else 0.0, top_k, top_p)


@next_token_distribution.misconception(
    "Probabilities are divided by the temperature, which renormalizing undoes. Divide the logits, "
    "before the softmax."
)
def distribution_of_cooled_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    probabilities = reference.next_token_distribution(logits, 1.0, top_k, top_p) / temperature
    return probabilities.softmax(-1)


@next_token_distribution.misconception(
    "Temperature 0 divides by 0. It means: all probability on the largest logit."
)
def distribution_divides_by_zero(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return (logits / temperature).softmax(-1)
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


@next_token_distribution.misconception(
    'Temperature 0 is taken for "no temperature", that is 1 (`if temperature:`). It means: all '
    "probability on the largest logit."
)
def distribution_zero_is_one(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    return reference.next_token_distribution(logits, temperature or 1.0, top_k, top_p)


@next_token_distribution.misconception(
    "exp overflows: subtract the largest logit first, or use `softmax`, which does."
)
def distribution_overflows(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    exponentials = (logits / temperature).exp()
    return reference.next_token_distribution(
        (exponentials / exponentials.sum(-1, keepdim=True)).log(), 1.0, top_k, top_p
    )


@next_token_distribution.misconception(
    "What is left after top-k and top-p is not renormalized: each row has to sum to 1."
)
def distribution_not_renormalized(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    if temperature == 0:
        return result
    return (logits / temperature).softmax(-1) * (result > 0)


@next_token_distribution.misconception(
    "Logits that are cut off are set to 0 before the softmax. But exp(0) = 1: they keep "
    "probability. Set them to -infinity."
)
def distribution_zeroes_logits(logits, temperature=1.0, top_k=None, top_p=None):
    kept = reference.next_token_distribution(logits, temperature, top_k, top_p) > 0
    if temperature == 0:
        return kept.to(logits.dtype)
    return (logits / temperature * kept).softmax(-1)


@next_token_distribution.misconception(
    "Logits that are cut off are set to a number such as -10,000. Logits can lie lower than that: "
    "use -infinity."
)
def distribution_mild_fill(logits, temperature=1.0, top_k=None, top_p=None):
    kept = reference.next_token_distribution(logits, temperature, top_k, top_p) > 0
    if temperature == 0:
        return kept.to(logits.dtype)
    return (logits / temperature).masked_fill(~kept, -1e4).softmax(-1)


@next_token_distribution.misconception("One token too many is kept by top-k.")
def distribution_one_more(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    more = None if top_k is None else top_k + 1
    return reference.next_token_distribution(logits, temperature, more, top_p)


@next_token_distribution.misconception(
    "A `top_k` beyond the size of the vocabulary raises an error; it keeps everything."
)
def distribution_k_too_large(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if top_k is not None:
        logits.topk(top_k)
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


@next_token_distribution.misconception(
    "The token that brings the sum to `top_p` is cut off. It is kept: the sum has to be *at least* "
    "top_p."
)
def distribution_stops_short(logits, temperature=1.0, top_k=None, top_p=None):
    def needed(before, own, top_p):
        first = torch.arange(own.shape[-1]) == 0
        return (before + own <= top_p + 1e-6) | first

    return steps(logits, temperature, top_k, top_p, needed=needed)


@next_token_distribution.misconception(
    "One token too many is kept by top-p: as soon as the sum is at least `top_p`, nothing more is "
    "needed."
)
def distribution_goes_too_far(logits, temperature=1.0, top_k=None, top_p=None):
    def needed(before, own, top_p):
        reached = before < top_p
        return torch.cat([torch.ones_like(reached[..., :1]), reached[..., :-1]], dim=-1)

    return steps(logits, temperature, top_k, top_p, needed=needed)


@next_token_distribution.misconception(
    "Each token is compared with `top_p` (or its share of the largest is). Top-p is about the "
    "*sum* of the most probable tokens."
)
def distribution_by_threshold(logits, temperature=1.0, top_k=None, top_p=None):
    def needed(before, own, top_p):
        return own >= (1 - top_p) * own[..., :1]

    return steps(logits, temperature, top_k, top_p, needed=needed)


@next_token_distribution.misconception(
    "The least probable tokens are kept: sort in descending order before summing."
)
def distribution_of_the_least(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    probabilities = reference.next_token_distribution(logits, temperature, top_k)
    if top_p is None or temperature == 0:
        return probabilities
    ordered, order = probabilities.sort(dim=-1)
    kept = ordered.cumsum(-1) - ordered < top_p
    kept = torch.zeros_like(kept).scatter(-1, order, kept) * probabilities
    return kept / kept.sum(-1, keepdim=True)


@next_token_distribution.misconception(
    "Probabilities come out in sorted order. Each has to go back to its own token (`scatter`, or "
    "the inverse of the order)."
)
def distribution_sorted(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    if top_p is None or temperature == 0:
        return result
    return result.sort(dim=-1, descending=True).values


@next_token_distribution.misconception(
    "Top-p comes before top-k, or looks at probabilities from before it. What top-k left is "
    "renormalized first, and top-p keeps a share of that."
)
def distribution_p_of_everything(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    probabilities = reference.next_token_distribution(logits, temperature, None, top_p)
    return reference.next_token_distribution(probabilities.log(), 1.0, top_k)


@next_token_distribution.misconception(
    "The temperature comes last, after top-p has chosen by other probabilities. It comes first."
)
def distribution_temperature_last(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    kept = reference.next_token_distribution(logits, 1.0, top_k, top_p) > 0
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    return (logits / temperature).masked_fill(~kept, -math.inf).softmax(-1)


@next_token_distribution.misconception(
    "The logits that were passed in are changed in place: work on a copy."
)
def distribution_in_place(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    logits[result == 0] = -math.inf
    return result


@next_token_distribution.misconception(
    "Values outside of the ranges are accepted; they have to raise a ValueError."
)
def distribution_of_anything(logits, temperature=1.0, top_k=None, top_p=None):
    top_k = None if top_k is None else max(top_k, 1)
    top_p = None if top_p is None else min(max(top_p, 1e-6), 1.0)
    return reference.next_token_distribution(logits, max(temperature, 0.0), top_k, top_p)


@next_token_distribution.alternative
def distribution_by_filling(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits = logits / temperature
    if top_k is not None:
        values, places = logits.topk(min(top_k, logits.shape[-1]), dim=-1)
        logits = torch.full_like(logits, -torch.inf).scatter(-1, places, values)
    if top_p is not None:
        ordered, order = torch.sort(logits, dim=-1, descending=True)
        remove = ordered.softmax(-1).cumsum(-1) >= top_p
        remove = torch.cat([torch.zeros_like(remove[..., :1]), remove[..., :-1]], dim=-1)
        ordered = ordered.masked_fill(remove, -torch.inf)
        logits = torch.gather(ordered, -1, order.argsort(-1))
    return torch.softmax(logits, dim=-1)


@next_token_distribution.alternative
def distribution_as_in_transformers(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
    scores = logits / temperature
    if top_k is not None:
        least = torch.topk(scores, min(top_k, scores.size(-1)))[0][..., -1, None]
        scores = scores.masked_fill(scores < least, -float("inf"))
    if top_p is not None and top_p < 1:
        ordered, order = torch.sort(scores, descending=False)
        remove = ordered.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)
        remove[..., -1:] = False
        scores = scores.masked_fill(remove.scatter(-1, order, remove), -float("inf"))
    return scores.softmax(-1)


@next_token_distribution.alternative
def distribution_by_loops(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k <= 0:
        raise ValueError("top_k")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p")
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]).double().tolist():
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)
        if temperature == 0:
            order = order[:1]
        order = order[:top_k]
        weights = [math.exp((row[i] - row[order[0]]) / (temperature or 1)) for i in order]
        share, kept = 0.0, []
        for place, weight in zip(order, weights, strict=True):
            kept.append((place, weight))
            share += weight / sum(weights)
            if top_p is not None and share >= top_p:
                break
        result = [0.0] * len(row)
        for place, weight in kept:
            result[place] = weight / sum(weight for _, weight in kept)
        rows.append(result)
    return torch.tensor(rows, dtype=logits.dtype).reshape(logits.shape)


@next_token_distribution.alternative
def distribution_by_pairs(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        top_k, temperature = 1, 1.0
    scaled = logits * (1 / temperature)
    rank = (scaled.unsqueeze(-2) > scaled.unsqueeze(-1)).sum(-1)  # how many are more probable
    if top_k is not None:
        scaled = torch.where(rank < top_k, scaled, -math.inf)
    probabilities = (scaled - scaled.amax(-1, keepdim=True)).exp()
    probabilities = probabilities / probabilities.sum(-1, keepdim=True)
    if top_p is not None:
        above = rank.unsqueeze(-2) < rank.unsqueeze(-1)
        before = (probabilities.unsqueeze(-2) * above).sum(-1)
        probabilities = torch.where(before < top_p, probabilities, 0)
    return probabilities / probabilities.sum(-1, keepdim=True)
