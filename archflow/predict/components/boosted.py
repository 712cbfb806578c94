"""Gradient-boosted trees on plain features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from archflow.predict.components.base import COMPONENTS, Component, Lesson
from archflow.predict.components.fitted_trees import FittedTrees
from archflow.predict.standard import Standard


class FittedBoosted(FittedTrees):
    """The boosted trees of all folds."""


@COMPONENTS.register("boosted")
class Boosted(Component):
    """Stochastic gradient boosting (Friedman 2002).

    Args:
        trees: Trees per fold; each corrects those before it.
        rate: Learning rate: the fraction of each tree's correction that is applied.
        depth: Largest number of splits on a path through a tree.
        rows: Fraction of the labels that each tree is fitted to, drawn at random.
        share: Fraction of the features that each split chooses from.
    """

    name = "boosted"
    fitted = FittedBoosted
    bounds: ClassVar = {"trees": (2, 2000), "rate": (0.001, 1), "depth": (1, 12), "rows": (0.1, 1), "share": (0.001, 1)}

    def __init__(
        self, trees: int = 200, rate: float = 0.06, depth: int = 3, rows: float = 0.7, share: float = 0.2
    ) -> None:
        self.trees, self.rate, self.depth, self.rows, self.share = trees, rate, depth, rows, share

    def applies(self, lesson: Lesson) -> bool:
        return Standard.of(lesson.usual.plain).width > 0

    def fit(self, lesson: Lesson) -> FittedBoosted:
        return FittedBoosted.of(lesson, self._fit, scale=self.rate * self.trees)

    def _fit(self, x: NDArray, targets: NDArray, seed: int) -> Sequence[Any]:
        from sklearn.ensemble import GradientBoostingRegressor

        model = GradientBoostingRegressor(
            init="zero",
            n_estimators=self.trees,
            learning_rate=self.rate,
            max_depth=self.depth,
            subsample=self.rows,
            max_features=self.share,
            random_state=seed,
        )
        return [tree.tree_ for tree in model.fit(x, targets).estimators_[:, 0]]
