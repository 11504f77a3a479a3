"""Plain values as bytes, and back.

Arguments go to a student's function and results come back as these bytes, so whatever the student's
code made of the types in its own process, only plain values arrive. Bytes from a hostile process
are harmless: decoding executes nothing, allocates no more than a small multiple of what arrived,
and fails with one kind of error.

Underneath is msgpack. None, bool, int, float, str and bytes are themselves; everything else is an
array that begins with a `Kind`. A value as msgpack knows it is called a tree here.
"""

import collections
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import msgpack
import numpy as np
import torch


class ValueFrameError(ValueError):
    """The value, or the bytes, are not what may cross between a student's code and the judge."""


@dataclass(frozen=True)
class Limits:
    """How much one value may hold."""

    size: int = 64 * 2**20  # bytes in all
    depth: int = 32  # containers inside containers
    items: int = 1_000_000  # values in all, an array counting as `ARRAY_ITEMS`
    entries: int = 20_000  # dictionary entries in all


ANSWER_LIMITS = Limits(size=24 * 2**20, items=200_000)
CASES_LIMITS = Limits(size=2**30, items=20_000_000, entries=2_000_000)  # the course's own files


class Kind(IntEnum):
    """What an array of the encoding stands for."""

    LIST = 0
    TUPLE = 1
    DICT = 2
    TENSOR = 3
    ARRAY = 4
    NUMBER = 5  # a numpy scalar
    INTEGER = 6  # one that 64 bits do not hold
    SEED = 7


@dataclass(frozen=True)
class Seed:
    """Stands for `torch.Generator().manual_seed(number)` where a function takes a generator."""

    number: int

    def generator(self) -> torch.Generator:
        """Return a new generator with this seed."""
        return torch.Generator().manual_seed(self.number)


TENSOR_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    )
}
TENSOR_DTYPE_NAMES = {dtype: name for name, dtype in TENSOR_DTYPES.items()}
ARRAY_DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool",
        *("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
LARGEST_DIMENSION = 2**31 - 1
MOST_DIMENSIONS = 16
LONGEST_INTEGER = 1024  # bytes
ARRAY_ITEMS = 10  # a tensor of one byte takes as much memory and time as so many numbers
SMALL = 4096  # bytes, whose headers can claim no more than 16 MB together
MOST_ALIKE = 16  # keys of one dictionary with one hash: integers can be chosen to collide


def encode(value: Any, limits: Limits = ANSWER_LIMITS) -> bytes:
    """Return `value` as bytes.

    Only exact types are taken: an instance of a subclass could pretend to be what it is not. The
    exceptions are harmless relatives from libraries (`Counter`, `torch.Size`, `nn.Parameter`, ...),
    which become the plain type.

    Raises:
        ValueFrameError: the value holds something else, or more than `limits` allows.
    """
    return msgpack.packb(_Writer(limits).tree(value, depth=0), unicode_errors="surrogatepass")


def decode(data: bytes, limits: Limits = ANSWER_LIMITS) -> Any:
    """Return the value that `encode` made into `data`.

    Raises:
        ValueFrameError: the bytes are no such value, or hold more than `limits` allows.
    """
    if len(data) > limits.size:
        raise ValueFrameError(f"more than {limits.size} bytes")
    try:
        tree = _unpacked(data) if len(data) <= SMALL else _Unpacker(data, limits).whole()
        return _Reader(limits).value(tree, depth=0)
    except ValueFrameError:
        raise
    except Exception as error:
        raise ValueFrameError(f"not a value: {type(error).__name__}") from None


def type_name(value: Any) -> str:
    """Return the name of a value's type as a student would write it."""
    kind = type(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


class _Writer:
    """Makes a tree of a value."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.size = self.items = self.entries = 0

    def tree(self, value: Any, depth: int) -> Any:
        self.items += 1
        if self.items > self.limits.items:
            raise ValueFrameError(f"more than {self.limits.items:,} values in one")
        if depth > self.limits.depth:
            raise ValueFrameError(f"nested more than {self.limits.depth} deep")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind in _WRITERS:
            return _WRITERS[kind](self, value, depth)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            # a named tuple is one, whatever its class makes of iterating
            return self.sequence(Kind.TUPLE, tuple.__getitem__(value, slice(None)), depth)
        raise ValueFrameError(f"of type {type_name(value)}, which is not a plain value")

    def reserve(self, size: int) -> None:
        self.size += size
        if self.size > self.limits.size:
            raise ValueFrameError(f"larger than {self.limits.size / 2**20:.0f} MB")

    def scalar(self, value: str | bytes, depth: int) -> str | bytes:
        self.reserve(len(value))
        return value

    def integer(self, value: int, depth: int) -> Any:
        if -(2**63) <= value < 2**64:
            return value
        size = value.bit_length() // 8 + 1
        if size > LONGEST_INTEGER:
            raise ValueFrameError(f"an integer of more than {LONGEST_INTEGER} bytes")
        return int(Kind.INTEGER), value.to_bytes(size, "big", signed=True)

    def sequence(self, kind: Kind, values: Any, depth: int) -> list[Any]:
        tree: list[Any] = [int(kind)]
        tree.extend([self.tree(value, depth + 1) for value in values])
        return tree

    def dictionary(self, value: dict, depth: int) -> list[Any]:
        self.entries += len(value)
        if self.entries > self.limits.entries:
            raise ValueFrameError(f"more than {self.limits.entries:,} dictionary entries")
        flat: list[Any] = []
        for key, entry in dict.items(value):
            flat += (key.item() if isinstance(key, np.generic) else key, entry)
        return self.sequence(Kind.DICT, flat, depth)

    def tensor(self, value: torch.Tensor, depth: int) -> tuple:
        dtype = TENSOR_DTYPE_NAMES.get(value.dtype)
        if dtype is None or value.layout is not torch.strided:
            raise ValueFrameError(f"a tensor of {value.dtype}, {value.layout}")
        if not value.is_cpu:
            raise ValueFrameError(f"a tensor on {value.device}, not on the CPU")
        shape = value.shape
        _check_shape(shape)
        self.items += ARRAY_ITEMS - 1
        self.reserve(value.numel() * value.element_size())
        value = value.detach()
        if value.is_conj() or value.is_neg():
            value = value.resolve_conj().resolve_neg()
        # the order of the dimensions in memory, so that a transposed tensor arrives as one
        order = _IN_ORDER[len(shape)]
        if not value.is_contiguous():
            order = tuple(sorted(order, key=lambda dim: -value.stride(dim)))
            value = value.permute(order)
        if value.dtype is torch.bfloat16:  # which numpy does not know
            value = value.view(torch.int16)
        content = value.numpy().tobytes()
        return int(Kind.TENSOR), dtype, _packed(shape), _packed(order), content

    def array(self, value: np.ndarray, depth: int) -> tuple:
        if value.dtype.name not in ARRAY_DTYPES:
            raise ValueFrameError(f"a numpy array of {value.dtype}")
        _check_shape(value.shape)
        self.items += ARRAY_ITEMS - 1
        self.reserve(value.nbytes)
        return int(Kind.ARRAY), value.dtype.name, _packed(value.shape), _little_endian(value)

    def number(self, value: np.generic, depth: int) -> tuple:
        return int(Kind.NUMBER), value.dtype.name, _little_endian(np.asarray(value))

    def seed(self, value: Seed, depth: int) -> tuple:
        return int(Kind.SEED), value.number


def _packed(integers: Sequence[int]) -> bytes:
    return _INTEGERS[len(integers)].pack(*integers)


def _little_endian(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _sequence(kind: Kind) -> Callable[[_Writer, Any, int], Any]:
    return lambda writer, values, depth: writer.sequence(kind, values, depth)


# what `topk`, `max` and others of torch return: tuples by other names
_RETURNED = [
    kind
    for kind in vars(torch.return_types).values()
    if isinstance(kind, type) and issubclass(kind, tuple)
]
_INTEGERS = [struct.Struct(f"<{count}q") for count in range(MOST_DIMENSIONS + 1)]
_IN_ORDER = [tuple(range(count)) for count in range(MOST_DIMENSIONS + 1)]
_WRITERS: dict[type, Callable[[_Writer, Any, int], Any]] = {
    int: _Writer.integer,
    str: _Writer.scalar,
    bytes: _Writer.scalar,
    list: _sequence(Kind.LIST),
    tuple: _sequence(Kind.TUPLE),
    torch.Size: _sequence(Kind.TUPLE),
    **{kind: _sequence(Kind.TUPLE) for kind in _RETURNED},
    collections.deque: _sequence(Kind.LIST),
    range: _sequence(Kind.LIST),
    dict: _Writer.dictionary,
    collections.Counter: _Writer.dictionary,
    collections.OrderedDict: _Writer.dictionary,
    collections.defaultdict: _Writer.dictionary,
    torch.Tensor: _Writer.tensor,
    torch.nn.Parameter: _Writer.tensor,
    np.ndarray: _Writer.array,
    **{dtype.type: _Writer.number for dtype in ARRAY_DTYPES.values()},
    Seed: _Writer.seed,
}


def _unpacked(data: bytes) -> Any:
    """Return the tree in a few bytes, by one call."""
    return msgpack.unpackb(
        data,
        unicode_errors="surrogatepass",
        max_array_len=len(data),
        max_map_len=0,
        max_ext_len=0,
    )


class _Unpacker:
    """Makes a tree of many bytes, step by step, so that no header claims more than what follows."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.items = 0
        self.unpacker = msgpack.Unpacker(
            max_buffer_size=len(data),
            unicode_errors="surrogatepass",
            max_array_len=0,
            max_map_len=0,
            max_ext_len=0,
        )
        self.unpacker.feed(data)

    def whole(self) -> Any:
        tree = self.tree(depth=0)
        if self.unpacker.tell() != len(self.data):
            raise ValueFrameError("bytes left over after the value")
        return tree

    def tree(self, depth: int) -> Any:
        position = self.unpacker.tell()
        if position >= len(self.data):
            raise ValueFrameError("the bytes end too early")
        first = self.data[position]
        if not (0x90 <= first <= 0x9F or first in (0xDC, 0xDD)):  # how msgpack begins an array
            return self.unpacker.unpack()
        if depth > self.limits.depth:
            raise ValueFrameError(f"nested more than {self.limits.depth} deep")
        count = self.unpacker.read_array_header()
        # an array begins with its kind, and a tensor has four fields more
        self.items += count
        if count > len(self.data) - position or self.items > 5 * self.limits.items:
            raise ValueFrameError("a length that the bytes do not bear out")
        return [self.tree(depth + 1) for _ in range(count)]


class _Reader:
    """Makes a value of a tree, and nothing of what is none."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.items = self.entries = 0

    def value(self, tree: Any, depth: int) -> Any:
        self.items += 1
        if self.items > self.limits.items:
            raise ValueFrameError(f"more than {self.limits.items:,} values in one")
        if depth > self.limits.depth:
            raise ValueFrameError(f"nested more than {self.limits.depth} deep")
        if type(tree) in _SCALARS:
            return tree
        if type(tree) is not list or not tree or type(tree[0]) is not int:
            raise ValueFrameError("a kind of value that is never sent")
        kind, fields = tree[0], tree[1:]
        if kind == Kind.LIST:
            return self._values(fields, depth)
        if kind == Kind.TUPLE:
            return tuple(self._values(fields, depth))
        if kind == Kind.DICT:
            return self._dictionary(fields, depth)
        if kind in _RECORDS and tuple(map(type, fields)) == _RECORDS[kind][0]:
            if kind in (Kind.TENSOR, Kind.ARRAY):
                self.items += ARRAY_ITEMS - 1
            return _RECORDS[kind][1](*fields)
        raise ValueFrameError("an unknown kind of value")

    def _values(self, trees: list, depth: int) -> list:
        return [self.value(tree, depth + 1) for tree in trees]

    def _dictionary(self, flat: list, depth: int) -> dict:
        count = len(flat) // 2
        if len(flat) % 2:
            raise ValueFrameError("a dictionary key without its value")
        self.entries += count
        if self.entries > self.limits.entries:
            raise ValueFrameError(f"more than {self.limits.entries:,} dictionary entries")
        result: dict = {}
        alike: collections.Counter[int] = collections.Counter()
        for key_tree, tree in zip(flat[::2], flat[1::2], strict=True):
            key = _checked_key(self.value(key_tree, depth + 1))
            if count > MOST_ALIKE:
                alike[hash(key)] += 1
                if alike[hash(key)] > MOST_ALIKE:
                    raise ValueFrameError("dictionary keys that were chosen to collide")
            result[key] = self.value(tree, depth + 1)
        if len(result) != count:
            raise ValueFrameError("a dictionary key that stands twice")
        return result


def _dtype(name: str, allowed: dict[str, Any]) -> Any:
    if name not in allowed:
        raise ValueFrameError(f"the dtype {name[:40]!r}")
    return allowed[name]


def _integers(content: bytes) -> tuple[int, ...]:
    if len(content) % 8 or len(content) > 8 * MOST_DIMENSIONS:
        raise ValueFrameError("a shape that is none")
    return _INTEGERS[len(content) // 8].unpack(content)


def _tensor(dtype_name: str, packed_shape: bytes, packed_order: bytes, content: bytes) -> Any:
    dtype = _dtype(dtype_name, TENSOR_DTYPES)
    shape, order = _integers(packed_shape), _integers(packed_order)
    _check_shape(shape)
    dimensions = _IN_ORDER[len(shape)]
    stored_shape = shape
    if order != dimensions:
        if sorted(order) != list(dimensions):
            raise ValueFrameError("an order of dimensions that is none")
        stored_shape = [shape[dim] for dim in order]
    _check_content(content, shape, dtype.itemsize, boolean=dtype is torch.bool)
    if not content:
        stored = torch.empty(stored_shape, dtype=dtype)
    else:
        stored = torch.frombuffer(bytearray(content), dtype=dtype).view(stored_shape)
    if order == dimensions:
        return stored
    return stored.permute([order.index(dim) for dim in dimensions])


def _array(dtype_name: str, packed_shape: bytes, content: bytes) -> np.ndarray:
    dtype, shape = _dtype(dtype_name, ARRAY_DTYPES), _integers(packed_shape)
    _check_shape(shape)
    _check_content(content, shape, dtype.itemsize, boolean=dtype == np.bool_)
    stored = np.frombuffer(content, dtype=dtype.newbyteorder("<")).reshape(shape)
    return stored.astype(dtype.newbyteorder("="))


def _number(dtype_name: str, content: bytes) -> np.generic:
    return _array(dtype_name, b"", content)[()]


def _large_integer(content: bytes) -> int:
    if len(content) > LONGEST_INTEGER:
        raise ValueFrameError(f"an integer of more than {LONGEST_INTEGER} bytes")
    return int.from_bytes(content, "big", signed=True)


_SCALARS = frozenset((type(None), bool, int, float, str, bytes))
_RECORDS: dict[int, tuple[tuple[type, ...], Callable[..., Any]]] = {
    Kind.TENSOR: ((str, bytes, bytes, bytes), _tensor),
    Kind.ARRAY: ((str, bytes, bytes), _array),
    Kind.NUMBER: ((str, bytes), _number),
    Kind.INTEGER: ((bytes,), _large_integer),
    Kind.SEED: ((int,), Seed),
}


def _check_shape(shape: Any) -> None:
    if len(shape) > MOST_DIMENSIONS:
        raise ValueFrameError(f"more than {MOST_DIMENSIONS} dimensions")
    product = 1
    for size in shape:
        if not 0 <= size <= LARGEST_DIMENSION:
            raise ValueFrameError("a dimension that is negative or too large")
        # an empty tensor holds no byte, yet its strides are products of the other dimensions
        product *= max(size, 1)
    if product > LARGEST_DIMENSION:
        raise ValueFrameError("too many elements")


def _check_content(content: bytes, shape: list[int], item_size: int, boolean: bool) -> None:
    if len(content) != math.prod(shape) * item_size:
        raise ValueFrameError("a shape that does not fit the content")
    if boolean and content.strip(b"\0\1"):
        raise ValueFrameError("a bool that is neither True nor False")


def _checked_key(key: Any) -> Any:
    """Allow as keys what hashes well, without running anything."""
    if type(key) is tuple:
        return tuple([_checked_key(part) for part in key])
    if type(key) is int and not -(2**63) <= key < 2**64:
        raise ValueFrameError("a large integer as a dictionary key")
    if key is not None and type(key) not in (bool, int, float, str, bytes):
        raise ValueFrameError(f"a dictionary key of type {type_name(key)}")
    return key
