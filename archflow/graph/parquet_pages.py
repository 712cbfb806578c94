"""How much the pages of a Parquet file hold, by their own headers.

The footer's counts are claims of their own, and it has none of the numbers in lists: a page of a few bytes can hold a
list of a billion zeros. Readers allocate what the headers of pages say, so those are added up.

Source: the Parquet format, `parquet.thrift`: FileMetaData, RowGroup, ColumnChunk, ColumnMetaData, PageHeader.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, NamedTuple

from archflow.errors import ArchflowError
from archflow.graph.thrift import Compact

_TAIL = 8
"""Bytes after the footer: its length and a mark."""

_LEVELS = 4
"""Bytes of a value's definition and repetition level while it is read."""


class Chunk(NamedTuple):
    """A column of a row group.

    Attributes:
        values: In its pages, missing ones included.
        content: Bytes of its pages once they are decompressed.
    """

    values: int
    content: int

    def needed(self, width: int) -> int:
        """Bytes of memory that reading takes at least, with `width` bytes per value."""
        return self.values * (width + _LEVELS) + self.content


def chunks(path: Path) -> list[list[Chunk]]:
    """Read the page headers of a file: for each row group, its columns in order.

    Raises:
        ArchflowError: If the file is damaged; the message names it.
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as content:
                return [[_chunk(content, column) for column in group] for group in _columns(content)]
        except (ArchflowError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise ArchflowError(f"{path.name}: a damaged Parquet file ({error}); write it again") from None


def _columns(content: memoryview) -> list[list[dict[int, Any]]]:
    """The description of every column of every row group."""
    end = len(content) - _TAIL
    length = int.from_bytes(content[end : end + 4], "little") if end > 0 else 0
    if not 0 < length <= end:
        raise ArchflowError("a footer of that length does not fit")
    groups = _field(Compact(content, end - length, end).struct(), 4, list)
    return [[_field(column, 3, dict) for column in _field(group, 1, list)] for group in groups]


def _chunk(content: memoryview, column: dict[int, Any]) -> Chunk:
    starts = [column[number] for number in (9, 11) if number in column]  # data pages, and a dictionary before them
    size = _field(column, 7, int)
    if not starts or not all(isinstance(start, int) and start >= 0 for start in starts) or size < 0:
        raise ArchflowError("a column without pages")
    start = min(start for start in starts if start > 0) if any(starts) else 0
    end = start + size
    if end > len(content):
        raise ArchflowError("a column that ends after the file")
    pages = Compact(content, start, end)
    values = total = 0
    while pages.at < end:
        header = pages.struct()
        total += _count(header, 2)
        for kind in (5, 8):  # data pages of both versions; a dictionary's values are not those of rows
            if kind in header:
                values += _count(_field(header, kind, dict), 1)
        pages.at += _count(header, 3)
    return Chunk(values, total)


def _count(struct: dict[int, Any], number: int) -> int:
    if (count := _field(struct, number, int)) < 0:
        raise ArchflowError("a negative count")
    return count


def _field(struct: Any, number: int, kind: type) -> Any:
    value = struct.get(number) if isinstance(struct, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ArchflowError("a description that lacks a required field")
    return value
