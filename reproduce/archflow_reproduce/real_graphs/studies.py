"""The studies of `archflow bench real-latency`, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table, read_table
from archflow_reproduce.real_graphs import paddlex
from archflow_reproduce.real_graphs.latency import run_latency
from archflow_reproduce.real_graphs.pretraining import PretrainingStudy, hashes_of, run_pretraining
from archflow_reproduce.results.record import data_hash

STUDIES = ("paddlex", "neusight", "pretraining")

Say = Callable[[str], None]
Outcome = tuple[dict[str, Any], dict[str, str]]


def run_study(
    name: str,
    tables: Path,
    imported: Path,
    graphs: Sequence[str],
    methods: Sequence[str],
    runs: int | None,
    folder: Path,
    say: Say = lambda _: None,
) -> Outcome:
    """Run a study of `STUDIES`, or resume it.

    Args:
        name: Which.
        tables: The folder of the tables of graphs and latencies.
        imported: The folder of what `archflow import` made of the graphs, under the same names.
        graphs: Names of imported tables to pre-train on.
        methods: Of the study; its default if empty.
        runs: Draws; the study's default if None.
        folder: Keeps finished runs.
        say: Called with each step.

    Returns:
        The result, and hashes of the data by name.
    """
    if name not in STUDIES:
        raise ArchflowError(f"no study {name!r}; choose of {', '.join(STUDIES)}")
    folder.mkdir(parents=True, exist_ok=True)
    given: dict[str, Any] = {**({"methods": methods} if methods else {}), **({"runs": runs} if runs else {})}
    if name == "pretraining":
        labelled = paddlex.labelled(tables, imported / paddlex.GRAPHS)
        corpus = _together([read_table(imported / f"{each}.parquet") for each in graphs])
        known = {"paddlex": (labelled, tuple(paddlex.LATENCIES))}
        result = run_pretraining(PretrainingStudy(**given), corpus, known, folder, say)
        return {"study": name, **result}, hashes_of(corpus, known)
    if name == "neusight":
        return {"study": name, **run_neusight(tables, say)}, {
            file: fingerprint(tables / file) for file in NEUSIGHT_TABLES.values()
        }
    labelled = paddlex.labelled(tables, imported / paddlex.GRAPHS)
    result = run_latency({"paddlex": (labelled, tuple(paddlex.LATENCIES))}, methods, runs, folder, say)
    return {"study": name, **result}, {
        f"paddlex:{column}": data_hash(labelled, column) for column in paddlex.LATENCIES
    }


def _together(tables: Sequence[Table]) -> Table:
    """The rows of several imported tables, with the costs that pre-training ranks."""
    if not tables:
        raise ArchflowError("no table to pre-train on; name one by --graphs")
    columns = {name: np.concatenate([table.metric(name) for table in tables]) for name in ("params", "macs")}
    return Table(ArchitectureSet.concatenate([table.architectures for table in tables]), columns)
