"""Solutions that are the same but for names, comments and spacing.

Short functions are alike because there is only one way to write them. So an exercise says nothing
where its answer is short or where many of the class wrote the same, and a pair of students is
reported only when it shares several answers. A person decides what that means.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

SHORTEST = 60  # nodes of the syntax tree; a shorter answer can be written in few ways
LONGEST = 100_000  # characters; what is longer is no answer, and its tree would fill the memory
MOST_ALIKE = 0.1  # of the class: what more of them wrote is the usual way to do it,
MOST_IN_A_SMALL_CLASS = 5  # but so many, or half of them, may have written it together
FEWEST = 2  # answers that a pair shares


@dataclass(frozen=True)
class Alike:
    """Two students with the same answers to several exercises; `to_the_letter` counts copies."""

    students: tuple[str, str]
    exercises: tuple[str, ...]
    to_the_letter: int


def alike(answers: Mapping[str, Mapping[str, str]]) -> list[Alike]:
    """Return the pairs of students who share several answers, most shared first.

    Args:
        answers: for each student the source of each answer, by exercise.
    """
    half = (len(answers) + 1) // 2
    limit = max(2, min(MOST_IN_A_SMALL_CLASS, half), int(MOST_ALIKE * len(answers)))
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    copies: Counter[tuple[str, str]] = Counter()
    for exercise in dict.fromkeys(name for given in answers.values() for name in given):
        for students in _groups(answers, exercise):
            if len(students) > limit:
                continue
            for pair in combinations(students, 2):
                shared[pair].append(exercise)
                one, other = (answers[student][exercise] for student in pair)
                copies[pair] += one.strip() == other.strip()
    found = [
        Alike(pair, tuple(exercises), copies[pair])
        for pair, exercises in shared.items()
        if len(exercises) >= FEWEST
    ]
    return sorted(found, key=lambda a: (-len(a.exercises), -a.to_the_letter, a.students))


def _groups(answers: Mapping[str, Mapping[str, str]], exercise: str) -> list[Sequence[str]]:
    """Return the groups of students whose answers to an exercise have the same form."""
    groups: dict[str, list[str]] = defaultdict(list)
    for student in sorted(answers):
        if form := form_of(answers[student].get(exercise, "")):
            groups[form].append(student)
    return [students for students in groups.values() if len(students) > 1]


def form_of(source: str) -> str:
    """Return source without names of its own, comments, docstrings and spacing.

    Of what is too short, too long or no Python that is "".
    """
    if len(source) > LONGEST:
        return ""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    try:
        _without_docstrings(tree)
        if sum(1 for _ in ast.walk(tree)) < SHORTEST:
            return ""
        return ast.dump(_Renamed(tree).visit(tree), annotate_fields=False)
    except RecursionError:
        return ""


def _without_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:] or [ast.Pass()]


class _Renamed(ast.NodeTransformer):
    """Numbers the names that the source itself gives, in the order in which they appear."""

    def __init__(self, tree: ast.AST) -> None:
        self.own = {
            node.id if isinstance(node, ast.Name) else node.arg
            for node in ast.walk(tree)
            if isinstance(node, ast.arg)
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        }
        self.number: dict[str, str] = {}

    def _named(self, name: str) -> str:
        if name not in self.own:
            return name
        return self.number.setdefault(name, f"name {len(self.number)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._named(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._named(node.arg), None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        self.generic_visit(node)
        return node
