"""A table of measured architectures as an evaluator."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import checked
from archflow.data.benchmarks import find
from archflow.errors import ArchflowError
from archflow.features.known import known_columns
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.lookup import rows_of
from archflow.graph.table import Table, read_table
from archflow.printable import shown
from archflow.search.evaluators.base import Point, SearchEvaluator, Target, Wanted
from archflow.search.evaluators.named import known_name
from archflow.search.evaluators.side_columns import SideColumns
from archflow.search.evaluators.table_columns import Series, column_called, plain_column, seconds_of, series_of
from archflow.spaces.base import SPACES, SearchSpace
from archflow.spaces.table_space import TableSpace

SETTINGS = ("noise", "seconds")


@dataclass(frozen=True)
class TableEvaluator(SearchEvaluator):
    """Looks measurements up in a table. If the table has a metric per training seed, a query draws one of the seeds.

    Attributes:
        hashes: (N,) graph hash of each row.
        searched: Series of the metrics that the search sees, by name.
        reported: Series that it does not see: plain values, or the mean over the seeds.
        seconds: Duration of each measurement; None if unknown.
        epochs: Epochs at which there are values.
    """

    hashes: NDArray[np.uint64]
    searched: dict[str, Series]
    reported: dict[str, NDArray[np.float64]]
    seconds: Series | None
    epochs: tuple[int, ...] = ()
    simulated: bool = field(default=True, init=False)

    @property
    def metrics(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]  # it follows from others
        return (*self.searched, *self.reported, *(("seconds",) if self.seconds is not None else ()))

    @cached_property
    def config(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.hashes.tobytes())
        named: dict[str, list[str]] = {}
        for name, series in [*self.searched.items(), ("seconds", self.seconds)]:
            if series is not None:
                named[name] = series.names
                for column in (column for each in series.columns for column in each.values()):
                    digest.update(np.ascontiguousarray(column).tobytes())
        return {"table": digest.hexdigest()[:16], "columns": named}

    @cached_property
    def _rows(self) -> dict[int, list[int]]:
        rows: dict[int, list[int]] = {}
        for row, value in enumerate(self.hashes.tolist()):
            rows.setdefault(value, []).append(row)
        return rows

    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        rows = self._rows.get(int(architecture.hash, 16), [])
        generator = np.random.default_rng(seed)
        first = next(iter(self.searched.values()))
        drawable = [(row, label) for row in rows for label in first.measured(row)]
        if not drawable:
            raise ArchflowError("the table has no value for it" if rows else "the table does not have it")
        row, label = drawable[int(generator.integers(len(drawable)))]
        for place, epoch in enumerate(self.epochs or (0,)):
            metrics = {name: float(column[row]) for name, column in self.reported.items()}
            metrics |= {name: series.value(row, label, place) for name, series in self.searched.items()}
            if self.seconds is not None:
                whole = self.seconds.value(row, label, 0)
                metrics["seconds"] = whole * (epoch / self.epochs[-1]) if self.epochs else whole
            yield epoch, {name: value for name, value in metrics.items() if value == value}


@dataclass(frozen=True)
class KnownColumns:
    """What a table knows of architectures before they are trained."""

    table: Table
    names: tuple[str, ...]

    def __call__(self, architectures: ArchitectureSet) -> Table:
        rows = rows_of(self.table.architectures.hashes, architectures.hashes)
        columns = {name: np.where(rows >= 0, self.table.metric(name)[rows], np.nan) for name in self.names}
        return Table(architectures, columns)


def target(text: str, wanted: Wanted) -> Target:
    """Build the target of a named data set or a table file."""
    benchmark, path = find(text)
    table = read_table(path)
    beside = SideColumns.beside(path, benchmark.name) if benchmark else SideColumns()
    usual = (_validated(benchmark.metric, table.metrics),) if benchmark else ()
    named = wanted.space or (benchmark.space if benchmark else None)
    return _target(table, beside, path.stem, wanted, usual, named)


def _validated(metric: str, names: Collection[str]) -> str:
    """The validation metric that corresponds to a test metric; other metrics are returned unchanged.

    No search should select by test data.
    """
    beside = (metric.replace("test", each) for each in ("validation", "valid", "val"))
    return next((name for name in beside if name in names), metric)


def of_table(table: Table, name: str, wanted: Wanted) -> Target:
    """Build the target of a table."""
    return _target(table, SideColumns(), name, wanted, (), wanted.space)


def _target(
    table: Table, beside: SideColumns, name: str, wanted: Wanted, usual: Sequence[str], named: str | None
) -> Target:
    for setting in wanted.settings:
        known_name("setting of a table", setting, SETTINGS)
    asked = wanted.metrics or tuple(usual)
    if not asked:
        raise ArchflowError(f"which metric? Give --metric; there are: {', '.join(table.metrics)}")
    columns = beside.joined_to(table)
    metrics = tuple(column_called(columns, metric, asked) for metric in asked)
    reported = tuple(column_called(columns, metric, metrics) for metric in wanted.reported)
    noise = checked("evaluate.noise", wanted.settings.get("noise", True), True)
    clock = wanted.settings.get("seconds")
    if clock is not None and not isinstance(clock, str):
        raise ArchflowError(f"evaluate.seconds must be the name of a column, not {shown(clock)}")
    series, epochs = series_of(columns, metrics, noise=noise, by_epoch=wanted.by_epoch)
    space, searched, note = _space(table, name, named, list(series.values()))
    seconds = seconds_of(columns, metrics[0], clock, epochs, noise=noise)
    if seconds is not None and seconds.any_below(0.0):
        raise ArchflowError(f"{name}: {seconds.names[0]} has values below 0; name another with --set evaluate.seconds=")
    evaluate = TableEvaluator(
        searched.architectures.hashes,
        series,
        {metric: plain_column(columns, metric) for metric in reported},
        seconds,
        epochs,
    )
    unseen = {*metrics, *reported}
    known = tuple(each for each in known_columns(table, ()) if each in table.metrics and each not in unseen)
    return Target(evaluate, space, metrics, reported, KnownColumns(searched, known), note)


def _space(table: Table, name: str, named: str | None, series: Sequence[Series]) -> tuple[SearchSpace, Table, str]:
    """Choose the search space: the named one if the table covers it, else the measured rows of the table.

    Also returns the table restricted to that space.
    """
    measured = np.flatnonzero(np.all([each.any_measured for each in series], 0))
    if len(measured) == 0:
        metrics = " and of ".join(each.names[0] for each in series)
        raise ArchflowError(f"{name}: no architecture has a value of {metrics}; name another metric")
    if named is None:
        return TableSpace(table.select(measured), name), table, ""
    space = SPACES.get(named)()
    try:
        conformed = Table(space.conform(table.architectures), table.metrics, table.native)
    except ArchflowError as error:
        raise ArchflowError(f"{name}: is not a table of the space {named} ({error})") from None
    if len(np.unique(conformed.architectures.hashes[measured])) >= space.size:
        return space, conformed, ""
    rest = TableSpace(table.select(measured), name)
    size = f"{space.size:,}" if space.size < 10**9 else f"{space.size:.1e}"
    note = f"{name} has values of {rest.size:,} of the {size} architectures of {named}; only these are searched"
    return rest, table, note
