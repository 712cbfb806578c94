"""Architectures as columns of a table, and back.

`ops`, `edge_src` and `edge_dst` hold a list per row; so does `node_NAME`, an attribute of the nodes, in which null, an
empty text and NaN mean that it does not apply.
"""

# pyarrow creates its compute functions at import, where type checkers cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.attributes import Attributes
from archflow.graph.columns import GRAPH_COLUMNS
from archflow.graph.list_columns import list_column, number_lists
from archflow.graph.ragged import Ints
from archflow.graph.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

PREFIX = "node_"
"""Prefix of the names of columns that hold an attribute."""

_ENTRY = r"\s*(?:nan|null|none|[-+]?[\d.]+(?:e[-+]?\d+)?|)\s*"
_LIST = rf"(?i)^\s*[\[(].*[\])]\s*$|^{_ENTRY}(?:,{_ENTRY})+$"
"""Matches texts that are lists: in brackets, or numbers separated by commas."""


def to_columns(architectures: ArchitectureSet) -> dict[str, pa.Array]:
    """Convert a set to columns, by name."""
    import pyarrow as pa

    names = pa.array(architectures.vocabulary.ops, pa.string())
    ops = pa.DictionaryArray.from_arrays(pa.array(architectures.op), names).dictionary_decode()
    node_ptr, edge_ptr = (pa.array(ptr.astype(np.int32)) for ptr in (architectures.node_ptr, architectures.edge_ptr))
    columns: dict[str, pa.Array] = {
        "ops": pa.ListArray.from_arrays(node_ptr, ops),
        "edge_src": pa.ListArray.from_arrays(edge_ptr, pa.array(architectures.edge_src)),
        "edge_dst": pa.ListArray.from_arrays(edge_ptr, pa.array(architectures.edge_dst)),
    }
    for name in architectures.attribute_names:
        values = architectures.attribute(name)
        columns[PREFIX + name] = pa.ListArray.from_arrays(node_ptr, pa.array(values, mask=np.isnan(values)))
    return columns


def from_columns(columns: pa.Table, attributes: Sequence[str] | None = None) -> ArchitectureSet:
    """Read a set from columns; its vocabulary is that of the file, in order of appearance.

    Args:
        columns: The columns.
        attributes: Those that hold node attributes; by default, `attribute_columns`.

    Raises:
        ArchflowError: For a missing or ragged column and for whatever `ArchitectureSet` refuses; it names the row.
    """
    import pyarrow as pa

    missing = [name for name in GRAPH_COLUMNS if name not in columns.column_names]
    if missing:
        here = ", ".join(columns.column_names)
        raise ArchflowError(f"no column {missing[0]!r}; a data set has ops, edge_src, edge_dst (here: {here})")
    ops, node_ptr = list_column(columns, "ops", pa.string())
    source, edge_ptr = list_column(columns, "edge_src", pa.int64())
    target, target_ptr = list_column(columns, "edge_dst", pa.int64())
    ragged = np.diff(edge_ptr) != np.diff(target_ptr)
    if ragged.any():
        row = int(np.argmax(ragged))
        raise ArchflowError(
            f"row {row}: edge_src has {edge_ptr[row + 1] - edge_ptr[row]} entries, "
            f"edge_dst {target_ptr[row + 1] - target_ptr[row]}; every edge needs both"
        )
    encoded = ops.dictionary_encode()
    vocabulary = Vocabulary(tuple(encoded.dictionary.to_pylist()))
    ids, sources, targets = (np.asarray(values) for values in (encoded.indices, source, target))
    names = attribute_columns(columns) if attributes is None else attributes
    values = _attributes(columns, names, node_ptr)
    names = [name.removeprefix(PREFIX) for name in names]
    return ArchitectureSet(
        vocabulary, ids, node_ptr, sources, targets, edge_ptr, attributes=values, attribute_names=names
    )


def attribute_columns(columns: pa.Table) -> list[str]:
    """The columns that hold an attribute: named `node_NAME`, with lists or with texts of which the first is a list."""
    return [name for name in columns.column_names if len(name) > len(PREFIX) and _is_attribute(columns, name)]


def _is_attribute(columns: pa.Table, name: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not name.startswith(PREFIX):
        return False
    kind = columns.schema.field(name).type
    if has_text(columns[name]):
        text = columns[name].filter(pc.not_equal(pc.utf8_trim_whitespace(columns[name]), ""))
        return pc.match_substring_regex(text[:1], _LIST)[0].as_py()
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def has_text(column: pa.ChunkedArray) -> bool:
    """Whether a column holds a text that is not empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False
    return bool(pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py())


def _attributes(columns: pa.Table, names: Sequence[str], node_ptr: Ints) -> Attributes | None:
    counts = np.diff(node_ptr)
    found = np.full((node_ptr[-1], len(names)), np.nan, np.float32)
    for place, column in enumerate(names):
        values, lengths = number_lists(columns, column)
        ragged = (lengths != counts) & (lengths > 0)
        if ragged.any():
            row = int(np.argmax(ragged))
            raise ArchflowError(
                f"row {row}: {column} has {lengths[row]} entries, ops {counts[row]}; give one per node, "
                "empty where it does not apply"
            )
        with np.errstate(over="ignore"):
            if len(values) == len(found):
                found[:, place] = values
            else:
                found[np.repeat(lengths > 0, counts), place] = values
    return found if names else None
