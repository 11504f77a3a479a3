"""Values cross as they are, and hostile bytes do no harm."""

import collections
import contextlib
import math
import resource
import struct

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checking import values
from autograder.checking.values import (
    ARRAY_DTYPES,
    TENSOR_DTYPES,
    Limits,
    Seed,
    ValueFrameError,
    decode,
    encode,
)

keys = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary()
scalars = keys | st.integers() | st.floats(allow_nan=False)
plain = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def exactly_equal(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(exactly_equal, one, other))
    if isinstance(one, dict):
        return exactly_equal(list(one.items()), list(other.items()))
    return one == other


@pytest.fixture(autouse=True, scope="module", params=[values.SMALL, 0], ids=["small", "stepwise"])
def _both_ways_of_unpacking(request):
    """Unpack few bytes by one call, as always, and then step by step, as only many are else."""
    before, values.SMALL = values.SMALL, request.param
    yield
    values.SMALL = before


@given(plain)
def test_plain_values_come_back_as_they_were(value):
    assert exactly_equal(decode(encode(value)), value)


@pytest.mark.parametrize("dtype", TENSOR_DTYPES.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
def test_a_tensor_keeps_dtype_shape_and_values(dtype, shape):
    tensor = (torch.randn(shape) * 10).to(dtype)
    back = decode(encode(tensor))
    assert back.dtype is dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_a_single_element_of_a_larger_tensor_crosses():
    column = torch.arange(6).reshape(1, 6)[:, ::3][:, -1]
    assert column.stride() == (6,)
    assert decode(encode(column)).tolist() == [3]


@pytest.mark.parametrize("dtype", ARRAY_DTYPES.values(), ids=str)
def test_an_array_and_a_number_of_numpy_keep_their_dtype(dtype):
    array = (np.random.default_rng(0).random((2, 3)) * 5).astype(dtype)
    back = decode(encode(array))
    assert back.dtype == dtype
    assert np.array_equal(back, array)
    number = decode(encode(array[0, 0]))
    assert type(number) is dtype.type
    assert number == array[0, 0]


def test_big_endian_arrays_arrive_with_their_values():
    array = np.arange(4, dtype=">i4")
    assert decode(encode(array)).tolist() == [0, 1, 2, 3]


def test_nan_infinity_and_minus_zero_cross():
    back = decode(encode([math.nan, -math.inf, -0.0]))
    assert math.isnan(back[0])
    assert back[1] == -math.inf
    assert math.copysign(1, back[2]) == -1
    assert decode(encode(torch.tensor([math.nan]))).isnan().all()


def test_a_transposed_tensor_arrives_transposed_in_memory():
    tensor = torch.randn(2, 3, 4).permute(2, 0, 1)
    back = decode(encode(tensor))
    assert back.stride() == tensor.stride()
    assert torch.equal(back, tensor)


def test_a_tensor_that_is_expanded_or_sliced_arrives_with_its_values():
    for tensor in (torch.randn(1, 3).expand(4, 3), torch.randn(8, 3)[::2], torch.randn(3).flip(0)):
        assert torch.equal(decode(encode(tensor)), tensor)


def test_what_arrives_shares_no_memory_with_what_was_sent():
    tensor = torch.zeros(3)
    back = decode(encode(tensor))
    back += 1
    assert tensor.sum() == 0


def test_lone_surrogates_in_text_cross():
    assert decode(encode("\ud800")) == "\ud800"


def test_a_seed_becomes_a_generator_with_that_seed():
    assert decode(encode(Seed(7))) == Seed(7)
    expected = torch.rand(3, generator=torch.Generator().manual_seed(7))
    assert torch.equal(torch.rand(3, generator=Seed(7).generator()), expected)


def test_harmless_relatives_become_the_plain_type():
    assert decode(encode(torch.zeros(2, 3).shape)) == (2, 3)
    largest = decode(encode(torch.tensor([1, 3, 2]).topk(2)))
    assert type(largest) is tuple
    assert [part.tolist() for part in largest] == [[3, 2], [1, 2]]
    assert type(decode(encode(collections.Counter("aab")))) is dict
    assert decode(encode(collections.defaultdict(int, a=1))) == {"a": 1}
    assert type(decode(encode(torch.nn.Parameter(torch.zeros(2))))) is torch.Tensor
    assert decode(encode({np.int64(3): 1})) == {3: 1}


class Liar(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


class Plain:
    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize(
    "value",
    [
        Liar(1),
        torch.zeros(2).as_subclass(LyingTensor),
        Plain(),
        {1, 2},
        object,
        print,
        np.array([Plain()]),
        np.array(["text"]),
        np.ma.masked_array([1.0]),
        [Plain()],
        {"key": Plain()},
        torch.zeros(2, 2).to_sparse(),
        torch.empty(2, device="meta"),
        (x for x in [1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_plain_value_is_refused_with_its_type(value):
    with pytest.raises(ValueFrameError):
        encode(value)


def test_a_list_that_contains_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueFrameError, match="deep"):
        encode(endless)


def test_limits_hold_when_encoding():
    with pytest.raises(ValueFrameError, match="larger"):
        encode(torch.zeros(300), Limits(size=1000))
    with pytest.raises(ValueFrameError, match="values"):
        encode([0] * 100, Limits(items=50))
    with pytest.raises(ValueFrameError, match="entries"):
        encode(dict.fromkeys(range(100)), Limits(entries=50))
    with pytest.raises(ValueFrameError, match="integer"):
        encode(1 << 100_000)
    with pytest.raises(ValueFrameError):
        # one stored number, a thousand million shown
        encode(torch.zeros(1).expand(2**30))


def test_limits_hold_when_decoding():
    with pytest.raises(ValueFrameError, match="bytes"):
        decode(encode(b"x" * 1000), Limits(size=100))
    with pytest.raises(ValueFrameError, match="values"):
        decode(encode([0] * 100), Limits(items=50))
    with pytest.raises(ValueFrameError, match="entries"):
        decode(encode(dict.fromkeys(range(100))), Limits(entries=50))


def packed(kind, *fields):
    """A record as it is sent; a shape, a list of integers here, goes as bytes."""
    as_sent = [
        struct.pack(f"<{len(field)}q", *field)
        if isinstance(field, list) and kind in (TENSOR, ARRAY)
        else field
        for field in fields
    ]
    return msgpack.packb([kind, *as_sent])


TENSOR, ARRAY, DICT, LIST, NUMBER, INTEGER = 3, 4, 2, 0, 5, 6

HOSTILE = {
    "nothing": b"",
    "a list that claims 4 thousand million items": b"\xdd\xff\xff\xff\xff\x00",
    "nested lists that each claim many": b"\xdd\x00\x0f\xff\xff\x00" * 40,
    "a text longer than the bytes": b"\xdb\xff\xff\xff\xffabc",
    "a msgpack map": msgpack.packb({1: 2}),
    "an empty msgpack map": b"\x80",
    "an empty msgpack extension": b"\xc7\x00\x05",
    "a msgpack extension": msgpack.packb(msgpack.ExtType(5, b"abc")),
    "a msgpack timestamp": msgpack.packb(msgpack.Timestamp(1, 2)),
    "an unused byte": b"\xc1",
    "an unknown kind": packed(99, 1),
    "a kind that is a text": packed("tensor", 1),
    "an empty record": msgpack.packb([]),
    "text that is not UTF-8": b"\xa2\xff\xfe",
    "bytes left over": encode(1) + encode(2),
    "a key without a value": packed(DICT, 1),
    "a list as a key": packed(DICT, [LIST], 1),
    "a key that stands twice": packed(DICT, 1, 2, 1, 3),
    "True and 1 as keys": packed(DICT, True, 2, 1, 3),
    "a shape that does not fit": packed(TENSOR, "float32", [1000], [0], b"1234"),
    "a negative dimension": packed(TENSOR, "float32", [-1], [0], b"1234"),
    "an enormous empty tensor": packed(TENSOR, "int8", [0, 2**31 - 1, 2**31 - 1], [0, 1, 2], b""),
    "an enormous dimension": packed(TENSOR, "float32", [2**62, 4], [0, 1], b""),
    "too many dimensions": packed(TENSOR, "float32", [1] * 100, list(range(100)), b"1234"),
    "an order that is none": packed(TENSOR, "float32", [1, 1], [0, 0], b"1234"),
    "a dtype that is not allowed": packed(TENSOR, "qint8", [1], [0], b"1"),
    "a dtype of objects": packed(ARRAY, "object", [1], b"12345678"),
    "a shape that is a text": packed(TENSOR, "float32", "shape", [0], b"1234"),
    "a shape of 7 bytes": packed(TENSOR, "float32", b"1234567", [0], b"1234"),
    "a bool that is 7": packed(TENSOR, "bool", [1], [0], b"\x07"),
    "a numpy bool that is 7": packed(ARRAY, "bool", [1], b"\x07"),
    "a scalar of two": packed(NUMBER, "float32", b"12345678"),
    "an integer of a megabyte": packed(INTEGER, b"\x01" * 2**20),
    "a large integer as a key": packed(DICT, [INTEGER, b"\x01" * 100], 1),
    "a seed that is a text": packed(7, "now"),
    "a pickle": b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system.",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_raise_the_one_error(data):
    with pytest.raises(ValueFrameError):
        decode(data)


@settings(max_examples=400)
@given(st.binary(max_size=200))
def test_random_bytes_are_a_value_or_the_one_error(data):
    with contextlib.suppress(ValueFrameError):
        decode(data)


@settings(max_examples=300)
@given(plain, st.data())
def test_damaged_bytes_are_a_value_or_the_one_error(value, data):
    damaged = bytearray(encode([value, torch.zeros(2, 3), np.ones(2)]))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueFrameError):
        decode(bytes(damaged))


def test_headers_that_claim_much_take_no_memory():
    nested = b"\xdd\x00\x3f\xff\xff\x00" * 30
    padding = b"\xc4\xff" + b"x" * 255
    data = nested + padding * (2**14)  # 4 MB, so that each claimed length is borne out
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueFrameError):
        decode(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # kilobytes


def test_few_bytes_claim_little():
    nested = b"\xdc\x0f\xff" * (values.SMALL // 3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueFrameError):
        decode(nested)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kilobytes


def test_deeply_nested_bytes_are_refused_without_a_recursion_error():
    with pytest.raises(ValueFrameError, match="deep"):
        decode(b"\x92\x00" * 100_000 + b"\x00")


def test_a_named_tuple_crosses_as_the_tuple_it_is():
    class Step(collections.namedtuple("Step", ("output", "cache"))):
        def __iter__(self):
            raise RuntimeError("not asked")

    assert decode(encode(Step(1.5, [2]))) == (1.5, [2])
