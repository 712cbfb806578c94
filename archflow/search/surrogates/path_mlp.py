"""The predictor of BANANAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate
from archflow.search.perceptron import fit_perceptrons
from archflow.search.training import Training


@SURROGATES.register("path_mlp")
class PathMLP(Surrogate):
    """An ensemble of narrow, deep perceptrons on the path encoding, trained by absolute error.

    The encoding has one bit for each of the most frequent paths of operations from input to output (features `paths`),
    in any space. Labels are standardised, so that one learning rate suits every metric.

    Args:
        members: Number of perceptrons.
        width, depth: Of each perceptron.
        epochs, batch_size, learning_rate: Of Adam, whose moments decay by .9 and .99.

    Source: White et al., "BANANAS", AAAI 2021; naszilla 7e65491, which trains on errors in per cent without
    standardisation.
    """

    bounds: ClassVar = {"members": (1, 1000), "width": (1, 65_536), "depth": (1, 1000)}

    def __init__(
        self,
        members: int = 5,
        width: int = 20,
        depth: int = 10,
        epochs: int = 150,
        batch_size: int = 32,
        learning_rate: float = 0.01,
    ) -> None:
        self.members, self.shape = members, (width, depth)
        self.training = Training(epochs, batch_size, learning_rate, second=0.99)

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        return fit_perceptrons(lessons, ["paths"], self.shape, self.members, lambda e: e.abs(), self.training)
