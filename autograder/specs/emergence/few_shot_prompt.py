"""What `emergence.few_shot_prompt` accepts."""

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import emergence as reference


def short_prompts(draw: Draw) -> list[Call]:
    return [
        Call(([("hot", "cold")], "big"), tries="one example"),
        Call(([("hot", "cold"), ("up", "down")], "big"), tries="two examples"),
        Call(([], "big"), tries="no example: the question alone"),
        Call(([("sea", "mer"), ("cat", "chat"), ("sea", "mer")], "cat"), tries="one of them twice"),
    ]


def any_prompts(draw: Draw) -> list[Call]:
    words = ("la mer", "naïve", "東京", "2 + 2", "Ω", "a b  c", "", "x" * 30, "No.")
    some = [(draw.choice(*words), draw.choice(*words)) for _ in range(draw.integer(4, 9))]
    return [
        Call((some, draw.choice(*words)), tries="several examples"),
        Call(([("b", "1"), ("a", "2"), ("c", "0")], "b"), tries="examples in no order"),
        Call(([(" one ", "two  "), ("three\t", " four")], "  five "), tries="blanks at the ends"),
        Call(([("{0} {x}", "100 %"), ("%s \\n", "$a {}")], "{question}"), tries="odd characters"),
        Call(([("->", " ->"), ("a -> b", "c ->")], "d -> e"), tries="texts that hold the arrow"),
        Call(((("a", "b"), ("c", "d")), "e"), tries="a tuple of examples"),
    ]


def other_arrows(draw: Draw) -> list[Call]:
    pairs = [("hot", "cold"), ("up", "down")]
    return [
        Call((pairs, "big", ":"), tries="a colon"),
        Call((pairs, "big"), {"arrow": " =>"}, "another arrow, by name"),
        Call(([], "big", "?\nA:"), tries="an arrow of two lines, no example"),
        Call((pairs, "big", " = "), tries="an arrow that ends with a space"),
        Call((pairs, "big", ""), tries="an empty arrow"),
    ]


few_shot_prompt = Exercise(
    "emergence.few_shot_prompt",
    parts=[
        Part("short prompts", 1, short_prompts, Same(), public=True),
        Part("any texts", 0.5, any_prompts, Same()),
        Part("other arrows", 0.5, other_arrows, Same()),
    ],
)


@few_shot_prompt.misconception(
    "The prompt ends with a space. The space belongs to the answer's first token (' cold' is one "
    "token), so after a space the model has to write what it has hardly ever seen."
)
def prompt_with_a_space(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow) + " "


@few_shot_prompt.misconception("There is no space between arrow and answer; one belongs there.")
def prompt_without_spaces(examples, question, arrow=" ->"):
    return "".join(f"{q}{arrow}{a}\n" for q, a in examples) + question + arrow


@few_shot_prompt.misconception(
    "The open question has no arrow: the model would go on writing the question."
)
def prompt_without_the_last_arrow(examples, question, arrow=" ->"):
    return "".join(f"{q}{arrow} {a}\n" for q, a in examples) + question


@few_shot_prompt.misconception(
    "The prompt ends with a line break. The answer has to follow in the same line."
)
def prompt_with_a_last_line_break(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow) + "\n"


@few_shot_prompt.misconception(
    "The examples all stand in one line; each is a line of its own, ended by a line break."
)
def prompt_in_one_line(examples, question, arrow=" ->"):
    return " ".join([*(f"{q}{arrow} {a}" for q, a in examples), question + arrow])


@few_shot_prompt.misconception(
    "There is an empty line after each example; one line break is enough."
)
def prompt_with_empty_lines(examples, question, arrow=" ->"):
    return "\n\n".join([*(f"{q}{arrow} {a}" for q, a in examples), question + arrow])


@few_shot_prompt.misconception("There is a space too many before the arrow: it brings its own.")
def prompt_with_wide_arrows(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, f" {arrow}")


@few_shot_prompt.misconception("The argument `arrow` is not used: ' ->' is only its default.")
def prompt_with_a_fixed_arrow(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question)


@few_shot_prompt.misconception("Question and answer are exchanged in the examples.")
def prompt_with_answers_first(examples, question, arrow=" ->"):
    return reference.few_shot_prompt([(a, q) for q, a in examples], question, arrow)


@few_shot_prompt.misconception(
    "The examples stand in another order than they were given in; each stands where it is, also "
    "where one comes twice."
)
def prompt_sorted(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(sorted(examples), question, arrow)


@few_shot_prompt.misconception(
    "White space at the ends of the texts is lost; they are taken as they are."
)
def prompt_stripped(examples, question, arrow=" ->"):
    examples = [(q.strip(), a.strip()) for q, a in examples]
    return reference.few_shot_prompt(examples, question.strip(), arrow)


@few_shot_prompt.alternative
def prompt_by_joining(examples, question, arrow=" ->"):
    return "\n".join([*(q + arrow + " " + a for q, a in examples), question + arrow])


@few_shot_prompt.alternative
def prompt_by_adding(examples, question, arrow=" ->"):
    prompt = ""
    for pair in examples:
        prompt += pair[0]
        prompt += arrow
        prompt += " " + pair[1] + "\n"
    return prompt + question + arrow
