"""The wire format of protocol buffers: the fields of a message, by number.

Source: the description of the encoding in the protocol buffers documentation. Messages carry no types; the reader must
know what the numbers mean.
"""

from __future__ import annotations

import struct

from archflow.errors import ArchflowError

Value = int | float | bytes
_TRUNCATED = "a protocol buffer that ends too early"


def fields(message: bytes) -> dict[int, list[Value]]:
    """Parse a message: field number -> its values in order, with 64-bit fields as doubles, 32-bit ones as floats,
    varints as integers, and texts and messages as bytes.

    Raises ArchflowError for anything else.
    """
    found: dict[int, list[Value]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: Value
        match tag & 7:
            case 0:
                value, at = _varint(message, at)
            case 1:
                value, at = _fixed("<d", message, at)
            case 2:
                length, at = _varint(message, at)
                value, at = message[at : at + length], at + length
                if at > len(message):
                    raise ArchflowError(_TRUNCATED)
            case 5:
                value, at = _fixed("<f", message, at)
            case kind:
                raise ArchflowError(f"a protocol buffer with a field of kind {kind}, which is no longer in use")
        found.setdefault(tag >> 3, []).append(value)
    return found


def _fixed(form: str, message: bytes, at: int) -> tuple[float, int]:
    end = at + struct.calcsize(form)
    if end > len(message):
        raise ArchflowError(_TRUNCATED)
    return struct.unpack_from(form, message, at)[0], end


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """An integer in groups of seven bits, the least significant first, and the position after it."""
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(message):
            raise ArchflowError(_TRUNCATED)
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ArchflowError("a protocol buffer with an integer of more than 64 bits")
