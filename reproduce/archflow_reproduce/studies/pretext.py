"""Which pre-training helps which encoder: encoders x pretext tasks x data sets x numbers of labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from archflow.data.benchmarks import Benchmark
from archflow.data.joined import joined
from archflow.graph.table import Table
from archflow_reproduce.protocol.methods import all_methods, expanded, proxies_of_methods
from archflow_reproduce.protocol.protocol import measured_rows
from archflow_reproduce.results.record import data_hash
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.studies.encoders import Comparison, protocol_results

_KEPT = ("data", "metric", "labels", "methods", "published", "pretrain_epoch_s", "seconds", "config")


def comparisons_of(
    benchmarks: Mapping[str, Benchmark | None], encoders: Sequence[str], tasks: Sequence[str], **others: Any
) -> list[Comparison]:
    """The comparisons of `pretext_matrix`, one per data set.

    Args:
        benchmarks: By the data's names, None for a table that is not a benchmark.
        encoders: Registered names.
        tasks: Methods of the protocol; groups are expanded. All if empty.
        others: Fields of `Comparison`.
    """
    methods = expanded(tasks) or all_methods()
    return [Comparison(name, benchmark, encoders, methods=methods, **others) for name, benchmark in benchmarks.items()]


def matrix_hashes(
    result: Mapping[str, Any], tables: Mapping[str, Table], pretrain_on: Mapping[str, Table]
) -> dict[str, str]:
    """The hashes of a matrix's data by name, including the metric for tables that are ranked."""
    ranked = {cell["data"]: data_hash(tables[cell["data"]], cell["metric"]) for cell in result["matrix"]}
    return {**{name: data_hash(table) for name, table in pretrain_on.items()}, **ranked}


def pretext_matrix(
    comparisons: Sequence[Comparison],
    tables: Mapping[str, Table],
    folder: Path,
    processes: int = 2,
    on_step: Callable[[str], None] = lambda name: None,
    pretrain_on: Mapping[str, Table] | None = None,
) -> dict[str, Any]:
    """Run every cell of the matrix, and return the result as JSON values.

    Args:
        comparisons: One per data set, which differ in nothing else; their methods are "supervised" and pretext tasks.
        tables: By the data's names.
        folder: Holds the finished and unfinished cells by data set; the same call, or one for a larger matrix, resumes.
        processes: Number of parallel trainings.
        on_step: Called with a short description before every cell.
        pretrain_on: Tables by name; encoders are pre-trained on all their architectures together instead of those of
            each cell's table.

    Raises:
        ArchflowError: As for `run_protocol`; for a missing metric, task or proxy before the first cell.
    """
    for comparison in comparisons:
        _check(comparison, tables[comparison.data], pretrain_on)
    cells = []
    for comparison in comparisons:
        results = protocol_results(
            comparison,
            tables[comparison.data],
            folder / comparison.data,
            processes,
            lambda step, data=comparison.data: on_step(f"{data}: {step}"),
            pretrain_on,
        )
        for result in results:
            cell = {key: result[key] for key in _KEPT}
            cells.append({"encoder": result["encoder"], "split": result["splits"]["by"], **cell})
    config = {**comparisons[0].config, "data": list(tables), "pretrain_on": list(pretrain_on or {})}
    return {"matrix": cells, "config": config, "machine": machine()}


def _check(comparison: Comparison, table: Table, pretrain_on: Mapping[str, Table] | None) -> None:
    """Raise ArchflowError if a cell of the comparison would be refused."""
    for encoder in comparison.encoders:
        protocol = comparison.protocol(encoder, comparison.labels[0])
        measured_rows(table, comparison.data, protocol.metric)
        used = proxies_of_methods(protocol.methods, protocol.proxies, protocol.pretext)
        joined(pretrain_on or {comparison.data: table}, used)
