"""The blend of a recipe's components, fitted to measured architectures in a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archflow.predict.blending import Blend
from archflow.predict.components import Component, Lesson
from archflow.predict.folds import Folds
from archflow.predict.seen import Seen

Values = NDArray[np.float64]

ROWS = 4096
"""Architectures per batch in prediction."""


class FittedBlend:
    """Components that are cross-fitted and weighted as in `archflow.predict.stacked.StackedPredictor`.

    Embeddings and features are not computed again: `Seen` keeps them for all candidates of a search.

    Args:
        components: Unfitted components; those that do not apply to these architectures are left out.
        seen: The n measured architectures; at least five.
        targets: (n,) labels with mean about 0, not all equal.
        usual: Typical architectures of the space.
        seed: Random seed.
    """

    def __init__(self, components: Sequence[Component], seen: Seen, targets: Values, usual: Seen, seed: int) -> None:
        folds = Folds.of(len(targets), seed)
        lesson = Lesson(seen, targets, folds, usual, seed, ranks=True)
        able = [component for component in components if component.applies(lesson)]
        parts = [component.fit(lesson) for component in able]
        odds = [component.odds(lesson) for component in able]
        blend, _ = Blend.of([part(seen) for part in parts], targets, folds, odds)
        counts = blend.weights > 0
        self._parts = [part for part, each in zip(parts, counts, strict=True) if each]
        self._blend = replace(blend, weights=blend.weights[counts])

    def __call__(self, seen: Seen) -> tuple[Values, Values]:
        """(N,) mean and (N,) calibrated standard deviation of the labels of N architectures."""
        mean, std = np.empty((2, len(seen)))
        for first in range(0, len(seen), ROWS):
            rows = np.arange(first, min(first + ROWS, len(seen)))
            some = seen.select(rows)
            means, std[rows] = self._blend([part(some) for part in self._parts])
            mean[rows] = means.mean(0)
        return mean, std
