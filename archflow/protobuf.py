"""The wire format of protocol buffers: the fields of a message, by number.

Source: the description of the encoding in the protocol buffers documentation. Messages carry no types; the reader must
know what the numbers mean.
"""

from __future__ import annotations

import math
import struct

from archflow.errors import ArchflowError

Message = bytes | memoryview
Value = int | float | Message
_TRUNCATED = "a protocol buffer that ends too early"


def fields(message: Message, most: float = math.inf) -> dict[int, list[Value]]:
    """Parse a message: field number -> its values in order.

    64-bit fields become doubles, 32-bit fields floats and varints integers; texts and messages are slices of this one.

    Args:
        message: The message; parts of a memory view are not copied.
        most: The maximum number of values.

    Raises:
        ArchflowError: If it is not a message, or has more values.
    """
    found: dict[int, list[Value]] = {}
    at, count = 0, 0
    while at < len(message):
        count += 1
        if count > most:
            raise ArchflowError(f"a protocol buffer with more than {most:,.0f} values in one message")
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


def varints(packed: Message, most: float = math.inf) -> list[int]:
    """Parse the integers of a packed field.

    Raises ArchflowError if there are more than `most`, or the last one is truncated.
    """
    found: list[int] = []
    at = 0
    while at < len(packed):
        if len(found) >= most:
            raise ArchflowError(f"a protocol buffer with more than {most:,.0f} integers in one field")
        value, at = _varint(packed, at)
        found.append(value)
    return found


def _fixed(form: str, message: Message, at: int) -> tuple[float, int]:
    end = at + struct.calcsize(form)
    if end > len(message):
        raise ArchflowError(_TRUNCATED)
    return struct.unpack_from(form, message, at)[0], end


def _varint(message: Message, at: int) -> tuple[int, int]:
    """Parse an integer in groups of seven bits, the least significant first; return it and the position after it."""
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(message):
            raise ArchflowError(_TRUNCATED)
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ArchflowError("a protocol buffer with an integer of more than 64 bits")
