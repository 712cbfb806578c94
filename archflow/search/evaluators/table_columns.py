"""Find the columns of a table that hold a metric by training seed and by epoch, and the training time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.search.evaluators.named import known_name
from archflow.search.evaluators.side_columns import Joined

Column = NDArray[np.float64]


EPOCH = re.compile(r"(?<![^_])(?P<before>e|ep|epoch)?(?P<epoch>\d+)(?![^_])")
"""The part of a column name, between underscores, that may be a number of epochs: `val_acc_108`, `e108_val_acc`."""


PLAIN = -1
"""Label of a column that does not belong to a single seed."""


def mean_of(columns: Sequence[Column]) -> Column:
    """(N,) mean over the columns that have a value in the row; NaN if none has."""
    table = np.stack(columns)
    count = np.isfinite(table).sum(0)
    return np.where(count > 0, np.where(np.isfinite(table), table, 0.0).sum(0) / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Series:
    """One metric by number of epochs and by training seed.

    Attributes:
        names: Names of all its columns.
        columns: For each number of epochs a mapping from seed to (N,) values; `PLAIN` stands for values of no single
            seed.
    """

    names: list[str]
    columns: Sequence[dict[int, Column]]

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """The seeds that every number of epochs has, and `PLAIN`."""
        return tuple(sorted(set.intersection(*map(set, self.columns))))

    def measured(self, row: int) -> list[int]:
        """The seeds for which a row has all values; `PLAIN` if no seed has."""
        whole = [label for label in self.labels if all(np.isfinite(each[label][row]) for each in self.columns)]
        return [label for label in whole if label != PLAIN] or whole

    @property
    def any_measured(self) -> NDArray[np.bool_]:
        """(N,) whether each row can be measured."""
        return np.any([np.all([np.isfinite(each[label]) for each in self.columns], 0) for label in self.labels], 0)

    def any_below(self, bound: float) -> bool:
        """Whether any value is below `bound`."""
        return any(bool((column < bound).any()) for each in self.columns for column in each.values())

    def value(self, row: int, label: int, place: int) -> float:
        """The value of a row and a seed at an index into the epochs; `PLAIN` is used if the seed has no value."""
        own = self.columns[place]
        found = float(own[label][row]) if label in own else float("nan")
        return found if np.isfinite(found) else float(own[PLAIN][row])


def column_called(columns: Joined, name: str, others: Sequence[str]) -> str:
    """Resolve a column name given by the user.

    The column has that name, or that name prefixed with another metric's data set (`edgegpu_latency` beside
    `cifar10_val_acc`).

    Raises ArchflowError and suggests the nearest name.
    """
    for full in (name, *(f"{other.split('_')[0]}_{name}" for other in others)):
        if full in columns or _by_seed(columns, full):
            return full
    return known_name("metric", name, columns.names)


def series_of(
    columns: Joined, metrics: Sequence[str], *, noise: bool, by_epoch: bool
) -> tuple[dict[str, Series], tuple[int, ...]]:
    """Return the columns of each metric, and their numbers of epochs if several are requested.

    Args:
        columns: The available columns.
        metrics: Metric names, the searched one first.
        noise: Whether a query draws one of the training seeds.
        by_epoch: Whether values at several epochs are requested.

    Raises:
        ArchflowError: If the table does not have such values.
    """
    names = epochs_of(columns.names, metrics[0]) if by_epoch else {}
    if by_epoch and len(names) < 2:
        raise ArchflowError(
            f"stopping: there is no column of {metrics[0]} after fewer epochs, such as "
            "val_acc_12 beside val_acc_108; search without stopping"
        )
    found = {}
    for metric in metrics:
        curve = list(names.values()) if metric == metrics[0] and names else [metric] * max(len(names), 1)
        seeds = [_by_seed(columns, name) for name in curve]
        used = [f"{name}_{label}" for name, own in zip(curve, seeds, strict=True) for label in own] if noise else []
        plain = [_plain(columns, name, own) for name, own in zip(curve, seeds, strict=True)]
        cells = [{**(own if noise else {}), PLAIN: column} for own, column in zip(seeds, plain, strict=True)]
        found[metric] = Series(list(dict.fromkeys([*curve, *used])), cells)
    return found, tuple(names)


def plain_column(columns: Joined, name: str) -> Column:
    """(N,) a metric without seed noise: its own column, else the mean over its seeds."""
    return _plain(columns, name, _by_seed(columns, name))


def _plain(columns: Joined, name: str, seeds: Mapping[int, Column]) -> Column:
    return columns[name] if name in columns else mean_of(list(seeds.values()))


def epochs_of(names: Sequence[str], metric: str) -> dict[int, str]:
    """Map ascending numbers of epochs to the metric's columns.

    These are the metric itself and columns whose names differ from it only in a smaller number.
    """
    for part in EPOCH.finditer(metric):
        form = re.compile(re.escape(metric[: part.start("epoch")]) + r"(\d+)" + re.escape(metric[part.end("epoch") :]))
        fitting = {int(found[1]): name for name in names if (found := form.fullmatch(name))}
        curve = {epoch: fitting[epoch] for epoch in sorted(fitting) if 0 < epoch <= int(part["epoch"])}
        if len(curve) > 1:
            return curve
    return {}


def seconds_of(columns: Joined, metric: str, named: str | None, epochs: Sequence[int], *, noise: bool) -> Series | None:
    """The training time: the column that the user names, else one with a usual name."""
    data = metric.split("_")[0]
    usual = [named] if named else ["seconds", f"{data}_train_time"]
    if not named:
        usual += [f"train_time_{epoch}_s" for epoch in (*epochs[-1:], *_numbers(metric))]
        usual += [re.sub(r"(val|valid|test)_acc", "train_time_s", metric)]
    for name in usual:
        if name != metric and (name in columns or _by_seed(columns, name)):
            return series_of(columns, [name], noise=noise, by_epoch=False)[0][name]
    if named:
        known_name("column of seconds", named, columns.names)
    return None


def _numbers(metric: str) -> list[int]:
    return [int(found["epoch"]) for found in EPOCH.finditer(metric)]


def _by_seed(columns: Joined, metric: str) -> dict[int, Column]:
    """Map training seeds to columns of a metric, by the first naming scheme that matches."""
    for way in ("seed", "s", "r"):
        labels = [int(name[len(metric) + 1 + len(way) :]) for name in _starting(columns, f"{metric}_{way}")]
        if labels:
            return {label: columns[f"{metric}_{way}{label}"] for label in sorted(labels)}
    return {}


def _starting(columns: Joined, beginning: str) -> list[str]:
    names = {*columns.files, *columns.table.column_names}
    return [name for name in names if name.startswith(beginning) and name[len(beginning) :].isdecimal()]
