"""The common base of fitted forests and boosted trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.predict.components.base import FittedComponent, Guess, Lesson
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard
from archflow.predict.trees import Trees


class FittedTrees(FittedComponent):
    """F ensembles of trees on plain features; the prediction is the mean of the trees."""

    spread_tells: ClassVar[bool] = False
    """Whether the trees of an ensemble are interchangeable, so that their spread measures uncertainty."""

    def __init__(self, standard: Standard, trees: Trees) -> None:
        self.standard, self.trees = standard, trees

    @classmethod
    def of(cls, lesson: Lesson, fit: Callable[[NDArray, NDArray, int], Sequence[Any]], scale: float = 1.0) -> Self:
        """Fit one ensemble per fold.

        Args:
            lesson: What to learn from.
            fit: Returns scikit-learn's fitted trees for features (m, Q), targets (m,) and a seed.
            scale: A factor for the trees' values.
        """
        standard = Standard.of(lesson.usual.plain)
        x = standard(lesson.known.plain).astype(np.float32)
        ensembles = [
            fit(x[rows], lesson.targets[rows], lesson.seed + fold) for fold, rows in enumerate(lesson.folds.train)
        ]
        return cls(standard, Trees.of(ensembles, scale))

    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        mean, std = self.trees(self.standard(seen.plain))
        return Guess(mean, std if self.spread_tells else np.full_like(std, np.nan))

    def arrays(self) -> dict[str, NDArray]:
        return {**self.standard.arrays(), **self.trees.arrays()}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        standard = Standard.restored(arrays, usual.plain.shape[1])
        return cls(standard, Trees.restored(arrays, standard.width, folds))
