"""Linear models of standardised inputs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.predict.arrays import floats_of
from archflow.predict.components.base import FittedComponent, Guess, Lesson
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard

Values = NDArray[np.float64]

PENALTIES = np.logspace(-3, 3, 25)
"""Candidate penalties, per column: the ratio of noise to signal."""


class FittedLinear(FittedComponent):
    """F linear models.

    Args:
        standard: Standardises the inputs.
        weights: (F, Q + 1) weights of the standardised inputs and, last, the intercept.
    """

    def __init__(self, standard: Standard, weights: Values) -> None:
        self.standard, self.weights = standard, weights

    @staticmethod
    @abstractmethod
    def columns(seen: Seen) -> NDArray:
        """(N, P) inputs of the models."""

    @classmethod
    def applies(cls, usual: Seen) -> bool:
        """Whether any input varies between architectures."""
        return Standard.of(cls.columns(usual)).width > 0

    @classmethod
    def of(cls, lesson: Lesson) -> Self:
        """Fit one model per fold."""
        standard = Standard.of(cls.columns(lesson.usual))
        x = standard(cls.columns(lesson.known))
        return cls(standard, np.stack([ridge(x[rows], lesson.targets[rows]) for rows in lesson.folds.train]))

    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        mean = self.weights[:, :-1] @ self.standard(self.columns(seen)).T + self.weights[:, -1:]
        return Guess(mean, np.full_like(mean, np.nan))

    def arrays(self) -> dict[str, NDArray]:
        return {**self.standard.arrays(), "weights": self.weights}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        standard = Standard.restored(arrays, cls.columns(usual).shape[1])
        return cls(standard, floats_of(arrays, {"weights": (folds, standard.width + 1)})["weights"])


def ridge(x: Values, y: Values) -> Values:
    """Fit (Q + 1,) weights of columns x (n, Q) and, last, the intercept, to targets y (n,).

    The penalty on squared weights minimises the leave-one-out error, which has a closed form (Golub, Heath and Wahba
    1979).
    """
    centre, middle = x.mean(0), y.mean()
    left, squares = _left(x - centre)
    along = left.T @ (y - middle)
    damped = squares + PENALTIES[:, None] * max(x.shape[1], 1)  # (penalties, rank)
    shrunk = squares / damped
    missed = y - middle - (shrunk * along) @ left.T
    leverage = 1 / len(y) + shrunk @ (left**2).T
    best = np.square(missed / np.maximum(1 - leverage, 1e-9)).mean(1).argmin()
    weights = (x - centre).T @ (left @ (along / damped[best]))
    return np.append(weights, middle - centre @ weights)


def _left(x: Values) -> tuple[Values, Values]:
    """Left singular vectors (n, rank) and squared singular values (rank,) of x (n, Q)."""
    if len(x) > x.shape[1]:
        left, singular, _ = np.linalg.svd(x, full_matrices=False)
        return left, singular**2
    squares, left = np.linalg.eigh(x @ x.T)  # of a small matrix: the columns are many more than the labels
    return left, squares.clip(0)
