"""Random forests on plain features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from archflow.predict.components.base import COMPONENTS, Component, Lesson
from archflow.predict.components.fitted_trees import FittedTrees
from archflow.predict.standard import Standard
from archflow.predict.trees import DEEPEST


class FittedForest(FittedTrees):
    """The forests of all folds."""

    spread_tells = True


@COMPONENTS.register("forest")
class Forest(Component):
    """A random forest (Breiman 2001). The spread of its trees measures their uncertainty.

    Args:
        trees: Trees per fold.
        least: The least number of labels in a leaf.
        share: Fraction of the features that each split chooses from.
    """

    name = "forest"
    fitted = FittedForest
    bounds: ClassVar = {"trees": (2, 1000), "least": (1, 100), "share": (0.001, 1)}

    def __init__(self, trees: int = 50, least: int = 1, share: float = 0.3) -> None:
        self.trees, self.least, self.share = trees, least, share

    def applies(self, lesson: Lesson) -> bool:
        return Standard.of(lesson.usual.plain).width > 0

    def fit(self, lesson: Lesson) -> FittedForest:
        return FittedForest.of(lesson, self._fit)

    def _fit(self, x: NDArray, targets: NDArray, seed: int) -> Sequence[Any]:
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(
            self.trees,
            max_depth=DEEPEST,
            min_samples_leaf=self.least,
            max_features=self.share,
            random_state=seed,
        )
        return [tree.tree_ for tree in forest.fit(x, targets).estimators_]
