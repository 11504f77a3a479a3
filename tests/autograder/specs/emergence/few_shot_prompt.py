"""Further solutions to `emergence.few_shot_prompt`, right and wrong."""

from solutions import emergence as reference


def right__lines(examples, question, arrow=" ->"):
    lines = []
    for example in examples:
        question_text, answer = example
        lines.append(question_text + arrow + f" {answer}")
    lines.append(question + arrow)
    return "\n".join(lines)


def right__recursion(examples, question, arrow=" ->"):
    if not examples:
        return f"{question}{arrow}"
    (asked, answer), *others = examples
    return asked + arrow + " " + answer + "\n" + right__recursion(others, question, arrow)


def right__indexed(examples, question, arrow=" ->"):
    out = ""
    for i in range(len(examples)):
        out = out + examples[i][0] + arrow + " " + examples[i][1] + "\n"
    out += question
    out += arrow
    return out


def wrong__default_ends_stripped(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow).strip()


def wrong__stripped_arrow(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, " " + arrow.strip())


def wrong__without_repeats(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(dict.fromkeys(examples)), question, arrow)


def wrong__by_dictionary(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(dict(examples).items()), question, arrow)


def wrong__starts_with_a_line_break_if_empty(examples, question, arrow=" ->"):
    lines = "\n".join(f"{q}{arrow} {a}" for q, a in examples)
    return lines + "\n" + question + arrow


def wrong__reversed(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(examples)[::-1], question, arrow)


def wrong__question_first(examples, question, arrow=" ->"):
    return question + arrow + "\n" + "".join(f"{q}{arrow} {a}\n" for q, a in examples)


def wrong__quoted(examples, question, arrow=" ->"):
    return reference.few_shot_prompt([(q, repr(a)) for q, a in examples], question, arrow)


def wrong__windows_line_ends(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow).replace("\n", "\r\n")


def wrong__format_in_two_steps(examples, question, arrow=" ->"):
    template = "".join(q + arrow + " " + a + "\n" for q, a in examples) + "{question}" + arrow
    return template.format(question=question)


def wrong__last_example_left_out(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(list(examples)[:-1], question, arrow)


def wrong__arrow_in_the_examples_only(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow).removesuffix(arrow) + " ->"


def wrong__single_spaces(examples, question, arrow=" ->"):
    lines = reference.few_shot_prompt(examples, question, arrow).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines)


def wrong__list_of_lines(examples, question, arrow=" ->"):
    return [f"{q}{arrow} {a}" for q, a in examples] + [question + arrow]


def wrong__leaves_out_the_question(examples, question, arrow=" ->"):
    others = [(asked, answer) for asked, answer in examples if asked != question]
    return reference.few_shot_prompt(others, question, arrow)
