"""The report of predictions for a table of the user's own: what `archflow predict --report` writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.graph.table import Table
from archflow.predict.base import Predictor, ranking_columns
from archflow.predict.metrics import precision_curve, summary
from archflow.predict.stacked import StackedPredictor
from archflow.report.ranking import ranking_report

LEAST = 10
"""The least number of measured architectures on which a report judges the ranking."""


def prediction_report(
    path: Path, model: Predictor, ranked: Table, name: str, place: int = 0, figures: Path | None = None
) -> None:
    """Write what a predictor says of a table as a page: the order, how good it is where it was measured, the best.

    The order is judged on measured architectures that the predictor did not learn from, if it says which those are and
    there are at least `LEAST` of them.

    Args:
        path: The page (.html).
        model: The predictor.
        ranked: N architectures with the columns that it gives.
        name: What the table is called.
        place: Which of the predictor's metrics.
        figures: A folder for the figures as PNG, SVG and PDF.

    Raises:
        ArchflowError: If a file cannot be written, or the extra `report` is missing.
    """
    metric, sign = model.metrics[place], float(model.objectives[place].sign)
    mean = sign * ranked.metrics[ranking_columns(model.metrics, place)[0]]
    known = metric in ranked.metrics
    measured = sign * ranked.metrics[metric] if known else np.full(len(ranked), np.nan)
    fitted = _fitted(model, ranked) & np.isfinite(measured)
    judged = np.isfinite(mean) & np.isfinite(measured) & ~fitted
    enough = judged.sum() >= LEAST
    ks = np.unique(np.geomspace(1, max(1, judged.sum()), 40).astype(int))
    facts: list[tuple[str, object]] = [("architectures", f"{len(ranked):,}"), ("metric", metric)]
    facts += [("better", "lower values, which are shown with a minus")] if sign < 0 else []
    facts += [("measured", f"{int(np.isfinite(measured).sum()):,}"), ("learnt from", f"{int(fitted.sum()):,}")]
    if isinstance(model, StackedPredictor):
        facts.append(("weights", ", ".join(f"{each.name} {each.weight:.2f}" for each in model.stacking.shares)))
    ranking_report(
        path,
        title=f"{metric} of {name}, predicted",
        summary=facts,
        predicted=mean,
        measured=measured if np.isfinite(measured).any() else None,
        fitted=fitted,
        comparison=[{"method": "predictor", **summary(mean[judged], measured[judged])}] if enough else None,
        precision_curves={
            "predictor": (ks, precision_curve(mean[judged], measured[judged], ks)),
            "chance": (ks, ks / judged.sum()),
        }
        if enough
        else None,
        embeddings=_embeddings(model, ranked),
        architectures=ranked.architectures,
        native=ranked.native,
        metric=metric if sign > 0 else f"-{metric}",
        figures_folder=figures,
    )


def _fitted(model: Predictor, table: Table) -> NDArray[np.bool_]:
    """(N,) whether the predictor learnt from an architecture; False for predictors that do not say."""
    if not isinstance(model, StackedPredictor):
        return np.zeros(len(table), bool)
    return np.isin(table.architectures.hashes, model.fitted.held_out.hashes)


def _embeddings(model: Predictor, table: Table) -> NDArray[np.float32] | None:
    """(N, d) embeddings; None for predictors without encoders."""
    if isinstance(model, StackedPredictor) and not model.embedders:
        return None
    return model.embed(table.architectures)
