"""Baselines for latency predictors: sums of costs, and trees on graph features.

Every baseline but the roofline and the trees is a sum of costs, none negative, fitted to relative errors.
Multiply-adds, parameters and bytes are a table's columns, or the sums of node attributes of the same name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.graph.table import Table
from archflow.predict.boosted_latency import BoostedTrees
from archflow.predict.latency_costs import checked_rows, of_nodes, summed, total

Floats = NDArray[np.float64]

_GRID = 129
"""Candidate ridge points of the roofline."""


class LatencyBaseline(Protocol):
    """Predicts latencies after fitting some."""

    def fit(self, table: Table, latency: ArrayLike) -> Self:
        """Fit to the latencies (N,) of a table's rows. Raises ArchflowError if one is not positive."""
        ...

    def predict(self, table: Table) -> Floats:
        """(N,) positive latencies, in the unit that `fit` was given."""
        ...


class CostSum(ABC):
    """A sum of costs: `fit` finds the latency per unit of each cost."""

    weights: Floats
    least: float

    @abstractmethod
    def costs(self, table: Table) -> Floats:
        """(N, F) numbers of at least 0. Raises ArchflowError if the table does not have them."""

    def fit(self, table: Table, latency: ArrayLike) -> Self:
        """Fit to the latencies (N,) of a table's rows.

        Raises:
            ArchflowError: If a latency is not positive, or there is not one for each row.
        """
        measured = checked_rows(table, latency)
        self.weights, _ = _fitted(self.costs(table), measured)
        self.least = float(measured.min()) / 2
        return self

    def predict(self, table: Table) -> Floats:
        """(N,) latencies, in the unit that `fit` was given: at least half the least of those."""
        return np.maximum(self.costs(table) @ self.weights, self.least)


class ColumnSum(CostSum):
    """A constant and a factor of each named cost; `nodes` is the number of nodes."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def costs(self, table: Table) -> Floats:
        return np.column_stack([np.ones(len(table)), *(total(table, name) for name in self.names)])


class OperationSum(CostSum):
    """A look-up table with a cost per operation, and per multiply-add if nodes have these.

    An operation that no row of `fit` had costs nothing.
    """

    operations: tuple[str, ...] = ()

    def fit(self, table: Table, latency: ArrayLike) -> Self:
        ops = table.architectures.vocabulary.ops
        self.operations = tuple(ops[present] for present in np.unique(table.architectures.op).tolist())
        return super().fit(table, latency)

    def costs(self, table: Table) -> Floats:
        macs = of_nodes(table, "macs")
        per_node = [np.ones(len(table.architectures.op)), *([] if macs is None else [macs])]
        return np.column_stack([np.ones(len(table)), *(self._sums(table, values) for values in per_node)])

    def _sums(self, table: Table, values: Floats) -> Floats:
        """(N, |O|) sums of the nodes' values (V,) by operation."""
        architectures = table.architectures
        width = len(architectures.vocabulary.ops)
        place = architectures.node_owner * width + architectures.op
        sums = summed(place, values, len(table) * width).reshape(-1, width)
        column = {op: number for number, op in enumerate(architectures.vocabulary.ops)}
        empty = np.zeros(len(table))
        return np.column_stack([sums[:, column[op]] if op in column else empty for op in self.operations])


class Roofline(CostSum):
    """Each node takes as long as its multiply-adds or its bytes, whichever is longer.

    Nodes without either cost nothing. If only the table's columns are known, a row counts as one node.

    Source: Williams, Waterman and Patterson 2009. Peak and bandwidth are fitted.
    """

    ridge: float = 1.0
    """Multiply-adds that take as long as one byte."""

    def fit(self, table: Table, latency: ArrayLike) -> Self:
        measured = checked_rows(table, latency)
        macs, moved, _ = self._pieces(table)
        ratio = macs[(macs > 0) & (moved > 0)] / moved[(macs > 0) & (moved > 0)]
        low, high = np.log([ratio.min() / 2, ratio.max() * 2]) if len(ratio) else (0.0, 0.0)

        def error(ridge: float) -> float:
            self.ridge = ridge
            return _fitted(self.costs(table), measured)[1]

        self.ridge = min(np.exp(np.linspace(low, high, _GRID)).tolist(), key=error)
        return super().fit(table, latency)

    def costs(self, table: Table) -> Floats:
        macs, moved, owner = self._pieces(table)
        longer = summed(owner, np.maximum(macs, self.ridge * moved), len(table))
        return np.column_stack([np.ones(len(table)), longer])

    @staticmethod
    def _pieces(table: Table) -> tuple[Floats, Floats, NDArray]:
        macs, moved = of_nodes(table, "macs"), of_nodes(table, "bytes")
        if macs is not None and moved is not None:
            return macs, moved, table.architectures.node_owner
        return total(table, "macs"), total(table, "bytes"), np.arange(len(table))


BASELINES: Mapping[str, Callable[[], LatencyBaseline]] = {
    "flops": lambda: ColumnSum("macs"),
    "params + flops": lambda: ColumnSum("params", "macs"),
    "nodes + flops": lambda: ColumnSum("nodes", "macs"),
    "roofline": Roofline,
    "operation sum": OperationSum,
    "boosted trees": BoostedTrees,
}
"""Each baseline by name, not fitted."""


def _fitted(costs: Floats, measured: Floats) -> tuple[Floats, float]:
    """The costs (F,) of a unit, none negative, with the least squares of relative errors; and the root of their sum.

    Errors count relative to a tenth of the median at least: a few cells without operations, a thousand times faster
    than the others, would decide everything else.
    """
    from scipy.optimize import nnls

    middle = float(np.median(measured))
    weight = middle / np.maximum(measured, middle / 10)
    greatest = costs.max(axis=0)
    scale = np.where(greatest > 0, greatest, 1.0)
    weights, error = nnls(costs / scale * weight[:, None], measured / middle * weight, maxiter=100 * max(costs.shape))
    return weights / scale * middle, float(error)
