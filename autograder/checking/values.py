"""Plain values as bytes, and back.

Arguments go to a student's function and results come back as these bytes, so whatever the student's
code made of the types in its own process, only plain values arrive. Bytes from a hostile process
are harmless: decoding executes nothing, allocates no more than a small multiple of what arrived,
and fails with one kind of error.

Underneath is msgpack. None, bool, int, float, str and bytes are themselves; everything else is an
array that begins with a `Kind`.
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
MOST_ALIKE = 16  # keys of one dictionary with one hash: integers can be chosen to collide


def encode(value: Any, limits: Limits = ANSWER_LIMITS) -> bytes:
    """Return `value` as bytes.

    Only exact types are taken: an instance of a subclass could pretend to be what it is not. The
    exceptions are harmless relatives from libraries (`Counter`, `torch.Size`, `nn.Parameter`, ...),
    which become the plain type.

    Raises:
        ValueFrameError: the value holds something else, or more than `limits` allows.
    """
    writer = _Writer(limits)
    writer.write(value, depth=0)
    return writer.packer.bytes()


def decode(data: bytes, limits: Limits = ANSWER_LIMITS) -> Any:
    """Return the value that `encode` made into `data`.

    Raises:
        ValueFrameError: the bytes are no such value, or hold more than `limits` allows.
    """
    if len(data) > limits.size:
        raise ValueFrameError(f"more than {limits.size} bytes")
    reader = _Reader(data, limits)
    try:
        value = reader.read(depth=0)
    except ValueFrameError:
        raise
    except Exception as error:
        raise ValueFrameError(f"not a value: {type(error).__name__}") from None
    if reader.position() != len(data):
        raise ValueFrameError("bytes left over after the value")
    return value


def type_name(value: Any) -> str:
    """Return the name of a value's type as a student would write it."""
    kind = type(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


class _Writer:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.packer = msgpack.Packer(autoreset=False, unicode_errors="surrogatepass")
        self.size = self.items = self.entries = 0

    def write(self, value: Any, depth: int) -> None:
        self.items += 1
        if self.items > self.limits.items:
            raise ValueFrameError(f"more than {self.limits.items:,} values in one")
        if depth > self.limits.depth:
            raise ValueFrameError(f"nested more than {self.limits.depth} deep")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            self.packer.pack(value)
        elif kind in _WRITERS:
            _WRITERS[kind](self, value, depth)
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            # a named tuple is one, whatever its class makes of iterating
            self.sequence(Kind.TUPLE, tuple.__getitem__(value, slice(None)), depth)
        else:
            raise ValueFrameError(f"of type {type_name(value)}, which is not a plain value")

    def reserve(self, size: int) -> None:
        self.size += size
        if self.size > self.limits.size:
            raise ValueFrameError(f"larger than {self.limits.size / 2**20:.0f} MB")

    def scalar(self, value: str | bytes, depth: int) -> None:
        self.reserve(len(value))
        self.packer.pack(value)

    def integer(self, value: int, depth: int) -> None:
        if -(2**63) <= value < 2**64:
            self.packer.pack(value)
            return
        size = value.bit_length() // 8 + 1
        if size > LONGEST_INTEGER:
            raise ValueFrameError(f"an integer of more than {LONGEST_INTEGER} bytes")
        self.record(Kind.INTEGER, value.to_bytes(size, "big", signed=True))

    def record(self, kind: Kind, *fields: Any) -> None:
        self.packer.pack((int(kind), *fields))

    def sequence(self, kind: Kind, values: Any, depth: int) -> None:
        self.packer.pack_array_header(1 + len(values))
        self.packer.pack(int(kind))
        for value in values:
            self.write(value, depth + 1)

    def dictionary(self, value: dict, depth: int) -> None:
        self.entries += len(value)
        if self.entries > self.limits.entries:
            raise ValueFrameError(f"more than {self.limits.entries:,} dictionary entries")
        flat: list[Any] = []
        for key, entry in dict.items(value):
            flat += (key.item() if isinstance(key, np.generic) else key, entry)
        self.sequence(Kind.DICT, flat, depth)

    def tensor(self, value: torch.Tensor, depth: int) -> None:
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
        self.record(Kind.TENSOR, dtype, _packed(shape), _packed(order), content)

    def array(self, value: np.ndarray, depth: int) -> None:
        if value.dtype.name not in ARRAY_DTYPES:
            raise ValueFrameError(f"a numpy array of {value.dtype}")
        _check_shape(value.shape)
        self.items += ARRAY_ITEMS - 1
        self.reserve(value.nbytes)
        self.record(Kind.ARRAY, value.dtype.name, _packed(value.shape), _little_endian(value))

    def number(self, value: np.generic, depth: int) -> None:
        self.record(Kind.NUMBER, value.dtype.name, _little_endian(np.asarray(value)))

    def seed(self, value: Seed, depth: int) -> None:
        self.record(Kind.SEED, value.number)


def _packed(integers: Sequence[int]) -> bytes:
    return _INTEGERS[len(integers)].pack(*integers)


def _little_endian(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _sequence(kind: Kind) -> Callable[[_Writer, Any, int], None]:
    return lambda writer, values, depth: writer.sequence(kind, values, depth)


_INTEGERS = [struct.Struct(f"<{count}q") for count in range(MOST_DIMENSIONS + 1)]
_IN_ORDER = [tuple(range(count)) for count in range(MOST_DIMENSIONS + 1)]
_WRITERS: dict[type, Callable[[_Writer, Any, int], None]] = {
    int: _Writer.integer,
    str: _Writer.scalar,
    bytes: _Writer.scalar,
    list: _sequence(Kind.LIST),
    tuple: _sequence(Kind.TUPLE),
    torch.Size: _sequence(Kind.TUPLE),
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


def _starts(first: int) -> int:
    """Say what msgpack begins with a byte."""
    if 0x90 <= first <= 0x9F or first in (0xDC, 0xDD):
        return _AN_ARRAY
    maps_and_extensions = (
        *(range(0x80, 0x90), range(0xC7, 0xCA)),
        *(range(0xD4, 0xD9), range(0xDE, 0xE0)),
    )
    return _REFUSED if any(first in each for each in maps_and_extensions) else _PLAIN


_PLAIN, _AN_ARRAY, _REFUSED = range(3)
_STARTS = [_starts(first) for first in range(256)]


class _Reader:
    """Reads value by value, so that no header can claim more than what follows it."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.items = self.entries = 0
        self.unpacker = msgpack.Unpacker(
            max_buffer_size=max(len(data), 1), unicode_errors="surrogatepass"
        )
        self.unpacker.feed(data)

    def position(self) -> int:
        return self.unpacker.tell()

    def read(self, depth: int) -> Any:
        self.items += 1
        if self.items > self.limits.items:
            raise ValueFrameError(f"more than {self.limits.items:,} values in one")
        if depth > self.limits.depth:
            raise ValueFrameError(f"nested more than {self.limits.depth} deep")
        if not self._at_array():
            return self.unpacker.unpack()
        count = self.unpacker.read_array_header() - 1
        kind = self.plain(int)
        if not 0 <= count <= len(self.data) - self.position():
            raise ValueFrameError("a length that the bytes do not bear out")
        if kind == Kind.LIST:
            return [self.read(depth + 1) for _ in range(count)]
        if kind == Kind.TUPLE:
            return tuple([self.read(depth + 1) for _ in range(count)])
        if kind == Kind.DICT:
            return self._dictionary(count, depth)
        if kind in (Kind.TENSOR, Kind.ARRAY):
            self.items += ARRAY_ITEMS - 1
        if kind == Kind.TENSOR and count == 4:
            return self._tensor()
        if kind == Kind.ARRAY and count == 3:
            return self._array(self._dtype(ARRAY_DTYPES), self._integers())
        if kind == Kind.NUMBER and count == 2:
            return self._array(self._dtype(ARRAY_DTYPES), [])[()]
        if kind == Kind.INTEGER and count == 1:
            return self._large_integer()
        if kind == Kind.SEED and count == 1:
            return Seed(self.plain(int))
        raise ValueFrameError("an unknown kind of value")

    def _at_array(self) -> bool:
        """Say whether an array comes next; msgpack's maps and extensions are never used."""
        position = self.unpacker.tell()
        if position >= len(self.data):
            raise ValueFrameError("the bytes end too early")
        starts = _STARTS[self.data[position]]
        if starts == _REFUSED:
            raise ValueFrameError("a kind of value that is never sent")
        return starts == _AN_ARRAY

    def plain(self, kind: type | None = None) -> Any:
        if self._at_array():
            raise ValueFrameError("a container where a plain value belongs")
        value = self.unpacker.unpack()
        if kind is not None and type(value) is not kind:
            raise ValueFrameError(f"a {type(value).__name__} where {kind.__name__} belongs")
        return value

    def _dictionary(self, count: int, depth: int) -> dict:
        if count % 2:
            raise ValueFrameError("a dictionary key without its value")
        self.entries += count // 2
        if self.entries > self.limits.entries:
            raise ValueFrameError(f"more than {self.limits.entries:,} dictionary entries")
        result: dict = {}
        alike: collections.Counter[int] = collections.Counter()
        for _ in range(count // 2):
            key = _checked_key(self.read(depth + 1))
            alike[hash(key)] += 1
            if alike[hash(key)] > MOST_ALIKE:
                raise ValueFrameError("dictionary keys that were chosen to collide")
            result[key] = self.read(depth + 1)
        if len(result) != count // 2:
            raise ValueFrameError("a dictionary key that stands twice")
        return result

    def _dtype(self, allowed: dict[str, Any]) -> Any:
        name = self.plain(str)
        if name not in allowed:
            raise ValueFrameError(f"the dtype {name[:40]!r}")
        return allowed[name]

    def _integers(self) -> tuple[int, ...]:
        content = self.plain(bytes)
        if len(content) % 8 or len(content) > 8 * MOST_DIMENSIONS:
            raise ValueFrameError("a shape that is none")
        return _INTEGERS[len(content) // 8].unpack(content)

    def _tensor(self) -> torch.Tensor:
        dtype = self._dtype(TENSOR_DTYPES)
        shape = self._integers()
        order = self._integers()
        content = self.plain(bytes)
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

    def _array(self, dtype: np.dtype, shape: list[int]) -> np.ndarray:
        content = self.plain(bytes)
        _check_shape(shape)
        _check_content(content, shape, dtype.itemsize, boolean=dtype == np.bool_)
        stored = np.frombuffer(content, dtype=dtype.newbyteorder("<")).reshape(shape)
        return stored.astype(dtype.newbyteorder("="))

    def _large_integer(self) -> int:
        content = self.plain(bytes)
        if len(content) > LONGEST_INTEGER:
            raise ValueFrameError(f"an integer of more than {LONGEST_INTEGER} bytes")
        return int.from_bytes(content, "big", signed=True)


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
