"""The figure of a result that a verb printed with --json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archflow.report.evaluation import dots_figure, labels_figure, tau_figure
from archflow.report.figures import Bars, bars, curves
from archflow.report.measures import measure, method_name

if TYPE_CHECKING:
    from archflow.report.vega import Chart

Content = Mapping[str, Any]
CHANCE = "random order"


def result_figure(content: Content) -> Chart | None:
    """The figure that says most about a result; None if there is none."""
    if "budgets" in content:
        budgets = content["budgets"]
        if len(budgets) > 1:
            return labels_figure(budgets, CHANCE)
        return tau_figure([row for row in budgets[0]["predictors"] if row["predictor"] != CHANCE])
    if "history" in content:
        return _best_so_far(content)
    if "front" in content:
        x, y = ([row[key] for row in content["front"]] for key in ("latency", "accuracy"))
        return curves({"front": (x, y)}, x_title=content["latency"], y_title=content["accuracy"], width=560)
    if "rows" in content or "rows" in (content.get("metrics") or [{}])[0]:
        return _predictions(content if "rows" in content else content["metrics"][0])
    return _methods(content) if "methods" in content else None


def _best_so_far(content: Content) -> Chart:
    """The best value after each evaluation; whether low values are good shows in which of them is the best."""
    values = [math.nan if row["value"] is None else row["value"] for row in content["history"]]
    known = [each for each in values if not math.isnan(each)]
    lower = bool(known) and content["best"]["value"] == min(known) != max(known)
    best, found = math.nan, []
    for value in values:
        better = math.isnan(best) or (value < best if lower else value > best)
        best = value if better and not math.isnan(value) else best
        found.append(best)
    queries = list(range(1, len(values) + 1))
    return curves({content["method"]: (queries, found)}, x_title="evaluations", y_title="best so far", width=560)


def _predictions(content: Content) -> Chart | None:
    """Measured over predicted values, where both are known."""
    both = [row for row in content["rows"] if row["measured"] is not None and row["predicted"] is not None]
    keys = ("predicted", "measured", "low", "high")
    return dots_figure([{key: row.get(key) for key in keys} for row in both], content["metric"]) if both else None


def _methods(content: Content) -> Chart:
    known = {key: measure(key) for key in content["methods"][0]}
    shares = {key: each.name for key, each in known.items() if each is not None and each.is_share}
    drawn = [Bars(method_name(row["method"]), [row[key] for key in shares]) for row in content["methods"]]
    return bars(list(shares.values()), drawn, y_title="agreement, 1 is perfect")
