"""What a protocol draws from a table: the rows it looks at, and their splits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from numpy.typing import NDArray

from archflow.data.splits import isomorphism_classes, label_count, pool, shared_classes
from archflow.graph.table import Table
from archflow_reproduce.protocol.protocol import Protocol, measured_rows
from archflow_reproduce.protocol.splits import Splits, draw_splits


@dataclass(frozen=True)
class Drawn:
    """The rows of a table that a protocol looks at.

    Attributes:
        rows: (n,) of the table.
        measured: These rows.
        train: How many of them labels are drawn from.
        labels: How many labels.
        classes: (n,) the isomorphism class of each.
        splits: By permutation.
    """

    rows: NDArray
    measured: Table
    train: int
    labels: int
    classes: NDArray
    splits: Splits

    @classmethod
    def of(cls, protocol: Protocol, data: str, table: Table) -> Drawn:
        """Raises ArchflowError for a missing metric, and too few labels."""
        rows = measured_rows(table, data, protocol.metric)
        half = len(rows) - len(rows) // 2
        train = half if protocol.train is None else protocol.train
        test = len(rows) - half if protocol.test is None else protocol.test
        rows = rows[pool(len(rows), train, test, protocol.shuffled)]
        measured = table.select(rows)
        labels, classes = label_count(protocol.labels, train), isomorphism_classes(measured)
        splits = draw_splits(protocol.split_by, measured, classes, train, labels, protocol.validation)
        return cls(rows, measured, train, labels, classes, splits)

    @cached_property
    def test_isomorphic_to_labelled(self) -> list[int]:
        """Of every split, how many test architectures are isomorphic to a labelled one."""
        return [shared_classes(self.classes, part.labelled, part.test) for part in self.splits.values()]
