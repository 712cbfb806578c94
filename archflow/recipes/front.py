"""Candidates that are best in accuracy and latency, and keep a limit: what `archflow rank` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.chosen_bounds import ChosenBounds
from archflow.predict.direction import usually_lower
from archflow.predict.forecast import Forecast
from archflow.predict.load import load_predictor
from archflow.predict.pareto import first_front
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.context_texts import meant, with_context
from archflow.recipes.limit import limit_doubt, limit_in

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST = 20
"""The fewest labels whose accuracy must be predicted for the bounds to account for the selection by accuracy too."""


@dataclass(frozen=True)
class Side:
    """One of the two metrics: a predictor's forecast, or a column of the table.

    Attributes:
        metric: Its name.
        values: (N,) predictions, or the column.
        rising: (N,) values that rise with the metric and are linear in what a predictor learns.
        sign: -1 if low values of the metric are good.
        predictor: None for a column.
        forecast: None for a column.
    """

    metric: str
    values: Values
    rising: Values
    sign: float
    predictor: StackedPredictor | None = None
    forecast: Forecast | None = None


@dataclass(frozen=True)
class Front:
    """The candidates on the front.

    Attributes:
        table: All candidates, with the columns `predicted_METRIC` of both, `measured_METRIC` (1 where the table holds a
            value), `upper_LATENCY`, `on_front`.
        rows: The rows on the front, the fastest first.
        accuracy, latency: Names of the metrics.
        limit: In the unit of the latency; None if there is none.
        coverage: The fraction of the selected candidates whose latency is at most the bound; None for measured
            latencies.
        within: The number of candidates within the limit.
        notes: Lines for the user.
    """

    table: Table
    rows: Rows
    accuracy: str
    latency: str
    limit: float | None
    coverage: float | None
    within: int
    notes: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, str, str]:
        """The names of the columns: predicted accuracy, predicted latency, its upper bound."""
        return f"predicted_{self.accuracy}", f"predicted_{self.latency}", f"upper_{self.latency}"

    def content(self) -> dict[str, Any]:
        """The front in JSON form."""
        found = [self.table.metrics[name] for name in self.columns]
        named = ("accuracy", "latency", "latency_upper")
        measured = {name: self.table.metrics.get(name) for name in (self.accuracy, self.latency)}
        rows = [
            {
                "row": row,
                **{name: float(values[row]) for name, values in zip(named, found, strict=True)},
                "measured": [name for name, own in measured.items() if own is not None and np.isfinite(own[row])],
                "architecture": self.table.called(row),
            }
            for row in range(len(self.table))
        ]
        about = {"accuracy": self.accuracy, "latency": self.latency, "limit": self.limit, "coverage": self.coverage}
        return {
            **about,
            "candidates": len(self.table),
            "within_limit": self.within,
            "front": [rows[row] for row in self.rows.tolist()],
            "rows": rows,
            "notes": self.notes,
        }


def pareto_front(
    table: Table,
    accuracy: str,
    latency: str,
    limit: str | None = None,
    coverage: float = 0.9,
    device: str | None = None,
    folder: Path | None = None,
) -> Front:
    """Choose the candidates that no other one beats in both metrics, among those whose bound is within the limit.

    Args:
        table: N candidates.
        accuracy, latency: Folders of predictors, or columns.
        limit: The highest latency, such as 20ms.
        coverage: The fraction of the chosen ones whose latency is at most their bound.
        device: For predictors with a context.
        folder: The user's data folder.

    Raises:
        ArchflowError: If a predictor or column is missing, a value is, the limit has no unit, or there are too few
            labels for the coverage.
    """
    notes: list[str] = []
    good = _side(table, accuracy, device, folder, notes)
    slow = _side(table, latency, device, folder, notes)
    most = None if limit is None else limit_in(limit, slow.metric)
    upper = _upper(table, good, slow, coverage, device, folder, notes)
    if limit is not None and most is not None:
        doubt = limit_doubt(limit, most, slow.values)
        notes += [] if doubt is None else [doubt]
    kept = np.arange(len(table)) if most is None else np.flatnonzero(upper <= most)
    if most is not None and not len(kept):
        notes.append(f"no candidate is within the limit: the lowest bound is {upper.min():.4g}")
    objectives = np.stack([good.sign * good.rising[kept], -slow.rising[kept]], 1)
    rows = kept[first_front(objectives)] if len(kept) else kept
    rows = rows[np.argsort(slow.values[rows], kind="stable")]
    on_front = np.zeros(len(table))
    on_front[rows] = 1
    columns = {f"predicted_{good.metric}": good.values, f"predicted_{slow.metric}": slow.values}
    for metric in (name for name in (good.metric, slow.metric) if name in table.metrics):
        columns[f"measured_{metric}"] = np.isfinite(table.metrics[metric]).astype(np.float64)
    found = table.with_metrics({**columns, f"upper_{slow.metric}": upper, "on_front": on_front})
    promised = None if slow.forecast is None else coverage
    return Front(found, rows, good.metric, slow.metric, most, promised, len(kept), tuple(dict.fromkeys(notes)))


def _side(table: Table, name: str, device: str | None, folder: Path | None, notes: list[str]) -> Side:
    """Forecast a metric with the predictor in a folder, or read a column."""
    if not Path(name).is_dir():
        metric = name.removeprefix("-") if name not in table.column_names else name
        values = table.metric(metric)
        if not np.isfinite(values).all():
            row = int(np.argmax(~np.isfinite(values)))
            raise ArchflowError(f"row {row}: {metric} is not measured; give the folder of a predictor of it")
        return Side(metric, values, values, -1.0 if metric != name or usually_lower(metric) else 1.0)
    predictor = load_predictor(name)
    if not isinstance(predictor, StackedPredictor):
        raise ArchflowError(f"{name}: a predictor of networks alone has no bounds; fit one by another --recipe")
    if device is not None and predictor.context is not None:
        found = meant(predictor, device, folder)
        notes += found.notes
        table = with_context(predictor, table, found.text)
    forecast = predictor.forecast(table)
    metric, sign = predictor.fitted.metric, float(predictor.objectives[0].sign)
    better = sign if sign < 0 or not usually_lower(metric) else -1.0
    return Side(metric, forecast.prediction.mean, sign * forecast.mean, better, predictor, forecast)


def _upper(
    table: Table, good: Side, slow: Side, coverage: float, device: str | None, folder: Path | None, notes: list[str]
) -> Values:
    """(N,) upper bounds of the latency that hold among the chosen."""
    if slow.predictor is None or slow.forecast is None:
        return slow.values
    stack = slow.predictor.fitted
    held, sign = stack.held_out, float(stack.scale.objective.sign)
    labels = _labels_of(slow.predictor, device, folder)
    other = _predicted_of(table, good, held.hashes[labels])
    there = np.isfinite(other)
    latency = sign * held.predicted[labels]
    if there.sum() >= LEAST:
        labels, seen = labels[there], np.stack([other[there], latency[there]], 1)
        shown = np.stack([good.rising, slow.rising], 1)
    else:
        seen, shown = latency[:, None], slow.rising[:, None]
        notes.append(
            f"{good.metric} can be predicted for {int(there.sum())} labels of {slow.metric}, and {LEAST} are needed: "
            "bounds account for the selection by latency alone; let the candidates include the measured architectures"
        )
    bounds = ChosenBounds.of(seen, sign * held.errors[labels], held.deviations[labels])
    upper = bounds.upper(shown, slow.rising, slow.forecast.deviations, coverage)
    return np.maximum(stack.scale.ends(sign * upper), slow.values)


def _labels_of(predictor: StackedPredictor, device: str | None, folder: Path | None) -> Rows:
    """The labels that bounds are learnt from: those on the device if it was learnt and has enough, else all."""
    held, context = predictor.fitted.held_out, predictor.fitted.context
    every = np.arange(len(held.targets))
    if context is None or device is None:
        return every
    found = meant(predictor, device, folder)
    same = np.array([context.same(text, found.text) for text in held.contexts])
    own = np.flatnonzero(same[held.context])
    return own if len(own) >= LEAST else every


def _predicted_of(table: Table, good: Side, hashes: NDArray[np.uint64]) -> Values:
    """(n,) predicted accuracy of labelled architectures, NaN where it is not known.

    For architectures that the accuracy was learnt from, these are held-out predictions; for others, the predictions of
    the same architectures among the candidates.
    """
    known = dict(zip(table.architectures.hashes.tolist(), good.rising.tolist(), strict=True))
    if good.predictor is not None:
        held = good.predictor.fitted.held_out
        sign = float(good.predictor.objectives[0].sign)
        known |= dict(zip(held.hashes.tolist(), (sign * held.predicted).tolist(), strict=True))
    return np.array([known.get(each, np.nan) for each in hashes.tolist()])
