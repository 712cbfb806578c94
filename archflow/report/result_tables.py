"""The results that verbs print with --json, as tables: what `archflow report` writes in other formats."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from archflow.errors import ArchflowError
from archflow.report.html import Cell
from archflow.report.measures import measure, method_name, rounded

Row = Mapping[str, Any]

KINDS_OF_OTHERS = "archflow.results"
"""Entry points of other packages, by a key that only their results have: functions that give a result's tables."""

_LEADING = re.compile(r"[-+–]?(?:\d[\d,]*\.?\d*|\.\d+)")

_NAMES = {"top_ten": "top ten", "p_at_1": "P@1 %", "architecture": "architecture", "latency_upper": "upper bound"}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its head.
        values: (R,) numbers, texts or None.
        better: 1 if the highest number is best, -1 if the lowest is, 0 if neither.
        errors: (R,) standard errors of the values, None where there is none; empty if there are none at all.
    """

    name: str
    values: Sequence[Any]
    better: int = 0
    errors: Sequence[float | None] = ()

    def cells(self) -> list[Cell]:
        """The entries as text, the best in bold; a text counts as the number that it begins with."""
        numbers = [_number(each) for each in self.values]
        known = [each for each in numbers if each == each]
        best = (max(known) if self.better > 0 else min(known)) if self.better and len(known) > 1 else None
        errors = self.errors or [None] * len(self.values)
        each = zip(self.values, errors, numbers, strict=True)
        return [Cell(rounded(value, error), number == best) for value, error, number in each]


@dataclass(frozen=True)
class ResultTable:
    """A table of a result: its caption and its columns."""

    caption: str
    columns: Sequence[Column]

    @property
    def heads(self) -> list[str]:
        """The heads of the columns."""
        return [column.name for column in self.columns]

    def rows(self) -> list[list[Cell]]:
        """The entries, row by row."""
        return [list(row) for row in zip(*(column.cells() for column in self.columns), strict=True)]


def result_tables(content: Row) -> list[ResultTable]:
    """The tables of a result.

    Args:
        content: What a verb printed with --json: evaluate, rank, search, predict, demo, fit, latency; or a result of
            another package, which registers a function for it in `KINDS_OF_OTHERS`.

    Raises:
        ArchflowError: If there is no table in it.
    """
    for key, tables in _KINDS.items():
        if key in content:
            return tables(content)
    for point in entry_points(group=KINDS_OF_OTHERS):
        if point.name in content:
            return point.load()(content)
    found = [_of_rows(name.replace("_", " "), rows) for name, rows in content.items() if _are_rows(rows)]
    if not found:
        raise ArchflowError(
            "it has no table; give what a verb printed with --json, or a file that `archflow bench` wrote (for which "
            "archflow-reproduce must be installed)"
        )
    return found


def _evaluation(content: Row) -> list[ResultTable]:
    tables = []
    for budget in content["budgets"]:
        top = "p_at_1" if budget["judged"] >= 1000 else "top_ten"
        rows = budget["predictors"]
        caption = (
            f"{content['metric']} of {content['table']}: {budget['labels']} labels, {_draws(budget['repetitions'])}"
        )
        columns = [_column("predictor", rows), _column("weight", rows)]
        tables.append(ResultTable(caption, [*columns, *(_column(key, rows) for key in ("tau", top, "regret_at_10"))]))
    return tables


def _draws(count: int) -> str:
    return "1 draw" if count == 1 else f"{count} draws"


def _front(content: Row) -> list[ResultTable]:
    rows = content["front"]
    named = {"accuracy": content["accuracy"], "latency": content["latency"]}
    columns = [Column("architecture", [row["architecture"] for row in rows])]
    columns += [Column(named.get(key, _called(key)), [row[key] for row in rows]) for key in (*named, "latency_upper")]
    return [ResultTable(f"{content['accuracy']} against {content['latency']}: the front", columns)]


def _search(content: Row) -> list[ResultTable]:
    best = content.get("front") or [content["best"]]
    metrics = list(dict.fromkeys(name for row in best for name in row["metrics"]))
    columns = [_column(key, best) for key in ("query", "architecture")]
    columns += [Column(name, [row["metrics"].get(name) for row in best]) for name in metrics]
    return [
        ResultTable(f"The best found by {content['method']} in {content['space']}", columns),
        _of_rows("All evaluations", content["history"]),
    ]


def _prediction(content: Row) -> list[ResultTable]:
    return [
        _of_rows(f"{each['metric']}, predicted for {each['architectures']:,} architectures: the best", each["top"])
        for each in content.get("metrics", [content])
    ]


def _several(content: Row) -> list[ResultTable]:
    return (
        _prediction(content) if _are_rows(content["metrics"]) and "top" in content["metrics"][0] else _fitted(content)
    )


def _fitted(content: Row) -> list[ResultTable]:
    parts = content.get("components", {})
    if not parts:
        raise ArchflowError("it has no table: a predictor of networks alone has no components")
    rows = [{"component": name, **values} for name, values in parts.items()]
    return [_of_rows(f"{content['metric']}: {content['labels']} labels", rows)]


def _demo(content: Row) -> list[ResultTable]:
    rows = [{**row, "method": method_name(row["method"])} for row in content["methods"]]
    return [_of_rows(f"{content['labels']} labels, judged on {content['judged']:,} others", rows)]


_KINDS: dict[str, Callable[[Row], list[ResultTable]]] = {
    "budgets": _evaluation,
    "history": _search,
    "front": _front,
    "top": _prediction,
    "components": _fitted,
    "metrics": _several,
    "methods": _demo,
}
"""By a key that only results of this kind have."""


def _number(value: Any) -> float:
    """A number, or the one that a text begins with; NaN if there is none."""
    if isinstance(value, str):
        found = _LEADING.match(value)
        return float(found[0].replace(",", "").replace("–", "-")) if found else math.nan
    return float(value) if isinstance(value, int | float) else math.nan


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _of_rows(caption: str, rows: Sequence[Row]) -> ResultTable:
    """A table with a column for each key whose values are plain; keys that end in `_error` stand beside their value."""
    keys = dict.fromkeys(key for row in rows for key, value in row.items() if not isinstance(value, dict | list))
    shown = [key for key in keys if key.removesuffix("_error") not in keys or not key.endswith("_error")]
    shown.sort(key=lambda key: key != "architecture")  # the first column is aligned left
    return ResultTable(caption, [_column(key, rows) for key in shown])


def _column(key: str, rows: Sequence[Row]) -> Column:
    known = measure(key)
    better = 0 if known is None and key != "top_ten" else -1 if known and not known.higher_is_better else 1
    errors = [row.get(f"{key}_error") for row in rows] if any(f"{key}_error" in row for row in rows) else []
    return Column(_called(key), [row.get(key) for row in rows], better, errors)


def _called(key: str) -> str:
    known = measure(key)
    return known.name if known else _NAMES.get(key, key.replace("_", " "))
