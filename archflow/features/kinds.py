"""Kinds of nodes: operations, distinguished by their attributes if only few combinations occur."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features import saved
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.attributes import telling
from archflow.graph.names import joined_name

MOST = 24
"""The maximum number of kinds with attributes; with more, each would be too rare to learn from."""


@dataclass(frozen=True)
class Kinds:
    """Kinds of nodes in features: `conv` with kernel 3 is `conv_k3`, a different kind from `conv` with kernel 1.

    Attributes:
        ops: The operations.
        attributes: The attributes that distinguish kinds of one operation; empty if kinds are just operations.
        each: Operation and attributes of each kind, None for an attribute that does not apply.
    """

    ops: tuple[str, ...]
    attributes: tuple[str, ...]
    each: tuple[tuple[int, tuple[float | None, ...]], ...]

    @classmethod
    def of(cls, architectures: ArchitectureSet) -> Self:
        """The kinds that occur, and one kind for each operation of the vocabulary that does not occur."""
        ops = architectures.vocabulary.ops
        names = tuple(architectures.attribute_names[i] for i in telling(architectures.attribute_names))
        plain = cls(ops, (), tuple((op, ()) for op in range(len(ops))))
        columns = [np.nan_to_num(architectures.attribute(name), nan=np.inf) for name in names]
        code, first = architectures.op.astype(np.int64), np.zeros(0, np.int64)
        for column in columns:
            values, number = np.unique(column, return_inverse=True)
            _, first, code = np.unique(code * len(values) + number, return_index=True, return_inverse=True)
            if len(first) > MOST:
                return plain
        found = [
            (int(architectures.op[node]), tuple(None if np.isinf(c[node]) else float(c[node]) for c in columns))
            for node in first.tolist()
        ]
        absent = set(range(len(ops))) - {op for op, _ in found}
        kinds = cls(ops, names, tuple(sorted(found + [(op, (None,) * len(names)) for op in absent], key=_order)))
        apart = len(kinds.each) > len(ops) and len(set(kinds.names)) == len(kinds.each)
        return kinds if apart else plain

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the kinds."""
        numbers = ({n: v for n, v in zip(self.attributes, own, strict=True) if v is not None} for _, own in self.each)
        return tuple(joined_name(self.ops[op], own) for (op, _), own in zip(self.each, numbers, strict=True))

    def __len__(self) -> int:
        return len(self.each)

    def of_nodes(self, architectures: ArchitectureSet) -> NDArray[np.int64]:
        """(V,) kind of each node of architectures over `ops`.

        A node with unknown attributes gets the most similar kind of its operation.
        """
        op = architectures.op.astype(np.int64)
        if not self.attributes:
            return op
        values = np.stack([architectures.attribute(name) for name in self.attributes], 1)  # (V, A)
        # (K, A), NaN for None; in double precision, so that the range of the largest floats is finite.
        known = np.array([own for _, own in self.each], np.float64)
        spread = [np.ptp(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in known.T]
        scale = np.where(np.array(spread) > 0, spread, 1.0)
        kind = np.empty(len(op), np.int64)
        for own, kinds in self._by_op():
            nodes = np.flatnonzero(op == own)
            if len(kinds) == 1 or not len(nodes):
                kind[nodes] = kinds[0]
                continue
            here, there = values[nodes, None].astype(np.float64), known[kinds]
            gap = np.abs(here - there) / scale  # NaN if one of the two does not apply
            gap = np.where(np.isnan(here) & np.isnan(there), 0.0, np.nan_to_num(gap, nan=1.0))
            kind[nodes] = kinds[gap.sum(2).argmin(1)]
        return kind

    def recoded(self, architectures: ArchitectureSet) -> ArchitectureSet:
        """The architectures with operation ids of `ops`. Raises ArchflowError, naming the row, for other operations."""
        return architectures.recoded(Vocabulary(self.ops))

    def _by_op(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        op = np.array([own for own, _ in self.each], np.int64)
        return ((own, np.flatnonzero(op == own)) for own in range(len(self.ops)))

    def to_json(self) -> dict[str, Any]:
        """The description that `from_json` needs."""
        each = [[op, list(values)] for op, values in self.each]
        return {"ops": list(self.ops), "attributes": list(self.attributes), "each": each}

    @classmethod
    def from_json(cls, about: Any) -> Self:
        """Restore kinds from their description. Raises ArchflowError if it is damaged."""
        ops, attributes = saved.texts(about, "ops"), saved.texts(about, "attributes")
        each = []
        for op, values in saved.lists(about, "each", 2):
            saved.integers([op], "each", len(ops))
            numbers = isinstance(values, list | tuple) and len(values) == len(attributes)
            if not numbers or not all(value is None or _is_number(value) for value in values):
                raise saved.damaged("a kind lacks a number for an attribute")
            each.append((op, tuple(None if value is None else float(value) for value in values)))
        kinds = cls(ops, attributes, tuple(each))
        try:
            Vocabulary(ops)
        except ArchflowError:
            raise saved.damaged("an operation occurs twice") from None
        whole = {op for op, _ in each} == set(range(len(ops))) and len(set(each)) == len(each)
        if not whole or (not attributes and [op for op, _ in each] != list(range(len(ops)))):
            raise saved.damaged("an operation has no kind")
        return kinds


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _order(kind: tuple[int, tuple[float | None, ...]]) -> tuple:
    return kind[0], tuple(-math.inf if value is None else value for value in kind[1])
