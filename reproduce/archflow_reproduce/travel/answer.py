"""The predictions of a method, and their quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.predict.metrics import kendall_tau, spearman, summary
from archflow.predict.rank_scale import normal_scores

Values = NDArray[np.float64]

COVERAGES = (0.5, 0.8, 0.95)
"""Nominal coverages of intervals."""

FIFTHS = 5


@dataclass(frozen=True)
class Answer:
    """The predictions of a method for m architectures.

    Attributes:
        scores: (m,) scores to rank by; higher is better.
        mean, std: (m,) in the unit of the labels, for a method that predicts values with uncertainty.
        intervals: Coverage -> (m,) lower and upper ends.
        facts: Further figures to report.
        parts: The predictions of a blend's components, which are evaluated too.
    """

    scores: Values
    mean: Values | None = None
    std: Values | None = None
    intervals: Mapping[float, tuple[Values, Values]] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, Answer] = field(default_factory=dict)


def judged(answer: Answer, truth: Values) -> dict[str, float]:
    """The measures of an answer by name: tau, p_at_1, p_at_5, regret_at_10, and those of deviations and intervals.

    std_tau, std_spearman: rank correlation of deviation and error. inside_80: the fraction of labels inside the 80 %
    intervals; inside_80_fifth_1 to _5: the same by fifths, from the smallest deviation (or narrowest interval) to the
    largest.
    """
    measures = summary(answer.scores, truth)
    for name in ("spearman", "p_at_10"):
        del measures[name]
    measures |= answer.facts
    if answer.mean is not None and answer.std is not None:
        error = np.abs(truth - answer.mean)
        measures |= {"std_tau": kendall_tau(answer.std, error), "std_spearman": spearman(answer.std, error)}
    for coverage, (low, high) in answer.intervals.items():
        name = f"inside_{100 * coverage:.0f}"
        inside = (low <= truth) & (truth <= high)
        measures[name] = float(inside.mean())
        order = np.argsort(high - low if answer.std is None else answer.std, kind="stable")
        for number, part in enumerate(np.array_split(inside[order], FIFTHS), 1):
            measures[f"{name}_fifth_{number}"] = float(part.mean())
    return {name: float(f"{value:.4g}") for name, value in measures.items()}


class Scale:
    """Maps labels to normal scores and back, linearly between labels and extrapolating the outermost segments."""

    def __init__(self, labels: Values) -> None:
        self.targets = normal_scores(labels)
        self._scores, first = np.unique(self.targets, return_index=True)
        self._labels = labels[first]

    def labels(self, scores: Values) -> Values:
        """(m,) scores -> labels, monotonically."""
        if len(self._scores) < 2:
            return np.full(scores.shape, self._labels[0])
        found = np.interp(scores, self._scores, self._labels)
        rise = np.ptp(self._labels) / np.ptp(self._scores)
        beyond = np.maximum(scores - self._scores[-1], 0) + np.minimum(scores - self._scores[0], 0)
        return found + rise * beyond
