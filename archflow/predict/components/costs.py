"""Latency as a sum of costs per kind of node."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.arrays import floats_of
from archflow.predict.components.base import COMPONENTS, Component, FittedComponent, Guess, Lesson
from archflow.predict.context import CONTEXT
from archflow.predict.kind_costs import common_kinds, costs_by_kind, fitted_costs, has_costs, structures
from archflow.predict.seen import Seen

Values = NDArray[np.float64]

HEAVIEST = 1e100
"""A bound on costs in files."""

LARGEST_LOG = 20.0
"""The logarithm of the largest factor between a label and the usual ones; others count as that far."""


class FittedCosts(FittedComponent):
    """The costs of all folds.

    Args:
        kinds: Kinds of nodes with costs of their own.
        weights: (F, C) cost of a unit of each of the columns of `costs_by_kind`.
        least: (F,) the least prediction.
        spread: The spread of the logarithms of labels, as in `Lesson`.
    """

    def __init__(self, kinds: tuple[str, ...], weights: Values, least: Values, spread: float) -> None:
        self.kinds, self.weights, self.least, self.spread = kinds, weights, least, spread

    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        latency = self.weights @ costs_by_kind(seen.table, self.kinds).T
        mean = np.log(np.maximum(latency, self.least[:, None])) / self.spread
        return Guess(mean, np.full_like(mean, np.nan))

    def arrays(self) -> dict[str, NDArray]:
        names = np.array(list(json.dumps(self.kinds).encode()), np.uint8)
        return {"kinds": names, "weights": self.weights, "least": self.least, "spread": np.array([self.spread])}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        kinds = _names(arrays.get("kinds"))
        shapes = {"weights": (folds, 1 + 3 * (len(kinds) + 1)), "least": (folds,), "spread": (1,)}
        found = floats_of(arrays, shapes, HEAVIEST)
        weights, least, (spread,) = found["weights"], found["least"], found["spread"]
        if (weights < 0).any() or (least <= 0).any() or spread == 0:
            raise ArchflowError("its costs are not those of latencies; fit again")
        return cls(kinds, weights, least, float(spread))


@COMPONENTS.register("costs")
class Costs(Component):
    """A sum of costs per node, multiply-add and byte of each kind of node, none negative (`KindCosts`).

    It applies to positive labels whose values are predicted, such as latencies, of networks whose nodes have the
    attributes `macs` and `bytes`. It does not read a context.
    """

    name = "costs"
    fitted = FittedCosts

    def applies(self, lesson: Lesson) -> bool:
        costed = has_costs(lesson.known.table) and has_costs(lesson.usual.table)
        return bool(lesson.log_spread) and costed and CONTEXT not in lesson.usual.described

    def fit(self, lesson: Lesson) -> FittedCosts:
        table, spread = lesson.known.table, lesson.log_spread
        assert spread is not None, "`applies` says so"
        kinds = common_kinds(table)
        costs, groups = costs_by_kind(table, kinds), structures(table)
        latency = np.exp(np.clip(spread * lesson.targets, -LARGEST_LOG, LARGEST_LOG))
        train = lesson.folds.train
        weights = [fitted_costs(costs[rows], latency[rows], groups[rows])[0] for rows in train]
        return FittedCosts(kinds, np.stack(weights), latency[train].min(1) / 2, spread)


def _names(given: NDArray | None) -> tuple[str, ...]:
    """Names from the bytes of a JSON list. Raises ArchflowError if these are damaged."""
    if given is None or given.dtype != np.uint8 or given.ndim != 1:
        raise ArchflowError("its array kinds is missing, or of another shape or type; fit again")
    try:
        names = json.loads(given.tobytes())
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        raise ArchflowError("its array kinds does not hold names; fit again")
    return tuple(names)
