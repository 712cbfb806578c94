"""Node attributes: numbers in addition to a node's operation, such as its kernel size; NaN where they do not apply."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.graph.ragged import Ints
from archflow.printable import is_name, shown

Attributes = NDArray[np.float32]

POSITION = "position_"
"""Prefix of the names of attributes that follow from the graph (`archflow.graph.positions`)."""


class WithAttributes(Protocol):
    """The parts of a set that the functions below use."""

    op: NDArray[np.int32]
    node_ptr: Ints
    attributes: Attributes | None
    attribute_names: tuple[str, ...]


def of_one(attributes: Mapping[str, Iterable[float]], nodes: int) -> Mapping[str, tuple[float, ...]]:
    """Normalise the attributes of one architecture: float32 values, sorted by name, without all-NaN columns.

    Raises:
        ArchflowError: If a name is not a non-empty string, or values are too few, too many, infinite or not numbers.
    """
    columns: dict[str, tuple[float, ...]] = {}
    if not isinstance(attributes, Mapping):
        raise ArchflowError(f"architecture: attributes are numbers by name, not {shown(attributes)}")
    for name, given in attributes.items():
        if not is_name(name):
            raise ArchflowError(f"architecture: the attribute name {name!r} is not a non-empty string; give it one")
        try:
            values = _float32(list(given))
        except (TypeError, ValueError, OverflowError):
            raise ArchflowError(
                f"architecture: attribute {name!r} is not one number per node: {shown(given)}"
            ) from None
        if values.shape != (nodes,):
            raise ArchflowError(
                f"architecture: attribute {name!r} has {len(values)} values for {nodes} nodes; "
                "give one per node, NaN where it does not apply"
            )
        if np.isinf(values).any():
            node = int(np.argmax(np.isinf(values)))
            raise ArchflowError(f"architecture: attribute {name!r} of node {node} is infinite; give a finite number")
        if not np.isnan(values).all():
            columns[name] = tuple(values.tolist())
    return MappingProxyType(dict(sorted(columns.items())))


def comparable(attributes: Mapping[str, Sequence[float]]) -> tuple:
    """Attributes as equality and hashes compare them, with None for NaN, which does not equal itself."""
    return tuple((name, tuple(None if x != x else x for x in values)) for name, values in attributes.items())


def of_many(
    attributes: Sequence[Mapping[str, Sequence[float]]], nodes: Sequence[int]
) -> tuple[Attributes | None, tuple[str, ...]]:
    """The concatenated attributes (V, F) of graphs and their sorted names; None if no graph has any.

    nodes: the number of nodes of each graph.
    """
    names = tuple(sorted(set().union(*attributes)))
    if not names:
        return None, ()
    missing = {count: (float("nan"),) * count for count in set(nodes)}
    columns = []
    for name in names:
        of_each = [own.get(name) or missing[count] for own, count in zip(attributes, nodes, strict=True)]
        columns.append(np.concatenate([np.array(values, np.float32) for values in of_each]))
    return np.stack(columns, axis=1), names


def of_row(architectures: WithAttributes, nodes: slice) -> dict[str, list[float]]:
    """The attributes of the nodes of one architecture of a set, by name."""
    if architectures.attributes is None:
        return {}
    return dict(zip(architectures.attribute_names, architectures.attributes[nodes].T.tolist(), strict=True))


def of_set(attributes: ArrayLike | None, names: Iterable[str]) -> tuple[Attributes | None, tuple[str, ...]]:
    """The attributes (V, F) of a set as it stores them: float32, or None if there are no columns."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ArchflowError(f"architecture set: {shown(names)} is not a list of attribute names")
    names = tuple(names)
    if attributes is None or not names:
        if names or (attributes is not None and np.size(attributes)):
            raise ArchflowError("architecture set: give attributes (V, F) and the names of their F columns, or neither")
        return None, ()
    if isinstance(attributes, np.ndarray) and attributes.dtype == np.float32:
        return attributes, names
    try:
        return _float32(attributes), names
    except (TypeError, ValueError, OverflowError):
        raise ArchflowError("architecture set: attributes are numbers (V, F), NaN where they do not apply") from None


def validate(architectures: WithAttributes) -> None:
    """Raise ArchflowError, naming the row, unless every node has a finite number or NaN in every column."""
    values, names = architectures.attributes, architectures.attribute_names
    if values is None:
        return
    if len(set(names)) < len(names) or not all(is_name(name) for name in names):
        raise ArchflowError(f"architecture set: attribute names are non-empty strings, each once, not {names}")
    if values.shape != (len(architectures.op), len(names)):
        raise ArchflowError(
            f"architecture set: attributes are {values.shape}, not {len(architectures.op)} nodes by {len(names)} names"
        )
    infinite = np.isinf(values)
    if infinite.any():
        node, column = np.argwhere(infinite)[0].tolist()
        row = int(np.searchsorted(architectures.node_ptr, node, side="right")) - 1
        raise ArchflowError(f"row {row}: attribute {names[column]!r} is infinite; give a finite number or NaN")


def joined(sets: Sequence[WithAttributes]) -> tuple[Attributes | None, tuple[str, ...]]:
    """The concatenated attributes of sets: the columns of all of them, NaN where a set lacks one."""
    names = tuple(dict.fromkeys(name for some in sets for name in some.attribute_names))
    if not names:
        return None, ()
    blocks = []
    for some in sets:
        block = np.full((len(some.op), len(names)), np.nan, np.float32)
        if some.attributes is not None:
            block[:, [names.index(name) for name in some.attribute_names]] = some.attributes
        blocks.append(block)
    return np.concatenate(blocks), names


def telling(names: Iterable[str]) -> Ints:
    """The columns that could reveal a node's operation: all but positions."""
    return np.flatnonzero([not name.startswith(POSITION) for name in names])


def name_digest(name: str) -> np.uint64:
    """The digest of a column's name, which enters the digests of its values."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8, person=b"attribute").digest()))


def _float32(values: Any) -> Attributes:
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "biufO":
        raise TypeError
    with np.errstate(over="ignore"):  # values too large for float32 become infinite, and are then refused
        return np.asarray(values, np.float64).astype(np.float32)
