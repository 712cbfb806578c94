"""How well one fitted predictor does on measured architectures that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.blending import Blend
from archflow.predict.folds import Folds
from archflow.predict.forecast import Forecast
from archflow.predict.latency_scores import SCORES, latency_scores
from archflow.predict.metrics import kendall_tau, mape, precision_curve, spearman, summary, within
from archflow.predict.stacked import StackedPredictor
from archflow.predict.target_scale import TargetScale

Values = NDArray[np.float64]
Rows = NDArray[np.int64]
Measures = dict[str, float]

BLEND = "blend"
"""The name of the weighted sum of all components."""

PLAIN = "blend without networks"
"""The name of the blend without components that need an encoder, if there are any."""

CHANCE = "random order"
"""The name of the expectation for a random order."""

ENCODED = frozenset(("networks", "process"))
"""Components that use encoders, if a predictor has any."""

COVERAGES = (0.5, 0.8, 0.95)
"""Coverages at which intervals are judged, if there are enough labels for them."""

DRAWN = 0.8
"""The coverage of the intervals that are kept for plotting."""

SPANNED = 1000
"""The largest number of architectures whose intervals are computed, spaced evenly over the predicted ones."""

TOP = 10
"""How many of the architectures predicted best a user is assumed to measure."""


@dataclass(frozen=True)
class Repetition:
    """One draw of labels, and how well the predictor did on measured architectures that it did not learn from.

    Attributes:
        measures: The result of `measures_of` for each component, `BLEND`, `CHANCE` and, if it differs, `PLAIN`.
        weights: Each component's weight in the blend.
        coverage: By nominal coverage, the fraction of labels inside the intervals.
        deviation: Spearman's correlation between predicted standard deviations and absolute errors.
        judged: How many architectures were predicted.
        rows: (M,) rows of the table whose intervals were computed.
        predicted, low, high: (M,) their predictions and the ends of their 80 % intervals, in the metric's unit; the
            ends are NaN if there are too few labels for them.
        values: `archflow.predict.latency_scores.SCORES` of the blend, and of the latency baselines that the table has
            the costs for; empty unless the objective predicts positive values.
    """

    measures: dict[str, Measures]
    weights: dict[str, float]
    coverage: dict[float, float]
    deviation: float
    judged: int
    rows: Rows
    predicted: Values
    low: Values
    high: Values
    values: dict[str, Measures] = field(default_factory=dict)


def judged(predictor: StackedPredictor, table: Table, metric: str, known: Rows, tested: Rows) -> Repetition:
    """Judge a predictor that was fitted on the rows `known` of a table by its predictions for the rows `tested`."""
    shown, truth = table.select(tested), table.metric(metric)[tested]
    (objective,) = predictor.objectives
    rising = objective.sign * truth
    forecast = predictor.forecast(shown)
    mean, std = forecast.prediction
    guesses = {name: guess.mean for name, guess in predictor.guesses(shown).items()}
    measures = {BLEND: measures_of(forecast.mean, rising), CHANCE: measures_of_chance(rising)}
    measures |= {name: measures_of(means.mean(0), rising) for name, means in guesses.items()}
    plain = [name for name in guesses if name not in ENCODED]
    if predictor.embedders and 0 < len(plain) < len(guesses):
        weights = _weights(predictor, plain, table.select(known), table.metric(metric)[known])
        blended = sum(weight * guesses[name].mean(0) for name, weight in weights.items())
        measures[PLAIN] = measures_of(np.asarray(blended), rising)
    spanned = np.linspace(0, len(tested) - 1, min(len(tested), SPANNED)).astype(np.int64)
    ends = _intervals(forecast.select(spanned))
    coverage = {
        asked: float(np.mean((low <= truth[spanned]) & (truth[spanned] <= high))) for asked, (low, high) in ends.items()
    }
    low, high = ends.get(DRAWN, (np.full(len(spanned), np.nan),) * 2)
    weights = {share.name: share.weight for share in predictor.stacking.shares}
    deviation = spearman(std, np.abs(truth - mean))
    found = (measures, weights, coverage, deviation, len(tested), tested[spanned], mean[spanned], low, high)
    return Repetition(*found, _of_values(table, metric, known, tested, mean) if objective.positive else {})


def _of_values(table: Table, metric: str, known: Rows, tested: Rows, mean: Values) -> dict[str, Measures]:
    """How near predictions are to positive values, beside those of latency baselines."""
    truth = table.metric(metric)[tested]
    shares = (mape(mean, truth), within(0.05, mean, truth), within(0.1, mean, truth))
    own: Measures = dict(zip(SCORES, (*shares, spearman(mean, truth), kendall_tau(mean, truth)), strict=True))
    baselines = latency_scores(table.select(known), table.select(tested), metric)
    return {BLEND: own, **{name: dict(each) for name, each in baselines.items() if not isinstance(each, str)}}


def measures_of(predicted: Values, truth: Values) -> Measures:
    """Compute `archflow.predict.metrics.summary` of predictions (N,), higher is better, and three more measures.

    - `top_ten`: the fraction of the ten predicted best that are among the ten best;
    - `beaten`: the fraction of all architectures that are better than the best of the ten predicted best;
    - `pairs`: the fraction of pairs with different labels that are in the right order; equal predictions count half.
    """
    found = summary(predicted, truth)
    first = np.argsort(-predicted, kind="stable")[:TOP]
    untied = np.sqrt(_untied(predicted) / max(_untied(truth), 1))
    return found | {
        "top_ten": float(precision_curve(predicted, truth, [min(TOP, len(truth))])[0]),
        "beaten": float(np.mean(truth > truth[first].max())),
        "pairs": (1 + found["tau"] * float(untied)) / 2,
    }


def measures_of_chance(truth: Values) -> Measures:
    """The expectation of `measures_of` for a random order, given labels (N,), higher is better."""
    count, best = len(truth), np.sort(truth)[::-1]
    top = min(TOP, count)
    # For each k, the probability that the best of those drawn is the k-th best of all.
    ratios = [(count - k - top + 1) / (count - k) for k in range(1, count - top + 1)]
    probability = top / count * np.cumprod([1.0, *ratios])
    better = np.searchsorted(-best, -best[: len(probability)], side="left")
    found = {"tau": 0.0, "spearman": 0.0}
    found |= {f"p_at_{each}": max(1, int(each / 100 * count)) / count for each in (1, 5, 10)}
    return found | {
        "regret_at_10": float(probability @ (best[0] - best[: len(probability)])),
        "top_ten": top / count,
        "beaten": float(probability @ better) / count,
        "pairs": 0.5,
    }


def _untied(values: Values) -> float:
    """The number of pairs with different values."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return (len(values) * (len(values) - 1) - float((counts * (counts - 1)).sum())) / 2


def _weights(predictor: StackedPredictor, names: Sequence[str], known: Table, labels: Values) -> dict[str, float]:
    """The weights that some of a predictor's components would have without the others."""
    stack = predictor.fitted
    _, targets = TargetScale.of(stack.scale.objective, labels)
    guesses = predictor.guesses(known)
    blend, _ = Blend.of([guesses[name] for name in names], targets, Folds.of(len(labels), predictor.seed))
    return dict(zip(names, blend.weights.tolist(), strict=True))


def _intervals(forecast: Forecast) -> dict[float, tuple[Values, Values]]:
    """By coverage, the ends of the intervals for which there are enough labels."""
    ends = {}
    for asked in COVERAGES:
        try:
            ends[asked] = forecast.interval(asked)
        except ArchflowError:
            continue
    return ends
