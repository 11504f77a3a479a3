"""Trained models in the cache: made once, remade when what made them has changed.

A checkpoint's name ends in a digest of everything it depends on: its settings and the source of
the modules that made it. Code of another version therefore never meets its weights.
"""

import ast
import hashlib
import inspect
import json
import os
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from filelock import FileLock
from torch import Tensor

from solutions.materials import packages


@dataclass(frozen=True)
class Checkpoint:
    """Tensors and what was recorded while they were made (anything JSON can hold)."""

    tensors: dict[str, Tensor]
    record: dict[str, Any]


def digest(settings: dict[str, Any], sources: Sequence[ModuleType | Callable[..., Any]]) -> str:
    """Give 16 hexadecimal digits that change with the settings and with what the code does.

    Comments, docstrings and layout do not count, so better words cost no training.
    """
    text = json.dumps(settings, sort_keys=True, default=str)
    text += "".join(instructions(inspect.getsource(source)) for source in sources)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def instructions(source: str) -> str:
    """Return Python source without comments, docstrings and layout."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # a string that stands by itself does nothing
            node.body = [part for part in body if not _is_string(part)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_string(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def cached(
    name: str,
    settings: dict[str, Any],
    sources: Sequence[ModuleType | Callable[..., Any]],
    make: Callable[[], Checkpoint],
    *,
    remake: bool = False,
) -> Checkpoint:
    """Return a checkpoint from the cache, making it first if it is missing or out of date.

    Args:
        name: what it is called in the cache.
        settings: what the result depends on besides code; JSON, or anything with a stable `str`.
        sources: the modules and functions that the result depends on.
        make: called without arguments when there is nothing usable in the cache. If it is
            interrupted, nothing is kept and the next call starts over.
        remake: make it in any case.
    """
    path = (
        packages.cache_folder() / "checkpoints" / f"{name}-{digest(settings, sources)}.safetensors"
    )
    if not remake and (found := read(path)) is not None:
        return found
    locks = packages.cache_folder() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{path.stem}.lock"):
        # another process may have made it meanwhile
        if not remake and (found := read(path)) is not None:
            return found
        made = make()
        write(path, made)
        return made


def read(path: Path) -> Checkpoint | None:
    """Read a checkpoint; None if there is none, or one that cannot be read."""
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return Checkpoint(tensors, json.loads(file.metadata()["record"]))
    except (SafetensorError, KeyError, TypeError, ValueError):
        return None


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint so that a reader sees all of it or nothing."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.unfinished")
    tensors = {
        key: tensor.detach().clone().contiguous() for key, tensor in checkpoint.tensors.items()
    }
    try:
        save_file(tensors, unfinished, metadata={"record": json.dumps(checkpoint.record)})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def with_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put a prefix before each name, so that several models fit into one checkpoint."""
    return {prefix + name: tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take the tensors whose names begin with a prefix, and the prefix off their names."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
