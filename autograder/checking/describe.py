"""Values and calls in words short enough for a report."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from autograder.checking.cases import Call, Earlier
from autograder.checking.values import Seed, type_name

LARGEST_SHOWN = 48  # elements of a tensor that are printed; of a larger one, the shape
LONGEST = 600  # characters


def describe_value(value: Any) -> str:
    """Return a small value in full, a large one by its kind and shape."""
    return _shortened(_describe(value))


def describe_call(call: Call, parameters: Sequence[str]) -> str:
    """Return the arguments by name, each on a line of its own."""
    named = [*zip(parameters, call.arguments, strict=False), *call.keywords.items()]
    return _shortened("\n".join(f"{name} = {_describe(value)}" for name, value in named))


def _describe(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return _describe_tensor(value)
    if isinstance(value, np.ndarray):
        if value.size > LARGEST_SHOWN:
            return f"numpy array of shape {value.shape}, {value.dtype}"
        return repr(value)
    if isinstance(value, Seed):
        return f"torch.Generator().manual_seed({value.number})"
    if isinstance(value, Earlier):
        return f"what call {value.call + 1} returned"
    if isinstance(value, dict):
        shown = itertools.islice(value.items(), LARGEST_SHOWN)
        items = ", ".join(f"{_describe(key)}: {_describe(item)}" for key, item in shown)
        rest = f", ... {len(value) - LARGEST_SHOWN} more" if len(value) > LARGEST_SHOWN else ""
        return f"{{{items}{rest}}}"
    if isinstance(value, list | tuple):
        items = ", ".join(_describe(item) for item in value[:LARGEST_SHOWN])
        rest = f", ... {len(value) - LARGEST_SHOWN} more" if len(value) > LARGEST_SHOWN else ""
        comma = "," if len(value) == 1 and isinstance(value, tuple) else ""
        return f"[{items}{rest}]" if isinstance(value, list) else f"({items}{rest}{comma})"
    if isinstance(value, str | bytes):
        return repr(value[:LONGEST])
    if type(value) is int and abs(value) >= 10**30:
        return "a very large integer"
    if isinstance(value, bool | int | float | np.generic) or value is None:
        return repr(value)
    return f"a {type_name(value)}"


def _describe_tensor(tensor: torch.Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    kind = f"tensor of shape {tuple(tensor.shape)}, {dtype}"
    if tensor.numel() > LARGEST_SHOWN or tensor.numel() == 0:
        return kind
    return f"{kind}\n{_rows(tensor, 1)}"


def _rows(tensor: torch.Tensor, depth: int) -> str:
    """Print numbers rounded, whatever the student's print options are."""
    if tensor.ndim == 0:
        item = tensor.item()
        return f"{item:.4g}" if tensor.is_floating_point() else repr(item)
    separator = ", " if tensor.ndim == 1 else ",\n" + " " * depth
    return "[" + separator.join(_rows(row, depth + 1) for row in tensor) + "]"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
