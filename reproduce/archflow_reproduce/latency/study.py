"""The study `latency`: latency predictors and baselines on several devices."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.errors import ArchflowError
from archflow.predict.latency_scores import scores_of
from archflow.progress import Progress, progress_bar
from archflow_reproduce.latency.methods.base import METHODS, chosen_methods, drawn
from archflow_reproduce.latency.tables.base import LatencyTable, chosen_tables, sources_of
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.travel.study import read_cell, write_run

LAYOUT = 1
"""Version of the study; increase it when the measurement changes."""


@dataclass(frozen=True)
class Comparison:
    """What to measure.

    Attributes:
        tables: Names or patterns of tables; if empty, all tables on this machine.
        methods: Names or patterns of methods; if empty, all.
        labels: Latencies to learn from: numbers, or fractions of a table's rows such as 70%.
        draws: The number of draws of the labels.
    """

    tables: Sequence[str] = ()
    methods: Sequence[str] = ()
    labels: Sequence[str] = ("30", "100")
    draws: int = 3

    def __post_init__(self) -> None:
        sources_of(self.tables)
        chosen_methods(self.methods)
        whole("--draws", self.draws, 1, 1000)
        for count in self.labels:
            label_count(count, 100)


def run_latency(wanted: Comparison, folder: Path) -> dict[str, Any]:
    """Measure what is missing and return the whole result.

    Args:
        wanted: What to measure.
        folder: Holds a file per table, number of labels and method. The same call resumes; a call with more tables,
            methods, labels or draws adds to it.
    """
    tables: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    names = chosen_methods(wanted.methods)
    for source in sources_of(wanted.tables):
        try:
            found = chosen_tables(source, wanted.tables)
        except ArchflowError as error:
            if wanted.tables:
                raise
            skipped[source] = str(error)
            print(f"{source}: left out: {error}", file=sys.stderr)
            continue
        for table in found:
            with progress_bar(table.name, len(wanted.labels) * len(names) * wanted.draws, kept=folder) as bar:
                cells = {
                    labels: _cells(table, label_count(labels, len(table.table)), names, wanted.draws, folder, bar)
                    for labels in wanted.labels
                }
            rows, structures = len(table.table), len(np.unique(table.structures))
            tables[table.name] = {"rows": rows, "structures": structures, "hash": table.key, "cells": cells}
    return {
        "tables": tables,
        "skipped": skipped,
        "config": {**asdict(wanted), "methods": names, "layout": LAYOUT},
        "machine": machine(),
    }


def label_count(labels: str, rows: int) -> int:
    """Parse a number of latencies such as 100, or 70% of the rows. Raises ArchflowError if it is neither."""
    number = labels.removesuffix("%")
    if not number.isdecimal() or not number.isascii() or len(number) > 7:
        raise ArchflowError(f"--labels {labels!r}: give numbers such as 30, or shares such as 70%, with commas")
    if number == labels:
        return whole("--labels", int(number), 5)
    return round(whole(f"--labels {labels}: the share", int(number), 1, 99) / 100 * rows)


def _cells(
    table: LatencyTable, labels: int, names: Sequence[str], draws: int, folder: Path, bar: Progress
) -> dict[str, Any]:
    """The scores of every draw by method and name; a reason in their place if a method cannot be used."""
    cells: dict[str, Any] = {}
    for name in names:
        try:
            runs = [_run(table, labels, name, draw, folder, bar) for draw in range(draws)]
        except ArchflowError as error:
            cells[name] = str(error)
            continue
        cells[name] = {measure: [run[measure] for run in runs] for measure in runs[0]}
    return cells


def _run(table: LatencyTable, labels: int, name: str, draw: int, folder: Path, bar: Progress) -> Mapping[str, float]:
    """The scores of one draw, and the seconds that it took."""
    key = fingerprint(LAYOUT, table.key, labels, name)
    place = folder / table.name.replace("/", "-")
    path = place / f"{labels}-{name.replace('/', '-').replace(' ', '_')}.json"
    if str(draw) not in read_cell(path, key):
        task = drawn(table, labels, draw, place)
        start = time.perf_counter()
        predicted = METHODS.get(name)(task)
        seconds = time.perf_counter() - start
        write_run(path, key, draw, {**scores_of(predicted, task.truth), "judged": len(task.judged), "seconds": seconds})
    bar.advance(note=f"{labels} labels, {name}")
    return read_cell(path, key)[str(draw)]
