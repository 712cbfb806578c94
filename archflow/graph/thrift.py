"""Thrift's compact protocol, in which Parquet describes itself: the fields of a struct, by number.

Source: the specification of the compact protocol, Apache Thrift. Structs contain no names; the reader must know what
the numbers mean.
"""

from __future__ import annotations

import struct
from typing import Any

from archflow.errors import ArchflowError

_DEEPEST = 16
"""The maximum nesting depth of structs and lists; Parquet's own are at most seven deep."""

_TRUNCATED = "it ends too early"


class Compact:
    """Reads structs from bytes, one after the other.

    Attributes:
        at: Position of the next byte.
    """

    def __init__(self, content: bytes | memoryview, at: int = 0, end: int | None = None) -> None:
        self.content = content
        self.at = at
        self.end = len(content) if end is None else min(end, len(content))

    def struct(self) -> dict[int, Any]:
        """Read a struct: field number -> bool, int, float, bytes, list or struct.

        Raises:
            ArchflowError: If these bytes are not a struct.
        """
        try:
            found = self._struct(0)
        except IndexError:  # past the whole content
            raise ArchflowError(_TRUNCATED) from None
        if self.at > self.end:
            raise ArchflowError(_TRUNCATED)
        return found

    def _struct(self, deep: int) -> dict[int, Any]:
        if deep > _DEEPEST:
            raise ArchflowError("structs that are nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) & 15:
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            found[number] = kind == 1 if kind in (1, 2) else self._value(kind, deep + 1)
        return found

    def _value(self, kind: int, deep: int) -> Any:
        match kind:
            case 1 | 2 | 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return struct.unpack("<d", self._bytes(8))[0]
            case 8:
                return bytes(self._bytes(self._unsigned()))
            case 9 | 10:
                return self._list(deep)
            case 12:
                return self._struct(deep)
        raise ArchflowError(f"a field of kind {kind}")

    def _list(self, deep: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 != 15 else self._unsigned()
        if count > self.end - self.at or deep > _DEEPEST:  # every item takes a byte at least
            raise ArchflowError("a list that ends too early")
        return [self._value(head & 15, deep + 1) for _ in range(count)]

    def _signed(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)

    def _unsigned(self) -> int:
        """An integer in groups of seven bits, the least significant first."""
        content, at, value = self.content, self.at, 0
        for shift in range(0, 64, 7):
            byte = content[at]
            at += 1
            if byte < 0x80:
                self.at = at
                return value | byte << shift
            value |= (byte & 0x7F) << shift
        raise ArchflowError("an integer of more than 64 bits")

    def _byte(self) -> int:
        byte = self.content[self.at]
        self.at += 1
        return byte

    def _bytes(self, count: int) -> bytes | memoryview:
        if count > self.end - self.at:
            raise ArchflowError(_TRUNCATED)
        self.at += count
        return self.content[self.at - count : self.at]
