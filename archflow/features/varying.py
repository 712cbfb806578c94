"""The common base of most features: functions of the graph alone, without constant or repeated columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import Features
from archflow.features.kinds import Kinds
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table

ENOUGH = 10_000
"""The maximum number of architectures from which columns are chosen; of more, evenly spaced ones are used."""

_NODES = 1 << 18
"""Nodes that are processed at once, which bounds the memory needed."""


@dataclass(frozen=True)
class Varying(Features):
    """Features of graphs, without columns that were constant or equal to an earlier one when they were made.

    Attributes:
        kinds: The kinds of nodes.
        kept: Indices of the columns that are kept.
    """

    kinds: Kinds
    kept: tuple[int, ...]

    @classmethod
    def of(cls, table: Table) -> Self:
        architectures = typical(table.architectures)
        every = cls.planned(architectures)
        if every.applies(architectures):
            every = replace(every, kept=tuple(range(len(every.every))))
        return replace(every, kept=tuple(np.asarray(every.kept)[telling_apart(every(Table(architectures)))].tolist()))

    @classmethod
    @abstractmethod
    def planned(cls, architectures: ArchitectureSet) -> Self:
        """The features for architectures such as these, before columns are selected."""

    def applies(self, architectures: ArchitectureSet) -> bool:
        """Whether they are meaningful for architectures such as these; otherwise there are no columns."""
        return True

    @property
    @abstractmethod
    def every(self) -> list[str]:
        """The names of all A columns."""

    @abstractmethod
    def values(self, architectures: ArchitectureSet) -> NDArray:
        """(N, A) values of all columns, for architectures with the operation ids of `kinds.ops`."""

    @property
    def operations(self) -> tuple[str, ...]:
        return self.kinds.ops

    @cached_property
    def names(self) -> tuple[str, ...]:
        every = distinct(self.every)
        return tuple(every[column] for column in self.kept)

    def __call__(self, table: Table) -> NDArray[np.float32]:
        architectures = self.kinds.recoded(table.architectures)
        result = np.empty((len(architectures), len(self.kept)), np.float32)
        if self.kept and len(architectures):
            for rows in blocks(architectures):
                whole = len(rows) == len(architectures)
                values = self.values(architectures if whole else architectures.select(rows))
                result[rows] = as_float32(values[:, self.kept])
        return result

    def to_json(self) -> dict[str, Any]:
        return {"kinds": self.kinds.to_json(), "kept": list(self.kept), **self.plan()}

    def plan(self) -> dict[str, Any]:
        """What `from_plan` needs in addition to the kinds."""
        return {}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        found = cls.from_plan(Kinds.from_json(saved.entry(about, "kinds")), about)
        return replace(found, kept=saved.integers(saved.entry(about, "kept"), "kept", len(found.every)))

    @classmethod
    def from_plan(cls, kinds: Kinds, about: Mapping[str, Any]) -> Self:
        """Restore features from kinds and the result of `plan`, before columns are selected."""
        return cls(kinds, ())


def typical(architectures: ArchitectureSet) -> ArchitectureSet:
    """At most `ENOUGH` of the architectures, evenly spaced."""
    if len(architectures) <= ENOUGH:
        return architectures
    return architectures.select(np.linspace(0, len(architectures) - 1, ENOUGH).astype(np.int64))


def blocks(architectures: ArchitectureSet, nodes: int = _NODES) -> Iterator[NDArray[np.int64]]:
    """Yield the rows in blocks of about `nodes` nodes, but at least one architecture."""
    part = architectures.node_ptr[:-1] // nodes
    starts = np.flatnonzero(np.diff(part, prepend=-1))
    yield from np.split(np.arange(len(architectures)), starts[1:])


def telling_apart(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """The columns of (N, F) that are not constant and differ from all before them; NaN counts as a value."""
    if not len(values):
        return np.zeros(0, np.int64)
    values = values + np.float32(0)  # -0 is 0
    differ = ~((values == values[0]) | (np.isnan(values) & np.isnan(values[0]))).all(0)
    first: dict[bytes, int] = {}
    for column in np.flatnonzero(differ).tolist():
        first.setdefault(np.ascontiguousarray(values[:, column]).tobytes(), column)
    return np.array(list(first.values()), np.int64)


def as_float32(values: NDArray) -> NDArray[np.float32]:
    """Values as float32, clipped to the finite range; NaN stays."""
    most = np.finfo(np.float32).max
    return np.clip(values, -most, most).astype(np.float32)


def distinct(names: Iterable[str]) -> list[str]:
    """The names, with repeated ones numbered from the second on: operations and attributes may have any name."""
    taken: set[str] = set()
    result = []
    for name in names:
        other, number = name, 1
        while other in taken:
            number += 1
            other = f"{name} ({number})"
        taken.add(other)
        result.append(other)
    return result
