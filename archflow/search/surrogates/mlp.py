"""The perceptron of WeakNAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate
from archflow.search.perceptron import fit_perceptrons
from archflow.search.training import Training

PLAIN = ("slots", "chain", "counts", "graf")
"""Plain encodings: the one-hot operation and edges of every slot, or the closest equivalent in spaces without slots."""


@SURROGATES.register("mlp")
class MLP(Surrogate):
    """A wide perceptron on the one-hot encoding of operations and edges, trained by squared error.

    Args:
        width, depth: Of the perceptron.
        members: Perceptrons whose mean is the prediction.
        epochs: Passes over the labels.
        batch_size, learning_rate, weight_decay: Of Adam; scikit-learn's defaults, as in the released code.

    Source: Wu et al., "Stronger NAS with Weaker Predictors" (WeakNAS), NeurIPS 2021; released code 86dc0f4.
    """

    bounds: ClassVar = {"members": (1, 1000), "width": (1, 65_536), "depth": (1, 1000)}

    def __init__(
        self,
        width: int = 1000,
        depth: int = 4,
        members: int = 1,
        epochs: int = 100,
        batch_size: int = 200,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-4,
    ) -> None:
        self.members, self.shape = members, (width, depth)
        self.training = Training(epochs, batch_size, learning_rate, weight_decay=weight_decay)

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        return fit_perceptrons(lessons, PLAIN, self.shape, self.members, lambda e: e.square(), self.training)
