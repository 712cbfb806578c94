"""The study `experts`: ways to learn from cheap metrics, earlier epochs and other tasks, side by side."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.metrics import kendall_tau
from archflow.predict.stacked import StackedPredictor
from archflow.progress import progress_bar
from archflow.recipes.unlabelled import Pretraining, Start
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.travel import baselines
from archflow_reproduce.travel.answer import Answer, judged
from archflow_reproduce.travel.methods import SETS
from archflow_reproduce.travel.ours import fitted
from archflow_reproduce.travel.pool import PARTS, Pool, Task, drawn, label_count
from archflow_reproduce.travel.study import pool_key, read_cell, write_run
from archflow_reproduce.travel.tables import Entry

LAYOUT = 1
"""Increment it when the measurements change."""

SEED = 21
"""Seed of the methods; draws differ in their labels only."""

SOURCES: Sequence[Entry] = (
    Entry("nb101-epochs", "nasbench101", "val_acc_108", "cell", ("val_acc_4", "val_acc_12", "val_acc_36")),
    Entry("nb201-proxies", "nasbench201", "cifar10_test_acc", "cell", ("zc_*", "params*", "flops*")),
    Entry("nb201-tasks", "nasbench201", "in16_val_acc_single", "cell", ("cifar10_val_acc", "cifar100_val_acc_single")),
    Entry("trans-tasks", "transnas101_macro", "class_object_val", "chain", ("*_val",), numbers_in_names=True),
    Entry("digits201-proxies", "digits201", "test_accuracy", "cell", ("zc_*", "params*", "flops*")),
)
"""Tables with their sources, the columns that every method may use."""

KNOWN = (1.0, 0.3)
"""Fractions of the architectures that have a value in the sources."""


def source_alone(task: Task) -> Answer:
    """The source that ranks the labels best, in either direction; architectures without a value come last."""
    taus = {name: _tau(values[task.labelled], task.y) for name, values in task.pool.table.metrics.items()}
    best = max(taus, key=lambda name: abs(taus[name]))
    scores = np.sign(taus[best]) * task.pool.table.metric(best)[task.test]
    return Answer(np.where(np.isfinite(scores), scores, np.nanmin(scores) - 1.0))


def blend(names: Sequence[str], task: Task) -> Answer:
    """A predictor of the given components without encoders; all of them use the sources."""
    return fitted(StackedPredictor(components=list(names), columns=list(task.pool.table.metrics), seed=task.seed), task)


def network(pretext: str, task: Task) -> Answer:
    """Fine-tuned networks that start from an encoder, either pre-trained to rank all sources or untrained."""
    table, start = task.pool.table, Start("gated_gcn", {"width": 64, "readout": "sum"}, pretext, view="effective")
    sources = {name: table.metric(name) for name in table.metrics}
    embedders = Pretraining([start], epochs=40, rows=1000).run(
        table.architectures, np.zeros(0, np.int64), sources, task.folder / "ranking", task.seed
    )
    return fitted(StackedPredictor(embedders, components=["networks"], columns=[], seed=task.seed), task)


METHODS: Mapping[str, Callable[[Task], Answer]] = {
    "experts": partial(blend, ["experts"]),
    "network that ranked all sources": partial(network, "proxy_ranking"),
    "network": partial(network, ""),
    "process": partial(blend, ["process"]),
    "blend of all but experts": partial(blend, ["boosted", "forest", "line", "process", "ridge"]),
    "blend with experts": partial(blend, ["boosted", "forest", "line", "process", "ridge", "experts"]),
    "xgboost": lambda task: baselines.xgboost(task, baselines.features_of(task, SETS["plain+columns"])),
    "best source": source_alone,
}
"""Ways to use the sources; `network` uses none."""


@dataclass(frozen=True)
class Comparison:
    """What to measure.

    Attributes:
        tables: Names; all if empty.
        budgets: Numbers of labels, as for `label_count`.
        draws: Number of draws of the labels.
    """

    tables: Sequence[str] = ()
    budgets: Sequence[str] = ("30", "100")
    draws: int = 3

    def __post_init__(self) -> None:
        names = [entry.name for entry in SOURCES]
        wrong = next((name for name in self.tables if name not in names), None)
        if wrong is not None:
            raise ArchflowError(f"no table is called {wrong!r}; there are: {', '.join(names)}")
        whole("--draws", self.draws, 1)
        for budget in self.budgets:
            label_count(budget, 1)


def run_experts(wanted: Comparison, folder: Path) -> dict[str, Any]:
    """Run the missing measurements; returns the result of all of them.

    Args:
        wanted: What to measure.
        folder: Holds one file per table, part, number of labels and method; the same call resumes.
    """
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    picked = [entry for entry in SOURCES if not wanted.tables or entry.name in wanted.tables]
    with progress_bar("experts", len(picked) * len(KNOWN) * len(wanted.budgets) * len(METHODS), kept=folder) as bar:
        for entry in picked:
            try:
                pool = Pool.of(entry, PARTS[0])
            except ArchflowError as error:
                skipped[entry.name] = str(error)
                print(f"{entry.name}: left out: {error}", file=sys.stderr)
                continue
            cells: dict[str, Any] = {}
            for part, budget in itertools.product(KNOWN, wanted.budgets):
                place, partly = folder / entry.name / f"{part:.0%}", known_in(pool, part)
                taus = cells.setdefault(f"{part:.0%}", {}).setdefault(budget, {})
                for name in METHODS:
                    taus[name] = _taus(name, partly, pool.count(budget), wanted.draws, place)
                    bar.advance(1, f"{entry.name}, {budget}, {name}")
            found[entry.name] = {
                "metric": entry.metric,
                "sources": list(pool.table.metrics),
                "hash": pool_key(pool, PARTS[0]),
                "cells": cells,
            }
    return {
        "tables": found,
        "skipped": skipped,
        "config": {**asdict(wanted), "seed": SEED, "layout": LAYOUT},
        "machine": machine(),
    }


def _taus(name: str, pool: Pool, labels: int, draws: int, folder: Path) -> list[float]:
    """Kendall tau of a method in every draw of the labels."""
    key = fingerprint(LAYOUT, pool_key(pool, PARTS[0]), labels)
    path = folder / f"{labels}-{name.replace(' ', '-')}.json"
    for draw in range(draws):
        if str(draw) not in read_cell(path, key):
            task = drawn(pool, labels, draw, SEED, folder)
            write_run(path, key, draw, judged(METHODS[name](task), task.truth))
    runs = read_cell(path, key)
    return [runs[str(draw)]["tau"] for draw in range(draws)]


def known_in(pool: Pool, part: float) -> Pool:
    """The pool with its sources for a fraction of the architectures; isomorphic ones have or lack them together."""
    table = pool.table
    known = (table.architectures.hashes // np.uint64(10) % np.uint64(1000)) < 1000 * part
    columns = {name: np.where(known, values, np.nan) for name, values in table.metrics.items()}
    return Pool(pool.entry, Table(table.architectures, columns, table.native), pool.labels, pool.whole)


def _tau(values: np.ndarray, labels: np.ndarray) -> float:
    there = np.isfinite(values)
    return kendall_tau(values[there], labels[there]) if len(np.unique(values[there])) > 1 else 0.0
