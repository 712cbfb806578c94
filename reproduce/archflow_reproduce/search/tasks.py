"""The tasks of the study `search`: tables, metrics to search by, and metrics to report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archflow.data.benchmarks import BENCHMARKS, find
from archflow.data.places import FOLDER_VARIABLE, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow.predict.pareto import first_front, hypervolume
from archflow.search.problem import Problem

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """A search task.

    Attributes:
        name: Name in results.
        data: Name of the data set.
        objectives: Columns to search by, each with a leading minus if lower is better.
        report: The column by which the chosen architecture is judged; empty for several objectives.
        joined: A table of the user's data folder with further columns, joined by `arch_id`.
        chosen_on: Whether settings of archflow's own method were chosen on this task.
    """

    name: str
    data: str
    objectives: Sequence[str]
    report: str = ""
    joined: str = ""
    chosen_on: bool = False

    @cached_property
    def table(self) -> Table:
        """The measured rows. Raises ArchflowError if the data are not on this machine."""
        table = read_table(find(self.data)[1] if self.data in BENCHMARKS else _own(self.data))
        if self.joined:
            table = table.with_metrics(_joined(table, self.joined))
        wanted = [*self.objectives, *([self.report] if self.report else [])]
        return table.select(np.isfinite([table.metric(name) for name in wanted]).all(0))

    @cached_property
    def problem(self) -> Problem:
        """The search problem; isomorphic rows count once."""
        return Problem.in_table(self.table, self.objectives, name=self.name)


TASKS: Sequence[Task] = (
    Task("nb201-c10", "nasbench201", ("cifar10_val_acc",), "cifar10_test_acc"),
    Task("nb201-c100", "nasbench201", ("cifar100_val",), "cifar100_test_acc", "nasbench201_seeds"),
    Task("nb201-in16", "nasbench201", ("imagenet_val",), "imagenet_val", "nasbench201_seeds"),
    Task("nb101", "nasbench101", ("val_acc_108",), "val_acc_108", chosen_on=True),
    Task("graph-cora", "nasbench_graph", ("cora_valid_perf",), "cora_perf", chosen_on=True),
    Task("nlp", "nasbench_nlp", ("-best_val_loss",), "-best_test_loss", chosen_on=True),
    Task("digits201", "digits201", ("validation_accuracy",), "test_accuracy", chosen_on=True),
    Task(
        "hw-edgegpu",
        "nasbench201",
        ("cifar10_val_acc", "-cifar10_edgegpu_latency", "-cifar10_edgegpu_energy"),
        joined="nasbench201_hardware",
    ),
    Task(
        "hw-eyeriss",
        "nasbench201",
        ("cifar10_val_acc", "-cifar10_eyeriss_latency"),
        joined="nasbench201_hardware",
    ),
)


def tasks(names: Sequence[str]) -> list[Task]:
    """The tasks of these names, in the order of `TASKS`; all if empty. Raises ArchflowError for an unknown name."""
    known = [task.name for task in TASKS]
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        raise ArchflowError(f"no task is called {wrong!r}; there are: {', '.join(known)}")
    return [task for task in TASKS if not names or task.name in names]


@dataclass(frozen=True)
class Front:
    """The true Pareto front of several objectives, to measure a set of architectures by.

    Objectives are scaled so that the ideal point of the true front is 1 and its nadir 0, and volumes are above the
    nadir, as in EvoXBench.

    Attributes:
        ideal, nadir: (M,) best and worst of each objective on the true front, better when higher.
        whole: Hypervolume of the true front.
    """

    ideal: Values
    nadir: Values
    whole: float

    @classmethod
    def of(cls, rising: Values) -> Front:
        """The front of all architectures' objectives (N, M), better when higher."""
        front = rising[first_front(rising)]
        ideal, nadir = front.max(0), front.min(0)
        return cls(ideal, nadir, hypervolume((front - nadir) / (ideal - nadir), np.zeros(rising.shape[1])))

    def __call__(self, rising: Values) -> float:
        """The hypervolume of a set of objectives (n, M), as a fraction of the true front's."""
        return hypervolume((rising - self.nadir) / (self.ideal - self.nadir), np.zeros(rising.shape[1])) / self.whole


def _own(name: str):
    path = own_table(name)
    if path is None:
        raise ArchflowError(
            f"{name}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {name}.parquet"
        )
    return path


def _joined(table: Table, name: str) -> dict[str, Values]:
    """Numeric columns of another table, for the rows of this one with the same arch_id.

    Columns of training seeds also give their mean: `cifar100_val_acc_s0`, `cifar100_val_acc_s1` ... give
    `cifar100_val`.
    """
    columns = read_columns(_own(name))
    ids = np.array(columns["arch_id"].to_pylist())
    order = np.argsort(ids)
    own = table.metric("arch_id").astype(ids.dtype)
    at = np.minimum(np.searchsorted(ids[order], own), len(ids) - 1)
    rows = order[at]
    if (ids[rows] != own).any():
        raise ArchflowError(f"{name}: it lacks rows of the table it is joined to; get both from one source")
    found = {
        each: columns[each].to_numpy(zero_copy_only=False).astype(np.float64)[rows]
        for each in columns.column_names
        if each not in ("arch_id", *table.column_names)
    }
    for each in [name for name in found if name.endswith("_acc_s0")]:
        stem = each.removesuffix("_acc_s0")
        seeds = np.stack([values for name, values in found.items() if name.startswith(f"{stem}_acc_s")])
        found[stem] = np.nanmean(seeds, 0)
    return found
