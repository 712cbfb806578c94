"""The study `search`: every method on every task with many seeds; it can be resumed at any point."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.errors import ArchflowError
from archflow.progress import Progress, progress_bar
from archflow.sealed import read_sealed, write_sealed
from archflow_reproduce.results.record import checkout_commit
from archflow_reproduce.results.search_report import POINTS
from archflow_reproduce.search.lockstep import asked_rows, run_together
from archflow_reproduce.search.methods import Method, chosen
from archflow_reproduce.search.tasks import Front, Task, tasks
from archflow_reproduce.speed.machine import machine

LAYOUT = 1
"""Increment it when the stored form of a search changes."""

TOGETHER = 10
"""Number of seeds that run in lockstep."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """What to run.

    Attributes:
        tasks, methods: Names; all if empty.
        seeds: Number of seeds, from 0.
        budget: Queries per search.
    """

    tasks: Sequence[str] = ()
    methods: Sequence[str] = ()
    seeds: int = 50
    budget: int = 150

    def __post_init__(self) -> None:
        tasks(self.tasks)
        chosen(self.methods)
        whole("--seeds", self.seeds, 1)
        whole("--budget", self.budget, 10)


def run_search(selection: Selection, folder: Path) -> dict[str, Any]:
    """Run the missing parts of a selection; returns the result of all of it.

    Args:
        selection: What to run.
        folder: Stores finished searches; calls with more tasks, methods or seeds extend it.
    """
    picked, methods = tasks(selection.tasks), chosen(selection.methods)
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    with progress_bar("search", len(picked) * len(methods) * selection.seeds, kept=folder) as bar:
        for task in picked:
            try:
                key = _key(task, selection.budget)
            except ArchflowError as error:
                skipped[task.name] = str(error)
                print(f"{task.name}: left out: {error}", file=sys.stderr)
                continue
            cells, known = {}, {}
            for name, method in methods.items():
                if method.applies(task.problem):
                    runs = _runs(task, name, method, selection, folder, key, bar, known)
                    cells[name] = summary(task, runs, selection.budget)
            found[task.name] = {
                "data": task.data,
                "objectives": list(task.objectives),
                "report": task.report,
                "architectures": task.problem.space.size,
                "chosen_on": task.chosen_on,
                "hash": key,
                "cells": cells,
            }
    return {
        "tasks": found,
        "skipped": skipped,
        "config": {**asdict(selection), "methods": {name: asdict(each) for name, each in methods.items()}},
        "machine": machine(),
    }


def _key(task: Task, budget: int) -> str:
    columns = [task.table.metric(name) for name in (*task.objectives, *([task.report] if task.report else []))]
    return fingerprint(LAYOUT, asdict(task), budget, task.table.architectures.hashes, *columns)


def _runs(
    task: Task, name: str, method: Method, selection: Selection, folder: Path, key: str, bar: Progress, known: dict
) -> list[Mapping[str, Any]]:
    """The rows asked for and the seconds taken, for each seed."""
    own = fingerprint(key, asdict(method))
    path = folder / task.name / f"{name.replace(' ', '-').replace(',', '')}.json"
    runs: dict[str, Any] = {}
    if path.exists():
        stored = read_sealed(path)
        runs = stored["runs"] if stored.get("key") == own else {}
    for first in range(0, selection.seeds, TOGETHER):
        seeds = [seed for seed in range(first, min(first + TOGETHER, selection.seeds)) if str(seed) not in runs]
        if seeds:
            searchers = method.searchers(task.problem, seeds, known)
            spent = run_together(searchers, selection.budget)
            for seed, searcher, seconds in zip(seeds, searchers, spent, strict=True):
                runs[str(seed)] = {
                    "rows": asked_rows(searcher).tolist(),
                    "seconds": round(seconds, 3),
                    "commit": checkout_commit(Path(__file__)),
                }
            write_sealed(path, {"key": own, "runs": runs})
        bar.advance(min(TOGETHER, selection.seeds - first), f"{task.name}, {name}")
    return [runs[str(seed)] for seed in range(selection.seeds)]


def summary(task: Task, runs: Sequence[Mapping[str, Any]], budget: int) -> dict[str, Any]:
    """Curves over the seeds at every tenth query."""
    table = task.table
    rising = np.stack([table.metric(name) for name in task.objectives], 1)
    rows = [np.array(run["rows"], np.int64) for run in runs]
    points = list(range(10, budget + 1, 10))
    about = {
        "queries": points,
        "seeds": len(runs),
        "seconds": round(float(np.mean([run["seconds"] for run in runs])), 3),
        "commits": list(dict.fromkeys(run["commit"] for run in runs)),
    }
    if rising.shape[1] > 1:
        front = Front.of(rising)
        volumes = np.array([[front(rising[each[:q]]) for q in points] for each in rows])
        return {**about, "hypervolume": _over_seeds(volumes), "by_seed": _by_seed(volumes, points)}
    value, report = rising[:, 0], table.metric(task.report)
    places = np.array([[each[value[each[:q]].argmax()] for q in points] for each in rows])
    found = [np.flatnonzero(value[each] == value.max()) for each in rows]
    ahead = np.sort(value)
    better = len(value) - np.searchsorted(ahead, value[places], "right")
    return {
        **about,
        "value": _over_seeds(value[places]),
        "report": _over_seeds(report[places]),
        # Architectures that are better than the chosen one, by the metric that is searched by.
        "better": _over_seeds(better),
        "by_seed": _by_seed(better, points),
        "found": [int(each[0]) + 1 if len(each) else None for each in found],
    }


def _over_seeds(values: NDArray) -> dict[str, list[float]]:
    """Mean, median and quartiles at each point of values (seeds, points)."""
    quarter, median, three = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    named = {"mean": values.mean(0), "median": median, "quarter": quarter, "three_quarters": three}
    last = {"last": values[:, -1]}
    return {name: [round(float(each), 5) for each in column] for name, column in {**named, **last}.items()}


def _by_seed(values: NDArray, points: Sequence[int]) -> dict[str, list[float]]:
    """Every seed's value at those of `POINTS` that values (seeds, points) have, for comparisons seed by seed."""
    columns = {str(each): values[:, points.index(each)] for each in POINTS if each in points}
    return {queries: [round(float(value), 5) for value in column] for queries, column in columns.items()}
