"""The curves of a result of `archflow bench search`: the best so far against the number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archflow.report.figures import colour, curves, significant
from archflow.report.page import save_figure
from archflow.report.vega import require_altair

if TYPE_CHECKING:
    from archflow.report.vega import Chart

MOST = 6
"""The most methods in one plot: the theme has as many colours."""

WIDTH = 380


def search_chart(result: Mapping[str, Any]) -> Chart:
    """One plot per task: mean over the seeds, with a band from the lower to the upper quartile.

    Tasks with one objective show the reported metric of the best architecture so far, others the hypervolume. Of more
    than `MOST` methods, those are shown that are the best at the end.
    """
    alt = require_altair()
    plots = [_plot(name, task) for name, task in result["tasks"].items()]
    return alt.concat(*plots, columns=2).resolve_scale(color="independent")


def write_chart(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write the chart of a result as an SVG file, completely or not at all."""
    save_figure(search_chart(result), path)


def _plot(name: str, task: Mapping[str, Any]) -> Chart:
    alt = require_altair()
    measure = "report" if len(task["objectives"]) == 1 else "hypervolume"
    cells = _best(task["cells"])
    lines = curves(
        {method: (cell["queries"], cell[measure]["mean"]) for method, cell in cells.items()},
        x_title="queries",
        y_title=f"{name}: {task['report'] or measure}",
        width=WIDTH,
    )
    rows = [
        {"name": method, "x": x, "low": significant(low), "high": significant(high)}
        for method, cell in cells.items()
        for x, low, high in zip(cell["queries"], cell[measure]["quarter"], cell[measure]["three_quarters"], strict=True)
    ]
    band = (
        alt.Chart(alt.InlineData(values=rows), width=WIDTH)
        .mark_area(opacity=0.15, aria=False)
        .encode(x="x:Q", y=alt.Y("low:Q"), y2="high:Q", color=colour("name", list(cells), WIDTH))
    )
    hidden = len(task["cells"]) - len(cells)
    title = {"title": f"the best {MOST} of {len(task['cells'])} methods"} if hidden else {}
    return alt.layer(band, lines, **title)


def _best(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The `MOST` methods with the fewest better architectures, or the largest hypervolume, at the last query."""

    def last(method: str) -> float:
        cell = cells[method]
        return cell["better"]["mean"][-1] if cell.get("better") else -cell["hypervolume"]["mean"][-1]

    chosen = sorted(cells, key=last)[:MOST]
    return {method: cells[method] for method in cells if method in chosen}
