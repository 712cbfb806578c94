"""Any table of architectures as a space to rank and to search, without code."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.frames import is_frame
from archflow.graph.table import Table
from archflow.spaces.base import SearchSpace
from archflow.spaces.native_json import shown
from archflow.spaces.table_neighbours import one_change_apart

Ints = NDArray[np.int64]

_REACH = 5
"""Number of ring neighbours on each side."""

_MADE: WeakKeyDictionary[ArchitectureSet, tuple[TableSpace, Ints]] = WeakKeyDictionary()
"""Cached architecture numbers of sets that a space made, so that they are not hashed again."""


class TableSpace(SearchSpace):
    """The distinct architectures of a table; the first row of each isomorphism class represents it.

    A native string is that of the table if the row has one, and otherwise `row 17`, the number of the row from 0;
    `parse` also accepts the 16 digits of a hash. Neighbours are the architectures in the table with one operation
    changed, or one edge more or fewer. Architectures that have none, as in a small sample of a large space, are
    arranged in a ring by size and operations, in which the five before and the five after are neighbours. (If there is
    only one such architecture, all others are its neighbours.) A mutation is therefore always possible, but a sequence
    of mutations need not reach the whole table.

    Args:
        table: The table, a data frame, or architectures, with at least one row.
        name: What messages call the space.

    Attributes:
        rows: (size,) the row of each architecture in the table, ascending.

    Raises:
        ArchflowError: If the table is empty, or one native string belongs to two architectures.
    """

    def __init__(self, table: Table | ArchitectureSet | Sequence[Architecture], name: str = "table") -> None:
        if is_frame(table):
            table = Table.from_frame(table)
        elif not isinstance(table, Table):
            known = table if isinstance(table, ArchitectureSet) else ArchitectureSet.from_architectures(table)
            table = Table(known)
        if len(table) == 0:
            raise ArchflowError(f"{name}: the table is empty; give at least one architecture")
        self.table, self.name = table, name
        self.vocabulary = table.architectures.vocabulary
        self.attribute_names = table.architectures.attribute_names
        hashes, first, class_of_row = np.unique(table.architectures.hashes, return_index=True, return_inverse=True)
        order = np.argsort(first)
        self.rows: Ints = first[order]
        self.size = len(self.rows)
        self._class_of_row = np.argsort(order)[class_of_row]
        self._architectures = table.architectures.select(self.rows)
        self._class_of_text = {f"{value:016x}": i for i, value in enumerate(hashes[order].tolist())}
        self._native = ["" for _ in self.rows]
        for row, text in enumerate(table.native or ()):
            number = int(self._class_of_row[row])
            if text and self._class_of_text.setdefault(text, number) != number:
                raise ArchflowError(f"{name}: row {row} differs from an earlier architecture called {shown(text)}")
            self._native[number] = self._native[number] or text or ""
        for number, row in enumerate(self.rows.tolist()):
            if not self._native[number] and self._class_of_text.setdefault(f"row {row}", number) == number:
                self._native[number] = f"row {row}"

    def parse(self, text: str) -> Architecture:
        if text not in self._class_of_text:
            place = bisect(self._texts, text)
            shared, near = max((_shared(text, other), other) for other in self._texts[max(place - 1, 0) : place + 1])
            raise ArchflowError(
                f"{self.name}: {shown(text)} is not an architecture of the table; it differs at character {shared + 1} "
                f"from the nearest, {near!r}"
            )
        return self._architectures[self._class_of_text[text]]

    def format(self, architecture: Architecture) -> str:
        number = self._number(architecture)
        return self._native[number] or architecture.hash

    def enumerate(self) -> ArchitectureSet:
        """All architectures, in the order of the table."""
        return self._architectures

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Uniform over the architectures of the table."""
        return self._of(generator.integers(0, self.size, count))

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """The architectures of the table with one operation or edge changed, in its order.

        If there are none, see the class.

        A table of one architecture has no neighbours.
        """
        return self._of(self._around(architecture))

    def canonical(self, architecture: Architecture) -> str:
        """The hash."""
        self._number(architecture)
        return architecture.hash

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        numbers = self.numbers(architectures)
        bounds, others = self._changes
        degrees = np.diff(bounds)[numbers]
        drawn = bounds[numbers] + (generator.random(len(numbers)) * degrees).astype(np.int64)
        found = np.empty(len(numbers), np.int64)
        near = degrees > 0
        found[near] = others[drawn[near]]
        for number in np.unique(numbers[~near]):
            around = self._around(self._architectures[int(number)])
            if len(around) == 0:
                raise ArchflowError(f"{self.name}: it has a single architecture, which has no neighbours")
            rows = np.flatnonzero(numbers == number)
            found[rows] = around[generator.integers(len(around), size=len(rows))]
        return self._of(found)

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return [self._hashes[number] for number in self.numbers(architectures).tolist()]

    def table_of(self, architectures: ArchitectureSet) -> Table:
        """The first row of the table for each of N architectures, with all its columns."""
        return self.table.select(self.rows[self.numbers(architectures)])

    def rows_of(self, architecture: Architecture) -> Ints:
        """(M,) all rows of the table that are isomorphic to one of its architectures, for their metrics."""
        return np.flatnonzero(self._class_of_row == self._number(architecture))

    def _around(self, architecture: Architecture) -> Ints:
        number = self._number(architecture)
        bounds, others = self._changes
        around = others[bounds[number] : bounds[number + 1]]
        if len(self._ring) == 1:
            around = np.arange(self.size) if number in self._ring else np.union1d(around, self._ring)
        elif len(around) == 0:
            place = int(np.flatnonzero(self._ring == number)[0])
            around = np.unique(self._ring.take(np.arange(place - _REACH, place + _REACH + 1), mode="wrap"))
        return around[around != number]

    def _of(self, numbers: Ints) -> ArchitectureSet:
        """Architectures by number."""
        made = self._architectures.select(numbers)
        _MADE[made] = self, numbers
        return made

    @cached_property
    def _hashes(self) -> list[str]:
        """(size,) canonical form of each architecture."""
        return [f"{value:016x}" for value in self._architectures.hashes.tolist()]

    @cached_property
    def _changes(self) -> tuple[Ints, Ints]:
        return one_change_apart(self._architectures)

    @cached_property
    def _ring(self) -> Ints:
        """The architectures without neighbours in the table, by size and then by the names of their operations."""
        alone = np.flatnonzero(np.diff(self._changes[0]) == 0)
        some = self._architectures.select(alone)
        rank = np.argsort(np.argsort(self.vocabulary.ops))
        names = np.full((len(some), int(some.node_counts.max(initial=0))), -1)
        names[some.node_owner, some.node_place] = rank[some.op]
        return alone[np.lexsort((*names.T[::-1], some.node_counts))]

    @cached_property
    def _texts(self) -> list[str]:
        return sorted(self._class_of_text)

    def numbers(self, architectures: ArchitectureSet) -> Ints:
        """(N,) index of each architecture in the space. Raises ArchflowError for one that is not in the table."""
        space, known = _MADE.get(architectures, (None, None))
        if space is self and known is not None:
            return known
        hashes, order = self._by_hash
        found = np.minimum(np.searchsorted(hashes, architectures.hashes), len(hashes) - 1)
        strange = np.flatnonzero(hashes[found] != architectures.hashes)
        if len(strange):
            self._number(architectures[int(strange[0])])
        return order[found]

    @cached_property
    def _by_hash(self) -> tuple[NDArray[np.uint64], Ints]:
        """(size,) hashes, ascending, and the architecture of each."""
        order = np.argsort(self._architectures.hashes)
        return self._architectures.hashes[order], order

    def _number(self, architecture: Architecture) -> int:
        if architecture.hash not in self._class_of_text:
            raise ArchflowError(f"{self.name}: the architecture with hash {architecture.hash} is not in the table")
        return self._class_of_text[architecture.hash]


def _shared(text: str, other: str) -> int:
    """Length of the common prefix of two strings."""
    unlike = (place for place, (a, b) in enumerate(zip(text, other, strict=False)) if a != b)
    return next(unlike, min(len(text), len(other)))
