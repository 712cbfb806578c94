"""The wire format of protocol buffers."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.protobuf import fields, varints


def varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 2**64 - 1) | st.binary(max_size=40)), max_size=20))
def test_what_is_written_is_read(written):
    message, expected = b"", {}
    for number, value in written:
        if isinstance(value, int):
            message += varint(number << 3) + varint(value)
        else:
            message += varint(number << 3 | 2) + varint(len(value)) + value
        expected.setdefault(number, []).append(value)
    assert fields(message) == fields(memoryview(message)) == expected


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_packed_integers(values):
    packed = b"".join(map(varint, values))
    assert varints(packed) == varints(memoryview(packed), most=len(values)) == values
    if values:
        with pytest.raises(ArchflowError, match="more than"):
            varints(packed, most=len(values) - 1)


def test_too_many_values_are_refused_before_they_are_kept():
    message = bytes([0x08, 0x01]) * 1000
    assert len(fields(message, most=1000)[1]) == 1000
    with pytest.raises(ArchflowError, match="more than 999 values"):
        fields(message, most=999)


@given(st.binary(max_size=60))
def test_anything_is_read_or_refused(message):
    for read in (fields, varints):
        with contextlib.suppress(ArchflowError):
            read(message)
