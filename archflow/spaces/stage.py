"""The stages of a chain, and how the nodes of a graph encode a stage's operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet

Ints = NDArray[np.int64]
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Stage:
    """Consecutive layers that choose from the same operations.

    Attributes:
        operations: Names of the operations to choose from.
        depth: The smallest and the largest number of layers; equal if the depth is fixed.
        attributes: Node attributes of all layers of the stage, such as channels.
        first: Attributes of the first layer that differ, such as its stride.
    """

    operations: tuple[str, ...]
    depth: tuple[int, int]
    attributes: Numbers = field(default_factory=dict)
    first: Numbers = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of different layer sequences."""
        return sum(len(self.operations) ** depth for depth in range(self.depth[0], self.depth[1] + 1))

    def runs(self) -> Ints:
        """(size, most) all layer sequences as indices into `operations`, -1 where there is no layer."""
        fewest, most = self.depth
        blocks = []
        for depth in range(fewest, most + 1):
            grid = np.stack(np.unravel_index(np.arange(len(self.operations) ** depth), (len(self.operations),) * depth))
            blocks.append(np.pad(grid.T, ((0, 0), (0, most - depth)), constant_values=-1))
        return np.concatenate(blocks)


class NodeForms:
    """The node form of every operation: a plain operation name, and the attributes that distinguish operations.

    A node that has the operation's own name and none of these attributes, as in tables written before there were
    attributes, is also read as that operation.

    Attributes:
        names: Names of the attributes.
        values: Operation -> (F,) float32 attributes, NaN where they do not apply.
    """

    def __init__(
        self, operations: Iterable[str], plain_names: Mapping[str, str], attributes: Mapping[str, Numbers]
    ) -> None:
        operations = list(dict.fromkeys(operations))
        self.names = tuple(dict.fromkeys(name for op in operations for name in attributes.get(op, {})))
        self.plain = {op: plain_names.get(op, op) for op in operations}
        self.values = {
            op: np.array([attributes.get(op, {}).get(name, np.nan) for name in self.names], np.float32)
            for op in operations
        }
        self._forms: dict[tuple, str] = {}
        self.twins: list[tuple[str, str]] = []
        for op in operations:
            other = self._forms.setdefault(_form(self.plain[op], self.values[op]), op)
            if other != op:
                self.twins.append((other, op))
        for op in operations:
            self._forms.setdefault(_form(op, [np.nan] * len(self.names)), op)
        self._number = {op: number for number, op in enumerate(operations)}

    def number(self, operation: str) -> int:
        """The index of an operation among all."""
        return self._number[operation]

    def read(self, architectures: ArchitectureSet) -> Ints:
        """(V,) the index of every node's operation.

        Raises:
            ArchflowError: If a node matches no operation; the message names the row.
        """
        columns = [architectures.attribute(name) for name in self.names]
        kind = architectures.op.astype(np.int64)
        for column in columns:
            distinct, value = np.unique(column, return_inverse=True)
            kind = np.unique(kind * len(distinct) + value, return_inverse=True)[1]
        _, first, kind = np.unique(kind, return_index=True, return_inverse=True)
        numbers = []
        for node in first.tolist():
            name, values = (
                architectures.vocabulary.ops[architectures.op[node]],
                [float(column[node]) for column in columns],
            )
            found = self._forms.get(_form(name, values))
            if found is None:
                row = architectures.node_owner[node]
                given = ", ".join(f"{n} {x:g}" for n, x in zip(self.names, values, strict=True) if not np.isnan(x))
                raise ArchflowError(f"row {row}: unknown operation {name!r}{f' with {given}' if given else ''}")
            numbers.append(self._number[found])
        return np.array(numbers, np.int64)[kind]


def _form(name: str, values: Iterable[float]) -> tuple:
    return name, *(None if np.isnan(x) else float(np.float32(x)) for x in values)
