"""Generates wrong functions from a right one, to test the tests.

Each mutant differs from the reference in one place of its syntax tree: an operator, a constant, an
axis, a comparison, a call left out, arguments swapped, a statement removed. The cases of an
exercise must fail nearly all of them; those that pass have to be equivalent, and the spec says why.

Guards (`if ...: raise ...`) stay as they are: how a function refuses bad input earns no points.
"""

import ast
import contextlib
import copy
import inspect
import multiprocessing
import os
import signal
import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from autograder.checking.answering import call_function
from autograder.checking.cases import Answer, Call, ExerciseCases, Returned
from autograder.checking.judge import passes
from autograder.checking.one_thread import one_thread
from autograder.spec.exercise import Exercise

SECONDS_FOR_A_MUTANT = 60.0
SECONDS_FOR_A_CALL = 0.25  # of the processor, or, where that is more,
TIMES_THE_REFERENCE = 20.0  # what its slowest call took: what takes longer has no end
SHORT = 12  # characters; a shorter piece of code is named with the statement around it
COMMUTATIVE = {"transpose", "swapaxes", "promote_types", "maximum", "minimum", "max", "min"}


@dataclass(frozen=True)
class Mutant:
    """A change to a function: `name` says what is changed where, `tree` is the changed module."""

    name: str
    tree: ast.Module

    def function(self, name: str, scope: dict[str, Any]) -> Callable:
        """Return the changed function; `scope` holds what the module around it defines."""
        namespace = dict(scope)
        exec(compile(self.tree, "<mutant>", "exec"), namespace)
        return namespace[name]


def mutants(function: Callable, others: Collection[str] = ()) -> list[Mutant]:
    """Return all mutants of a function and of the functions of its module that it uses.

    Those named in `others` are left out: they are exercises of their own.
    """
    tree = ast.parse("\n\n".join(_sources(function, others)))
    found = [
        Mutant(change.name, ast.fix_missing_locations(_changed(tree, change)))
        for change in _changes(tree)
    ]
    counts: Counter[str] = Counter()
    numbered = []
    for mutant in found:
        counts[mutant.name] += 1
        suffix = f" #{counts[mutant.name]}" if counts[mutant.name] > 1 else ""
        numbered.append(Mutant(mutant.name + suffix, mutant.tree))
    return numbered


def survivors(
    exercise: Exercise, cases: ExerciseCases, others: Collection[str]
) -> tuple[list[str], int]:
    """Return the names of the mutants that earn full points, and how many mutants there are.

    Each mutant runs in a process of its own, since it may loop, or take all memory. The process is
    a copy of this one, in which everything is loaded, and ends at the first wrong answer.
    """
    function = exercise.reference
    every = mutants(function, others)
    undiagnosed = replace(cases, parts=tuple(replace(part, mistakes=()) for part in cases.parts))
    context = multiprocessing.get_context("fork")
    scope = vars(inspect.getmodule(function))
    alive = []
    for mutant in every:
        here, there = context.Pipe(duplex=False)
        arguments = (there, mutant, function.__name__, scope, undiagnosed)
        process = context.Process(target=_report, args=arguments, daemon=True)
        process.start()
        there.close()
        # a process that says nothing in time, or dies, has failed the cases
        passed = _received(here) if here.poll(SECONDS_FOR_A_MUTANT) else False
        process.kill()
        process.join()
        here.close()
        if passed:
            alive.append(mutant.name)
    return alive, len(every)


def _received(connection: Connection) -> bool:
    try:
        return bool(connection.recv())
    except EOFError:
        return False


def _report(
    connection: Connection, mutant: Mutant, name: str, scope: dict, cases: ExerciseCases
) -> None:
    _limit_memory()
    try:
        function = mutant.function(name, scope)
    except Exception:
        connection.send(False)
        return

    seconds = _seconds_for_a_call(cases)

    def oracle(call: Call) -> Answer:
        # when they are used up, the signal ends this process, also within compiled code
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer = call_function(function, call)
        signal.setitimer(signal.ITIMER_PROF, 0)
        return answer

    with one_thread(), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        # one thread: the parent's did not come along, and waiting for them has no end
        connection.send(passes(cases, oracle))


def _seconds_for_a_call(cases: ExerciseCases) -> float:
    """Return the time of the processor, which a busy machine makes no longer."""
    expected = [case.expected for part in cases.parts for case in part.cases]
    slowest = max((each.seconds for each in expected if isinstance(each, Returned)), default=0.0)
    return max(SECONDS_FOR_A_CALL, TIMES_THE_REFERENCE * slowest)


def _limit_memory() -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    used = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))


def _sources(function: Callable, others: Collection[str]) -> list[str]:
    """Return the source of the function, then of the functions it uses."""
    module = vars(inspect.getmodule(function))
    seen: dict[str, str] = {}
    waiting = [function]
    while waiting:
        current = waiting.pop()
        source = textwrap.dedent(inspect.getsource(current))
        seen[current.__name__] = source
        for node in ast.walk(ast.parse(source)):
            name = node.id if isinstance(node, ast.Name) else ""
            used = module.get(name)
            own = inspect.isfunction(used) and used.__module__ == function.__module__
            if own and name not in seen and name not in others:
                waiting.append(used)
    return list(seen.values())


# the way from the root of a tree to a node: names of fields, with an index where there are several
Place = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class _Change:
    """Another node for the one at a place, or None to remove a statement."""

    place: Place
    replacement: ast.AST | None
    name: str


OPERATORS: dict[type[ast.AST], Sequence[type[ast.AST]]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (),
    ast.BitAnd: (ast.BitOr, ast.BitXor),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.Lt: (ast.LtE, ast.GtE, ast.Eq),
    ast.LtE: (ast.Lt, ast.Gt, ast.Eq),
    ast.Gt: (ast.GtE, ast.LtE, ast.Eq),
    ast.GtE: (ast.Gt, ast.Lt, ast.Eq),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}


def _changes(tree: ast.Module) -> Iterator[_Change]:
    for place, node, statement in _walk(tree, (), tree):
        if place[0] != ("body", 0) and "defaults" in dict(place):
            continue  # of a function that is only used here
        before = _code(node)
        for replacement in _replacements(node):
            after = "nothing" if replacement is None else _code(replacement)
            clear = statement is node or len(before) > SHORT
            where = "" if clear else f" in {_code(statement)}"
            if after != before:
                yield _Change(place, replacement, f"{before} -> {after}{where}")


def _code(node: ast.AST) -> str:
    """Return the code of a node, of a compound statement or a function its first line."""
    first, *rest = ast.unparse(node).splitlines()
    return f"{first} ..." if rest else first


def _walk(
    node: ast.AST, place: Place, statement: ast.AST
) -> Iterator[tuple[Place, ast.AST, ast.AST]]:
    """Visit what has an effect, each node with its place and the statement around it.

    Annotations, docstrings, decorators, errors and the guards that raise them are left out.
    """
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "ctx", "op", "ops", "type_params"):
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or _is_docstring(child) or _is_guard(child):
                continue
            where = (*place, (name, index))
            around = child if isinstance(child, ast.stmt) else statement
            yield where, child, around
            if not _is_negative_number(child):
                yield from _walk(child, where, around)


def _is_guard(node: ast.AST) -> bool:
    if isinstance(node, ast.If) and not node.orelse:
        return all(isinstance(child, ast.Raise) for child in node.body)
    return isinstance(node, ast.Raise | ast.Assert)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_negative_number(node: ast.AST) -> bool:
    # it is changed as a whole
    return (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    )


def _replacements(node: ast.AST) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        for operator in OPERATORS[type(node.op)]:
            yield _with(node, op=operator())
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right
        if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow | ast.MatMult):
            yield _with(node, left=node.right, right=node.left)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in OPERATORS[type(node.ops[0])]:
            yield _with(node, ops=[operator()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield node.operand
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield from _other_constants(node, getattr(node.operand, "value", None), -1)
        yield node.operand
    if isinstance(node, ast.Constant):
        yield from _other_constants(node, node.value, 1)
    if isinstance(node, ast.Call):
        yield from _other_calls(node)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Tuple | ast.List) and len(node.elts) > 1:
        for index in range(len(node.elts) - 1):
            swapped = list(node.elts)
            swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
            yield _with(node, elts=swapped)
    if isinstance(node, ast.Slice):
        if node.lower is not None:
            yield _with(node, lower=None)
        if node.upper is not None:
            yield _with(node, upper=None)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.If | ast.For | ast.While):
        yield None
    if isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.Constant(None))


def _other_constants(node: ast.AST, value: Any, sign: int) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        value *= sign
        # to a large number, 1 more or less would be lost in the tolerance
        near = () if abs(value) > 100 else (value + 1, value - 1)
        for other in dict.fromkeys((*near, 2 * value)):
            yield _number(other)


def _number(value: float) -> ast.AST:
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value  # x.f(...) -> x
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]  # f(x, ...) -> x
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    for index in range(len(node.args) - 1 if name not in COMMUTATIVE else 0):
        swapped = list(node.args)
        swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
        yield _with(node, args=swapped)
    for index in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:index] + node.keywords[index + 1 :])


def _is_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("torch", "math", "np", "F")


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _changed(tree: ast.Module, change: _Change) -> ast.Module:
    tree = copy.deepcopy(tree)
    parent: Any = tree
    for name, index in change.place[:-1]:
        parent = getattr(parent, name) if index is None else getattr(parent, name)[index]
    name, index = change.place[-1]
    # a statement is replaced, not taken out, so that no block is left empty
    node = ast.Pass() if change.replacement is None else copy.deepcopy(change.replacement)
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node
    return tree
