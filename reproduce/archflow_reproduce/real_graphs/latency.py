"""Methods that predict latency, on draws of the structures of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph.table import Table
from archflow_reproduce.real_graphs.draws import grouped_draws, measures
from archflow_reproduce.real_graphs.methods import METHODS, SLOW
from archflow_reproduce.real_graphs.paddlex import structures
from archflow_reproduce.speed.machine import machine

RUNS, SLOW_RUNS = 9, 3
"""Draws of methods that take seconds, and of those that train networks."""


def run_latency(
    tables: Mapping[str, tuple[Table, Sequence[str]]],
    methods: Sequence[str],
    runs: int | None,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Fit each method to draws of the rows and judge it by the others; no structure is on both sides.

    Args:
        tables: By name, a table and its columns of latencies.
        methods: Of `METHODS`; all if empty.
        runs: Draws; `RUNS` if None, and of slow methods never more than `SLOW_RUNS`.
        folder: Keeps what is finished; the same call resumes.
        say: Called with each step.

    Returns:
        By table, column and method the measures of every draw; with `config` and `machine`.
    """
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise ArchflowError(f"no method {unknown[0]!r}; choose of {', '.join(METHODS)}")
    names, found = list(methods) or list(METHODS), {}
    for name, (table, columns) in tables.items():
        groups = structures(table)
        cells: dict[str, dict[str, list[Mapping[str, float]]]] = {column: {} for column in columns}
        for column in columns:
            latency = table.metric(column)
            for method in names:
                count = min(runs or RUNS, SLOW_RUNS if method in SLOW else RUNS)
                for run, (learnt, judged) in enumerate(grouped_draws(groups, count)):
                    done = folder / f"{name}-{column}-{method.replace(' ', '_')}-{run}.json"
                    if not done.exists():
                        say(f"{column}: {method}, draw {run}")
                        predicted = METHODS[method](
                            table.select(learnt), latency[learnt], groups[learnt], table.select(judged), run
                        )
                        write_json(done, measures(predicted, latency[judged]))
                    cells[column].setdefault(method, []).append(read_json(done))
        found[name] = {"rows": len(table), "structures": int(groups.max()) + 1, "columns": cells}
    return {"tables": found, "config": {"methods": names, "runs": runs or RUNS}, "machine": machine()}
