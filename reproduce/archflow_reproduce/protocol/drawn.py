"""The rows that a protocol uses from a table, and their splits."""

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
    """The rows of a table that a protocol uses.

    Attributes:
        rows: (n,) rows of the table.
        measured: The table restricted to these rows.
        train: Number of rows in the train part, from which labels are drawn.
        labels: Number of labels.
        classes: (n,) isomorphism class of each row.
        splits: Splits by permutation.
    """

    rows: NDArray
    measured: Table
    train: int
    labels: int
    classes: NDArray
    splits: Splits

    @classmethod
    def of(cls, protocol: Protocol, data: str, table: Table) -> Drawn:
        """Draw the rows and splits. Raises ArchflowError for a missing metric or too few labels."""
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
        """For every split, the number of test architectures that are isomorphic to a labelled one."""
        return [shared_classes(self.classes, part.labelled, part.test) for part in self.splits.values()]
