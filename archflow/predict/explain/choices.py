"""The alternatives for each node of an architecture, as they occur in other architectures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.attributes import POSITION
from archflow.graph.vocabulary import UNKNOWN

ENDS = frozenset({"input", "output", UNKNOWN})
"""Operations that no node is changed to unless other architectures show it."""

DERIVED = ("params", "macs", "bytes", "shape_")
"""Prefixes of the names of attributes that follow from others; they are not changed on their own."""

FEW = 6
"""An attribute with at most this many values can take all of them."""

NEAR = 2
"""If there are more values, this many below and above the current one."""

ROWS = 5000
"""The maximum number of reference architectures, evenly spaced."""


class Choices:
    """Other operations and attribute values for the nodes of one architecture.

    A node can have any operation that similar nodes have in the reference: with no, one or several inputs, with or
    without outputs, and with the same attributes. A value of an attribute can be halved or doubled, or be one that the
    same operation has in the reference; if there are many such values, only the nearest ones. An attribute that has
    only whole numbers keeps whole numbers.

    Args:
        architecture: The architecture.
        reference: Typical architectures; None for the architecture itself. If it then has no attributes, nodes with
            inputs and outputs can have any operation of the vocabulary that does not stand at its ends.
        vocabulary: The operations that the predictor knows; None for all.
    """

    def __init__(
        self, architecture: Architecture, reference: ArchitectureSet | None, vocabulary: Vocabulary | None
    ) -> None:
        own = ArchitectureSet.from_architectures([architecture])
        self._kinds, self._values = _kinds(own), {}
        self._ops, self._attributes = architecture.ops, architecture.attributes
        self._by_kind: dict[tuple, set[str]] = {}
        self._known = vocabulary
        for graphs in (own, *([] if reference is None else [_some(reference)])):
            self._learn(graphs)
        if reference is None and own.attributes is None:
            ends = {op for op, (into, out, _) in zip(self._ops, self._kinds, strict=True) if not (into and out)}
            inner = {kind for kind in self._kinds if kind[0] and kind[1]}
            for kind in inner:
                self._by_kind[kind] |= set(vocabulary.ops if vocabulary else ()) - ends - ENDS
        self.operations = sorted(set().union(*self._by_kind.values()))

    def other_operations(self, node: int) -> list[str]:
        """The operations that a node could have instead, by name."""
        return sorted(self._by_kind[self._kinds[node]] - {self._ops[node]})

    def other_values(self, node: int, name: str) -> list[float]:
        """The values that an attribute of a node could have instead, ascending."""
        value = self._attributes[name][node]
        if value != value or value == 0 or name.startswith((POSITION, *DERIVED)):
            return []
        taken = self._values.get((self._ops[node], name), np.zeros(0, np.float32))
        near = taken if len(taken) <= FEW else _nearest(taken, value)
        whole = all(float(each).is_integer() for each in taken)
        scaled = [each for each in (value / 2, value * 2) if each.is_integer() or not whole]
        return sorted({float(np.float32(each)) for each in (*near.tolist(), *scaled)} - {value})

    def _learn(self, graphs: ArchitectureSet) -> None:
        names = np.array(graphs.vocabulary.ops, object)[graphs.op]
        for kind, op in {*zip(_kinds(graphs), names.tolist(), strict=True)}:
            # Only operations that occur in such nodes are alternatives.
            if self._known is None or op in self._known or op in self._ops:
                self._by_kind.setdefault(kind, set()).add(op)
        for name in graphs.attribute_names:
            column = graphs.attribute(name)
            for op in {*self._ops} & {*graphs.vocabulary.ops}:
                found = column[(names == op) & np.isfinite(column)]
                before = self._values.get((op, name), np.zeros(0, np.float32))
                self._values[op, name] = np.union1d(before, found)


def _kinds(graphs: ArchitectureSet) -> list[tuple[int, bool, tuple[str, ...]]]:
    """(V,) kind of each node: its number of inputs (2 for several), whether it has outputs, its attributes' names."""
    into, out = np.minimum(graphs.adjacency.degree, 2), graphs.adjacency.out_degree > 0
    if graphs.attributes is None:
        return [(a, b, ()) for a, b in zip(into.tolist(), out.tolist(), strict=True)]
    there, which = np.unique(~np.isnan(graphs.attributes), axis=0, return_inverse=True)
    named = [_marked(graphs.attribute_names, row) for row in there.tolist()]
    each = zip(into.tolist(), out.tolist(), which.reshape(-1).tolist(), strict=True)
    return [(a, b, named[number]) for a, b, number in each]


def _marked(names: Iterable[str], marks: Iterable[bool]) -> tuple[str, ...]:
    each = zip(names, marks, strict=True)
    return tuple(sorted(name for name, mark in each if mark and not name.startswith(POSITION)))


def _some(reference: ArchitectureSet) -> ArchitectureSet:
    if len(reference) <= ROWS:
        return reference
    return reference.select(np.linspace(0, len(reference) - 1, ROWS).astype(np.int64))


def _nearest(values: NDArray[np.float32], value: float) -> NDArray[np.float32]:
    """The nearest of ascending values below and above a value."""
    first, last = (
        np.searchsorted(values, np.float32(value), "left"),
        np.searchsorted(values, np.float32(value), "right"),
    )
    return np.concatenate([values[max(first - NEAR, 0) : first], values[last : last + NEAR]])
