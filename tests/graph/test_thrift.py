"""Thrift's compact protocol: what Parquet's own writer wrote comes back, and damage is one line."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph.thrift import Compact


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def encoded(value) -> tuple[int, bytes]:
    """Kind and bytes of a value, as a list holds it."""
    match value:
        case bool():
            return 1, bytes([1 if value else 2])
        case int():
            return 6, zigzag(value)
        case float():
            return 7, struct.pack("<d", value)
        case bytes():
            return 8, varint(len(value)) + value
        case list():
            kind, parts = encoded(value[0])[0] if value else 6, b"".join(encoded(item)[1] for item in value)
            head = bytes([len(value) << 4 | kind]) if len(value) < 15 else bytes([0xF0 | kind]) + varint(len(value))
            return 9, head + parts
        case dict():
            return 12, structure(value)
    raise TypeError(value)


def structure(fields: dict) -> bytes:
    out, last = b"", 0
    for number, value in sorted(fields.items()):
        kind, content = (1 if value else 2, b"") if isinstance(value, bool) else encoded(value)
        step = number - last
        out += (bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + zigzag(number)) + content
        last = number
    return out + b"\0"


SCALARS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.binary(max_size=20)
VALUES = (
    SCALARS | st.booleans() | st.lists(st.integers(-9, 9), max_size=40) | st.lists(st.binary(max_size=3), max_size=3)
)
STRUCTS = st.dictionaries(
    st.integers(1, 200), VALUES | st.dictionaries(st.integers(1, 20), VALUES, max_size=3), max_size=6
)


@given(st.lists(STRUCTS, min_size=1, max_size=3))
def test_structs_come_back_one_after_the_other(structs):
    reader = Compact(b"".join(map(structure, structs)))
    assert [reader.struct() for _ in structs] == structs
    assert reader.at == reader.end


@given(STRUCTS, st.data())
def test_what_is_cut_off_is_refused(fields, data):
    content = structure(fields)
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(ArchflowError):
        Compact(content, end=cut).struct()


@given(st.binary(max_size=60))
def test_any_bytes_are_a_struct_or_one_error(content):
    reader = Compact(content)
    with suppress(ArchflowError):
        assert isinstance(reader.struct(), dict)
    assert reader.at <= reader.end


@pytest.mark.parametrize(
    "content", [b"\x1c" * 1000, b"\x19" + b"\x19" * 1000, b"\x19\xf9" + b"\xff" * 8 + b"\x7f", b"\x1d"]
)
def test_hostile_bytes_are_refused_at_once(content):
    with pytest.raises(ArchflowError):
        Compact(content).struct()
