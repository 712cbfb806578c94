"""Features of each cell of an architecture that has several, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import FEATURES, Features
from archflow.features.counts import Counts
from archflow.features.graf import Graf
from archflow.features.varying import typical
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.subgraph import induced
from archflow.graph.table import Table

MOST = 4
"""The maximum number of cells."""


@FEATURES.register("cells")
@dataclass(frozen=True)
class Cells(Features):
    """`counts` and `graf` of the first cell, the second cell and so on.

    Cells are the disconnected parts of the graph, in the order in which the table stores them: a normal cell is not a
    reduction cell. There are no columns unless all typical architectures have the same number of cells, 2 to `MOST`.
    Later architectures with another number of cells get NaN.

    Attributes:
        ops: The operations.
        each: The features of each cell.
    """

    local: ClassVar[bool] = False

    ops: tuple[str, ...]
    each: tuple[tuple[Counts, Graf], ...]

    @classmethod
    def of(cls, table: Table) -> Self:
        architectures = typical(table.architectures)
        ops = architectures.vocabulary.ops
        counts = architectures.cell_counts
        if not len(counts) or counts.min() < counts.max() or not 2 <= counts[0] <= MOST:
            return cls(ops, ())
        parts = (Table(_cell(architectures, cell)) for cell in range(counts[0]))
        return cls(ops, tuple((Counts.of(part), Graf.of(part)) for part in parts))

    @property
    def operations(self) -> tuple[str, ...]:
        return self.ops

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(
            f"cell{cell}:{name}"
            for cell, features in enumerate(self.each)
            for which in features
            for name in which.names
        )

    def __call__(self, table: Table) -> NDArray[np.float32]:
        architectures = table.architectures.recoded(Vocabulary(self.ops))
        result = np.full((len(architectures), len(self.names)), np.nan, np.float32)
        fitting = np.flatnonzero(architectures.cell_counts == len(self.each))
        if self.each and len(fitting):
            some = architectures.select(fitting)
            parts = ((Table(_cell(some, cell)), features) for cell, features in enumerate(self.each))
            result[fitting] = np.concatenate([which(part) for part, features in parts for which in features], 1)
        return result

    def to_json(self) -> dict[str, Any]:
        return {"ops": list(self.ops), "each": [[which.to_json() for which in features] for features in self.each]}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        each = [(Counts.from_json(counts), Graf.from_json(graf)) for counts, graf in saved.lists(about, "each", 2)]
        ops = saved.texts(about, "ops")
        if not all(which.kinds.ops == ops for features in each for which in features) or len(set(ops)) < len(ops):
            raise saved.damaged("cells have different operations")
        return cls(ops, tuple(each))


def _cell(architectures: ArchitectureSet, cell: int) -> ArchitectureSet:
    """One cell of each architecture, as an architecture."""
    return induced(architectures, architectures.cells == cell)
