"""The tables of the study `travel`: the rows and columns of each data set, and how to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.data.benchmarks import BENCHMARKS, Benchmark, find
from archflow.data.places import FOLDER_VARIABLE, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table


@dataclass(frozen=True)
class Entry:
    """A table on which predictors are evaluated.

    Attributes:
        name: Name in results.
        data: Name of the data set, or of the file NAME.parquet in the user's data folder.
        metric: What to predict, with a leading minus if lower is better.
        family: "cell", "gnn", "chain", "numbers" (chains whose operations have numeric attributes), or "recurrent".
        known: Patterns of the columns that are known before anything is trained; every method may use them.
        numbers_in_names: See `read_table`.
        only: A text column, and its value in the rows to use; metrics are comparable only within these rows.
    """

    name: str
    data: str
    metric: str
    family: str
    known: tuple[str, ...] = ()
    numbers_in_names: bool = False
    only: tuple[str, str] | None = None

    @property
    def benchmark(self) -> Benchmark | None:
        """The named benchmark of the table, if any."""
        return BENCHMARKS.get(self.data)


_COSTS = ("params*", "flops*", "zc_*")

TABLES: Sequence[Entry] = (
    Entry("nb101", "nasbench101", "val_acc_108", "cell", _COSTS),
    Entry("nb201-c10", "nasbench201", "cifar10_test_acc", "cell", _COSTS),
    Entry("nb201-c100", "nasbench201", "cifar100_test_acc", "cell", _COSTS),
    Entry("nb201-in16", "nasbench201", "in16_val_acc_single", "cell", _COSTS),
    Entry("nb301", "nasbench301", "surrogate_val_acc", "cell", _COSTS),
    Entry("darts-swap", "darts_trained", "acc", "cell", only=("source", "SWAP")),
    Entry("darts-once", "darts_trained", "acc", "cell", _COSTS, only=("source", "OnceNAS-Bench")),
    Entry("digits201", "digits201", "test_accuracy", "cell", _COSTS),
    Entry("ecnas-acc", "ecnas_5v", "e4_val_acc", "cell", _COSTS),
    Entry("ecnas-energy", "ecnas_5v", "-e4_energy_kWh", "cell", _COSTS),
    Entry("graph-cora", "nasbench_graph", "cora_perf", "gnn", ("cora_para",)),
    Entry("graph-pubmed", "nasbench_graph", "pubmed_perf", "gnn", ("pubmed_para",)),
    Entry("graph-arxiv", "nasbench_graph", "arxiv_perf", "gnn", ("arxiv_para",)),
    Entry("nlp", "nasbench_nlp", "-best_val_loss", "recurrent", ("num_params",), only=("status", "OK")),
    Entry("macro", "nb_macro", "test_acc_mean", "chain", _COSTS),
    Entry("trans-object", "transnas101_macro", "class_object_val", "chain", numbers_in_names=True),
    Entry("trans-jigsaw", "transnas101_macro", "jigsaw_val", "chain", numbers_in_names=True),
    Entry("trans-normal", "transnas101_macro", "normal_val", "chain", numbers_in_names=True),
    Entry("fbnet", "fbnet_latency", "-raspi4_ms", "numbers", numbers_in_names=True),
    Entry("ofa", "ofa_mbv3_latency", "-v100_1_ms", "numbers", numbers_in_names=True),
    Entry("mr-class", "nas_bench_mr", "cls-50-1000_top1", "numbers", _COSTS, numbers_in_names=True),
    Entry("mr-seg", "nas_bench_mr", "seg_mIoU", "numbers", _COSTS, numbers_in_names=True),
    Entry("vit", "vit_bench_101", "c100_kd_acc", "numbers", numbers_in_names=True),
)


def entries(names: Sequence[str]) -> list[Entry]:
    """The tables of these names, in the order of `TABLES`; all if empty. Raises ArchflowError for an unknown name."""
    known = [entry.name for entry in TABLES]
    for name in names:
        if name not in known:
            raise ArchflowError(f"no table is called {name!r}; there are: {', '.join(known)}")
    return [entry for entry in TABLES if not names or entry.name in names]


def measured(entry: Entry) -> tuple[Table, NDArray[np.float64]]:
    """The measured rows of a table, with only the known columns, and (N,) labels that are better when higher.

    Raises:
        ArchflowError: If the table is not on this machine, or does not match the entry.
    """
    path = _path(entry)
    table = read_table(path, numbers_in_names=entry.numbers_in_names)
    labels = table.metric(entry.metric)
    counts = np.isfinite(labels)
    if entry.only is not None:
        column, value = entry.only
        columns = read_columns(path)
        if column not in columns.column_names:
            raise ArchflowError(f"{path}: no column {column!r}, which says which rows of {entry.name} count")
        counts &= np.array([text == value for text in columns[column].to_pylist()])
    if not counts.any():
        raise ArchflowError(f"{path}: no row of {entry.name} has a value of {entry.metric}")
    table = table.select(counts)
    metric = entry.metric.removeprefix("-")
    known = {
        name: values
        for name, values in table.metrics.items()
        if name != metric and any(fnmatchcase(name, pattern) for pattern in entry.known) and _tells(values)
    }
    return Table(table.architectures, known, table.native), labels[counts]


def _tells(values: NDArray[np.float64]) -> bool:
    """Whether most architectures have a value, and the values are not all equal."""
    finite = values[np.isfinite(values)]
    return len(finite) > len(values) / 2 and bool(np.ptp(finite) > 0)


def _path(entry: Entry) -> Path:
    if entry.benchmark is not None:
        return find(entry.data)[1]
    path = own_table(entry.data)
    if path is None:
        raise ArchflowError(
            f"{entry.data}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {entry.data}.parquet"
        )
    return path
