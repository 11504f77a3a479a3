"""Copies are found under other names, and what many write is no copy."""

from autograder.instructor.likeness import alike, form_of

ANSWER = '''
def merge(first, second):
    """Merge two sorted lists."""
    merged = []
    while first and second:  # both have something left
        source = first if first[0] <= second[0] else second
        merged.append(source.pop(0))
    for rest in (first, second):
        merged += [item for item in rest if item is not None]
    return merged
'''
DISGUISED = '''
def merge(a, b):
    """Other words."""
    out = []
    while a and b:
        s = a if a[0] <= b[0] else b
        out.append(s.pop(0))
    for r in (a, b):
        out += [x for x in r if x is not None]

    return out
'''
OTHER = ANSWER.replace("<=", "<").replace(
    "while first and second", "while len(first) * len(second)"
)
NAMES = ("first", "second", "third")


def renamed(source: str, name: str) -> str:
    return source.replace("merge(", f"{name}(")


def test_names_comments_docstrings_and_spacing_make_no_difference():
    assert form_of(ANSWER)
    assert form_of(ANSWER) == form_of(DISGUISED)


def test_another_way_of_doing_it_is_another_form():
    assert form_of(ANSWER) != form_of(OTHER)


def test_names_of_the_library_are_not_the_students_own():
    longer = ANSWER + "\nbest = max(len(str(x)) for x in [1, 2, 3])\n"
    assert form_of(longer) != form_of(longer.replace("max(", "min("))


def test_a_short_answer_and_one_that_is_no_python_have_no_form():
    assert form_of("def double(x):\n    return 2 * x") == ""
    assert form_of("def broken(:") == ""
    assert form_of("(" * 5000) == ""
    assert form_of("x = " + "-" * 200_000 + "1") == ""


def class_with(**answers: str) -> dict[str, dict[str, str]]:
    return {student: {n: renamed(a, n) for n in NAMES} for student, a in answers.items()}


def test_a_pair_is_named_with_what_it_shares_and_how_much_is_copied_to_the_letter():
    everybody = class_with(ada=ANSWER, bob=DISGUISED, eve=OTHER)
    everybody["ada"]["third"] = everybody["bob"]["third"]
    (pair,) = alike(everybody)
    assert pair.students == ("ada", "bob")
    assert pair.exercises == NAMES
    assert pair.to_the_letter == 1


def test_one_answer_alike_is_no_pair():
    everybody = class_with(ada=ANSWER, eve=OTHER)
    everybody["eve"]["first"] = everybody["ada"]["first"]
    assert alike(everybody) == []


def test_three_of_a_small_class_are_three_pairs():
    others = {f"student{i}": OTHER for i in range(9)}
    found = alike(class_with(ada=ANSWER, bob=DISGUISED, eve=ANSWER, **others))
    assert [pair.students for pair in found if "student" not in pair.students[1]] == [
        ("ada", "eve"),
        ("ada", "bob"),
        ("bob", "eve"),
    ]
    assert len(found) == 3


def test_what_much_of_the_class_wrote_is_the_usual_way():
    everybody = class_with(**{f"student{i}": ANSWER for i in range(20)})
    assert alike(everybody) == []
