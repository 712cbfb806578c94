"""Untrusted Parquet files: a few kilobytes can claim gigabytes, which are not allocated."""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.parquet_pages import chunks
from archflow.memory import available, check_content, largest_content

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 8, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 8}
"""Bytes of a value in memory; for a text, of its offset only."""

BATCH_BYTES = 1 << 25
"""Memory of a part of a file, about, while it is read."""

MOST_ROWS = 1 << 16
"""The maximum number of rows in it."""

_ROWS = 1000
"""Rows that are read at once, until one has a text, so that the dictionary is available."""


def read_parquet(path: Path) -> pa.Table:
    """Read the columns of a Parquet file, whose size in memory is bounded before they are read.

    Raises:
        ArchflowError: If the file needs more memory than `largest_content` allows.
        ArrowException, OSError: If the file is damaged.
    """
    from pyarrow.parquet import ParquetFile

    group_sizes(path, largest_content(path))
    with ParquetFile(path) as file:
        return file.read()


def group_sizes(path: Path, most: int) -> list[int]:
    """Bytes of memory that each row group takes, by the headers of its pages.

    Args:
        path: A Parquet file.
        most: Bytes that all of them may take. Texts that their pages repeat are counted only where they could take more
            than their part of this.

    Raises:
        ArchflowError: If they take more.
        ArrowException, OSError: If the file is damaged.
    """
    from pyarrow.parquet import ParquetFile, read_metadata

    about = read_metadata(path)
    # Read only safe parts of the footer: asking pyarrow for a damaged column chunk crashes the process.
    leaves = [about.schema.column(i) for i in range(about.num_columns)]
    groups = chunks(path)
    widths = [_WIDTHS.get(leaf.physical_type, leaf.length or 0) for leaf in leaves]
    sizes = [sum(chunk.needed(width) for width, chunk in zip(widths, group, strict=True)) for group in groups]
    check_content(path, sum(sizes), most)
    texts = [(i, leaf.path) for i, leaf in enumerate(leaves) if leaf.physical_type == "BYTE_ARRAY"]
    much = most / max(1, len(texts) * len(groups))
    with ParquetFile(path, metadata=about, read_dictionary=[name for _, name in texts]) as file:
        for i, name in texts:
            for number, group in enumerate(groups):
                # One text may be repeated a million times, so the size of its column is counted.
                if group[i].values * group[i].content > much and group[i].values * _longest(file, number, name) > much:
                    sizes[number] += _written_out(file, number, name)
                    check_content(path, sum(sizes), most)
    return sizes


def batches(path: Path, sizes: Sequence[int], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Read a Parquet file in parts of about `BATCH_BYTES`, in order.

    Args:
        path: The file.
        sizes: What `group_sizes` gave for it.
        columns: Those to read; all if None.

    Raises:
        ArchflowError: If a row group takes more than half of the memory there is: a list of a billion numbers could be
            in its first row.
        ArrowException, OSError: If the file is damaged.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    if max(sizes, default=0) > available() // 2:
        raise ArchflowError(
            f"{path}: one of its row groups takes {max(sizes) / 1e9:,.1f} GB of memory, of {available() / 1e9:,.1f} "
            "there are; write it with smaller ones (pyarrow.parquet.write_table has row_group_size)"
        )
    with ParquetFile(path, memory_map=True, pre_buffer=False) as file:
        for group, size in enumerate(sizes):
            rows = int(BATCH_BYTES / max(1.0, size / max(1, file.metadata.row_group(group).num_rows)))
            rows = min(max(1, rows), MOST_ROWS)
            for batch in file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                yield pa.Table.from_batches([batch])


def _longest(file: ParquetFile, group: int, column: str) -> int:
    """Bytes of the longest text in the dictionary of a row group's column; 0 if it has none."""
    return next((int(_lengths(values).max()) for values in _encoded(file, group, column)), 0)


def _written_out(file: ParquetFile, group: int, column: str) -> int:
    """Bytes of all texts of a row group's column."""
    return sum(
        int(_lengths(values)[np.asarray(values.indices.drop_null())].sum()) for values in _encoded(file, group, column)
    )


def _encoded(file: ParquetFile, group: int, column: str) -> Iterator[pa.DictionaryArray]:
    """The texts of a row group's column, part by part, as indices into a dictionary."""
    import pyarrow as pa

    for batch in file.iter_batches(_ROWS, row_groups=[group], columns=[column], use_threads=False):
        values = batch.column(0)
        while pa.types.is_nested(values.type):
            values = values.flatten()[0] if pa.types.is_struct(values.type) else values.flatten()
        if pa.types.is_dictionary(values.type) and len(values.dictionary):
            yield values


def _lengths(values: pa.DictionaryArray) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    return np.asarray(pc.binary_length(values.dictionary), np.int64)
