"""Gradient-boosted trees on graph features and costs, as a baseline of latency predictors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.features import FEATURES, Features
from archflow.graph import Vocabulary
from archflow.graph.table import Table
from archflow.graph.vocabulary import UNKNOWN
from archflow.predict.latency_costs import NAMES, checked_rows, total
from archflow.predict.standard import Standard

KINDS = ("counts", "graf", "attributes", "statistics")
"""Kinds of features that it reads, where they are registered and apply."""

SEED = 21


class BoostedTrees:
    """Stochastic gradient boosting (Friedman 2002) of the logarithm of latencies.

    It reads counts, paths, degrees and attribute statistics of the graph, and the costs that the table has.
    """

    def fit(self, table: Table, latency: ArrayLike) -> Self:
        """Fit to the latencies (N,) of a table's rows.

        Raises:
            ArchflowError: If a latency is not positive, or there is not one for each row.
        """
        from sklearn.ensemble import GradientBoostingRegressor

        measured = checked_rows(table, latency)
        self._vocabulary = Vocabulary.of([*table.architectures.vocabulary.ops, UNKNOWN])
        known = self._recoded(table)
        made = [FEATURES.get(kind).of(known) for kind in KINDS if kind in FEATURES.names()]
        self._features: list[Features] = [each for each in made if each.names]
        self._costs = [name for name in (*NAMES, "nodes") if _has(table, name)]
        values = self._values(known)
        self._standard = Standard.of(values)
        model: Any = GradientBoostingRegressor(
            n_estimators=400, learning_rate=0.05, max_depth=4, subsample=0.7, max_features=0.3, random_state=SEED
        )
        self._trees = model.fit(self._standard(values), np.log(measured))
        return self

    def predict(self, table: Table) -> NDArray[np.float64]:
        """(N,) latencies, in the unit that `fit` was given."""
        return np.exp(self._trees.predict(self._standard(self._values(self._recoded(table)))))

    def _recoded(self, table: Table) -> Table:
        """The table with the operations of `fit`; others are unknown ones."""
        return replace(table, architectures=table.architectures.recoded(self._vocabulary))

    def _values(self, table: Table) -> NDArray[np.float64]:
        """(N, F) features, and logarithms of costs."""
        costs = [np.log1p(total(table, name)) for name in self._costs]
        return np.column_stack([*(each(table) for each in self._features), *costs]).astype(np.float64)


def _has(table: Table, name: str) -> bool:
    try:
        total(table, name)
    except ArchflowError:
        return False
    return True
