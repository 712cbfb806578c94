"""Blend the predictions of several components into one with an uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.predict.components.base import Guess
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.folds import Folds
from archflow.predict.metrics import kendall_tau
from archflow.predict.spread import Spread
from archflow.predict.weights import stacked_weights

Values = NDArray[np.float64]

SIGNS = 4
"""The number of signs that a prediction is uncertain."""

HEAVIEST = 1e9
"""A bound on weights in files; components predict standardised targets, so that real ones are near 1 in sum."""

TINY = 1e-3
"""Added to deviations, in standard deviations of the labels, before their logarithm is taken."""


@dataclass(frozen=True)
class Score:
    """How well held-out targets were predicted.

    Attributes:
        components: Kendall's tau of each component.
        shares: Each component's fraction of the blend; they sum to 1.
        blend: Kendall's tau of the blend; only its weights, few and shrunk, have seen these targets.
        predicted: (n,) the blend's predictions of the targets.
        deviations: (n,) the deviations of these predictions.
    """

    components: list[float]
    shares: list[float]
    blend: float
    predicted: Values
    deviations: Values


@dataclass(frozen=True)
class Blend:
    """A weighted sum of components, with estimates of its errors.

    Attributes:
        weights: (C,) weights of the components.
        spread: Computes deviations from the signs that predictions are uncertain.
        conformal: Computes intervals from predictions and deviations.
    """

    weights: Values
    spread: Spread
    conformal: CrossConformal

    @classmethod
    def of(cls, guesses: Sequence[Guess], targets: Values, folds: Folds, odds: ArrayLike = 1.0) -> tuple[Blend, Score]:
        """Learn from the predictions by the F models of each component for the n labelled architectures.

        Weights are learnt from all labels, including those that calibrate. Learning each fold's weights from the labels
        of the other folds only would make intervals too wide: fewer labels give worse weights than those that
        predictions use.

        Args:
            guesses: Predictions of each component, of shape (F, n).
            targets: (n,) true targets.
            folds: Which targets each model did not learn from.
            odds: Weights before any label is seen, as for `stacked_weights`.
        """
        unseen = np.stack([folds.unseen(guess.mean) for guess in guesses])
        weights = _or_equal(stacked_weights(unseen, targets, odds), unseen)
        means, signs = _sum(weights, guesses), signs_of(guesses, weights)
        errors, deviations = targets - means, np.ones(folds.tested.shape)
        for fold, tested in enumerate(folds.tested):
            others = folds.tested & ~tested
            deviations[fold] = Spread.of(signs[others], errors[others])(signs[fold])
        spread = Spread.of(signs[folds.tested], errors[folds.tested])
        blend = cls(weights, spread, CrossConformal.of(errors, deviations, folds.tested))
        shares = weights * unseen.std(1)
        blended = folds.unseen(means)
        taus = [kendall_tau(own, targets) for own in (*unseen, blended)]
        shares = (shares / max(shares.sum(), 1e-300)).tolist()
        return blend, Score(taus[:-1], shares, taus[-1], blended, folds.unseen(deviations))

    @classmethod
    def restored(cls, weights: Values, spread: Spread, conformal: CrossConformal) -> Blend:
        """Restore a blend from its parts. Raises ArchflowError if they do not form a blend."""
        if not ((weights > 0) & (weights < HEAVIEST)).all() or len(spread.centre) != SIGNS:
            raise ArchflowError("its weights are not those of a blend; restore the file, or fit again")
        return cls(weights, spread, conformal)

    def __call__(self, guesses: Sequence[Guess]) -> tuple[Values, Values]:
        """Compute (F, N) blended predictions of the models and their deviations (N,)."""
        return _sum(self.weights, guesses), self.spread(signs_of(guesses, self.weights)).mean(0)


def signs_of(guesses: Sequence[Guess], weights: Values) -> Values:
    """Compute (F, N, S) signs that a prediction is uncertain.

    They are the logarithms of the components' own deviation and of their disagreement, both weighted, and the
    prediction and its square.

    Args:
        guesses: Predictions of C components.
        weights: (C,) weights of the components.
    """
    means, stds = (np.stack(each, 2) for each in zip(*guesses, strict=True))  # (F, N, C)
    shares = weights / weights.sum()
    level = (means * shares).sum(2)
    apart = np.sqrt((shares * np.square(means - level[..., None])).sum(2))
    says = np.isfinite(stds) & (shares > 0)
    own = np.sqrt((np.where(says, np.square(stds), 0.0) * shares).sum(2) / np.maximum((says * shares).sum(2), 1e-12))
    return np.stack([np.log(own + TINY), np.log(apart + TINY), level, np.square(level)], 2)


def _sum(weights: Values, guesses: Sequence[Guess]) -> Values:
    """(F, N) blended predictions of the models."""
    return np.tensordot(weights, np.stack([guess.mean for guess in guesses]), 1)


def _or_equal(weights: Values, unseen: Values) -> Values:
    """The weights; if no component is informative, small equal ones, which rank but stay near the mean."""
    return weights if weights.any() else 0.1 / (np.maximum(unseen.std(1), 1e-3) * len(unseen))
