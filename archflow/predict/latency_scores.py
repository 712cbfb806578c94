"""All latency baselines on the same rows."""

from __future__ import annotations

from collections.abc import Mapping

from numpy.typing import ArrayLike

from archflow.devices.units import checked_latencies, unit_doubt
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.latency_baselines import BASELINES
from archflow.predict.metrics import kendall_tau, mape, spearman, within

SCORES = ("mape", "within_5", "within_10", "spearman", "kendall")

Scores = Mapping[str, Mapping[str, float] | str]
"""For each baseline its `SCORES`, or the reason why it has none."""


def scores_of(predicted: ArrayLike, measured: ArrayLike) -> dict[str, float]:
    """The `SCORES` of predicted latencies (N,): errors and shares as fractions, and rank correlations."""
    shares = (mape(predicted, measured), within(0.05, predicted, measured), within(0.1, predicted, measured))
    ranks = (spearman(predicted, measured), kendall_tau(predicted, measured))
    return dict(zip(SCORES, (*shares, *ranks), strict=True))


def latency_scores(learnt: Table, judged: Table, column: str) -> Scores:
    """Fit every baseline to one table and evaluate it on another.

    Args:
        learnt: Rows to fit to.
        judged: Rows to predict.
        column: The column of latencies in both, in the same unit.

    Returns:
        By baseline, mean absolute percentage error and shares within 5 and 10 % as fractions, and rank correlations;
        a line instead of them if the tables lack what a baseline needs.

    Raises:
        ArchflowError: If a latency is not positive.
    """
    seen = checked_latencies(column, learnt.metric(column))
    measured = checked_latencies(column, judged.metric(column))
    scores: dict[str, Mapping[str, float] | str] = {}
    for name, baseline in BASELINES.items():
        try:
            predicted = baseline().fit(learnt, seen).predict(judged)
        except ArchflowError as error:
            scores[name] = str(error)
            continue
        scores[name] = scores_of(predicted, measured)
    return scores


def print_latency_scores(learnt: Table, judged: Table, column: str) -> None:
    """Print `latency_scores` as a table, and above it a line if the two tables seem to be in different units."""
    scores = latency_scores(learnt, judged, column)
    doubt = unit_doubt(f"{column} of the judged rows", judged.metric(column), learnt.metric(column))
    if doubt is not None:
        print(doubt)
    print(f"{'baseline':<16}{'MAPE':>8}{'<= 5 %':>8}{'<= 10 %':>9}{'Spearman':>10}{'Kendall':>9}")
    for name, of in scores.items():
        if isinstance(of, str):
            print(f"{name:<16}{of}")
        else:
            print(
                f"{name:<16}{of['mape']:>8.1%}{of['within_5']:>8.1%}{of['within_10']:>9.1%}"
                f"{of['spearman']:>10.3f}{of['kendall']:>9.3f}"
            )
