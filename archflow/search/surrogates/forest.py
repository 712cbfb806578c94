"""The random forest of WeakNAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archflow.predict.trees import Trees
from archflow.search.lessons import Encoding, constant, learnable
from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate
from archflow.search.surrogates.mlp import PLAIN


@SURROGATES.register("forest")
class Forest(Surrogate):
    """A random forest on the one-hot encoding of operations and edges.

    The standard deviation is that between its trees.

    Args:
        trees: Number of trees.
        deepest: Maximum depth of a tree.

    Source: Wu et al., "Stronger NAS with Weaker Predictors" (WeakNAS), NeurIPS 2021; released code 86dc0f4.
    """

    bounds: ClassVar = {"trees": (1, 100_000), "deepest": (1, 24)}

    def __init__(self, trees: int = 1000, deepest: int = 10) -> None:
        self.trees, self.deepest = trees, deepest

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        return [self._fit(lesson) if learnable(lesson) else constant(lesson) for lesson in lessons]

    def _fit(self, lesson: Lesson) -> Model:
        from sklearn.ensemble import RandomForestRegressor

        encode = Encoding.of(lesson.problem.space, PLAIN)
        forest = RandomForestRegressor(self.trees, max_depth=self.deepest, random_state=lesson.seed % 2**32)
        forest.fit(encode(lesson.table.architectures), lesson.y)
        trees = Trees.of([[tree.tree_ for tree in forest.estimators_]])

        def model(architectures):
            mean, std = trees(encode(architectures))
            return mean[0], std[0]

        return model
