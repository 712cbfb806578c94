"""The study `travel`: every method on every table in every run; it can be resumed at any point."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archflow.checkpoint import fingerprint
from archflow.errors import ArchflowError
from archflow.progress import Progress, progress_bar
from archflow.sealed import read_sealed, write_sealed
from archflow_reproduce.protocol.protocol import check_runs
from archflow_reproduce.results.record import checkout_commit
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.travel.answer import judged
from archflow_reproduce.travel.earlier import Earlier, joined
from archflow_reproduce.travel.methods import Method, chosen, methods
from archflow_reproduce.travel.pool import BUDGETS, PARTS, Pool, draw, label_count
from archflow_reproduce.travel.tables import Entry, entries

LAYOUT = 1
"""Increment it when draws or measures change: earlier measurements are then repeated."""


@dataclass(frozen=True)
class Selection:
    """What to measure in one call, and what to report.

    Attributes:
        rows: One of the `PARTS`.
        tables, methods: Names; all if empty.
        budgets: Numbers of labels, as for `label_count`.
        runs: Number of runs, at most nine.
    """

    rows: str = PARTS[0]
    tables: Sequence[str] = ()
    methods: Sequence[str] = ()
    budgets: Sequence[str] = BUDGETS
    runs: int = 3

    def __post_init__(self) -> None:
        check_runs(self.runs)
        chosen(self.methods)
        entries(self.tables)
        for budget in self.budgets:
            label_count(budget, 1)


def run_travel(selection: Selection, folder: Path, earlier: Earlier | None = None) -> dict[str, Any]:
    """Run the missing measurements of a selection, and return everything in the folder for its tables and budgets.

    Several calls, sequential or concurrent, may add methods, tables, budgets and runs to one folder; the result
    includes the measurements of other calls.

    Args:
        selection: What to measure.
        folder: Holds one file per table, number of labels and method, and subfolders with the encoders of tables.
        earlier: Runs that are not measured again, but count in the result.
    """
    earlier = earlier or Earlier()
    picked, wanted = entries(selection.tables), chosen(selection.methods)
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    steps = len(selection.budgets) * len(wanted) * selection.runs
    with progress_bar("travel", len(picked) * steps, kept=folder) as bar:
        for number, entry in enumerate(picked, 1):
            try:
                pool = Pool.of(entry, selection.rows)
            except ArchflowError as error:
                skipped[entry.name] = str(error)
                print(f"{entry.name}: left out: {error}", file=sys.stderr)
            else:
                key = pool_key(pool, selection.rows)
                _measure(pool, selection, folder, key, bar, earlier)
                found[entry.name] = _table_result(pool, selection, folder, key, earlier)
            bar.reach(number * steps)
    return {
        "rows": selection.rows,
        "tables": found,
        "skipped": skipped,
        "config": {
            **asdict(selection),
            "tables": [entry.name for entry in picked],
            "methods": list(wanted),
            "ours": _ours(found),
            "layout": LAYOUT,
            "earlier": earlier.origin,
        },
        "machine": machine(),
    }


def pool_key(pool: Pool, rows: str) -> str:
    """Fingerprint of the data of a table's cells."""
    columns = [part for name, values in pool.table.metrics.items() for part in (name, values)]
    return fingerprint(LAYOUT, rows, asdict(pool.entry), pool.table.architectures.hashes, pool.labels, *columns)


def cell_path(folder: Path, entry: Entry, labels: int, method: str) -> Path:
    """Path of the file of a method's runs on a table with this number of labels."""
    return folder / entry.name / f"{labels}-{method.replace('/', '-')}.json"


def _measure(pool: Pool, selection: Selection, folder: Path, key: str, bar: Progress, earlier: Earlier) -> None:
    """Run the missing measurements of a selection on a table."""
    for budget in selection.budgets:
        labels = pool.count(budget)
        for name, method in chosen(selection.methods).items():
            path, own = cell_path(folder, pool.entry, labels, name), _cell_key(key, labels, method)
            known = earlier.runs(key, labels, name)
            for run in range(selection.runs):
                if run >= known and method.applies(pool):
                    measure_run(pool, labels, method, run, path, own)
                bar.advance(1, f"{pool.entry.name}, {labels} labels, {name}")


def measure_run(pool: Pool, labels: int, method: Method, run: int, path: Path, key: str) -> None:
    """Measure a run and add it to the file of its cell, unless it is there.

    Args:
        pool, labels, method, run: What to measure.
        path: The file.
        key: Key of the cell; a file with another key is replaced.
    """
    if str(run) in read_cell(path, key):
        return
    began = time.perf_counter()
    task = draw(pool, labels, run, path.parent)
    answer = method.answer(task)
    seconds = round(time.perf_counter() - began, 3)
    about = {
        "measures": {**judged(answer, task.truth), "seconds": seconds},
        "parts": {name: judged(part, task.truth) for name, part in answer.parts.items()},
        "commit": checkout_commit(Path(__file__)),
    }
    write_run(path, key, run, about)


def write_run(path: Path, key: str, run: int, about: Mapping[str, Any]) -> None:
    """Add a run to the file of its cell, keeping what other calls have written in the meantime."""
    write_sealed(path, {"key": key, "runs": {**read_cell(path, key), str(run): about}})


def read_cell(path: Path, key: str) -> dict[str, Any]:
    """Read run -> measures from a file with this key.

    A file that is damaged, or has other data or settings, is ignored, so that its runs are measured again.
    """
    if not path.exists():
        return {}
    try:
        content = read_sealed(path)
    except ArchflowError as error:
        print(f"{path}: measured again, as the file cannot be trusted: {error}", file=sys.stderr)
        return {}
    return content["runs"] if content.get("key") == key else {}


def _cell_key(key: str, labels: int, method: Method) -> str:
    return fingerprint(key, labels, dict(method.settings))


def _table_result(pool: Pool, selection: Selection, folder: Path, key: str, earlier: Earlier) -> dict[str, Any]:
    """The folder's results for a table: per number of labels and method, the runs without gaps."""
    counts = {budget: pool.count(budget) for budget in selection.budgets}
    cells: dict[str, dict[str, Any]] = {}
    for labels in sorted(set(counts.values())):
        cells[str(labels)] = {}
        for name, method in methods().items():
            cells[str(labels)] |= _cells(pool, labels, name, method, folder, key, earlier)
    return {
        "data": pool.entry.data,
        "metric": pool.entry.metric,
        "family": pool.entry.family,
        "measured": pool.whole,
        "pool": len(pool),
        "columns": list(pool.table.metrics),
        "hash": key,
        "labels": counts,
        "cells": cells,
    }


def _ours(tables: Mapping[str, Any]) -> list[str]:
    """Names of archflow's own methods, and of their parts that were measured."""
    own = [name for name, method in methods().items() if method.is_ours]
    measured = [name for table in tables.values() for cells in table["cells"].values() for name in cells]
    parts = [name for name in dict.fromkeys(measured) if any(name.startswith(f"{each}/") for each in own)]
    return [*own, *parts]


def is_mean(measure: str) -> bool:
    """Whether results contain only the mean over runs."""
    return measure in ("seconds", "weight") or "_fifth_" in measure


def _cells(
    pool: Pool, labels: int, name: str, method: Method, folder: Path, key: str, earlier: Earlier
) -> dict[str, Any]:
    """The results of a method and its parts, which are named METHOD/PART; empty if nothing is measured."""
    stored, used = name, method
    if not method.applies(pool):
        if not method.otherwise:
            return {}
        stored, used = method.otherwise, methods()[method.otherwise]
    done = read_cell(cell_path(folder, pool.entry, labels, stored), _cell_key(key, labels, used))
    before, known = earlier.cells(key, labels, name), earlier.runs(key, labels, name)
    runs = [done[run] for run in itertools.takewhile(done.__contains__, map(str, itertools.count(known)))]
    if not runs:
        return before
    found = {name: _over_runs([run["measures"] for run in runs])}
    for part in runs[0]["parts"]:
        if all(part in run["parts"] for run in runs):
            found[f"{name}/{part}"] = _over_runs([run["parts"][part] for run in runs])
    commits = list(dict.fromkeys(run["commit"] for run in runs))
    measured = {each: {**cell, "commits": commits} for each, cell in found.items()}
    return joined(before, measured, (known, len(runs))) if before else measured


def _over_runs(runs: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The measures that all runs have: one figure per run, or the mean over them."""
    values = {name: [run[name] for run in runs] for name in runs[0] if all(name in run for run in runs)}
    return {
        "measures": {name: each for name, each in values.items() if not is_mean(name)},
        "means": {name: round(sum(each) / len(runs), 4) for name, each in values.items() if is_mean(name)},
    }
