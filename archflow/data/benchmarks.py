"""Data sets by name: the embedded benchmark, and tables in the user's data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.graph.table import Table, read_table

FOLDER_VARIABLE = "ARCHFLOW_DATA"


@dataclass(frozen=True)
class Benchmark:
    """A named data set.

    metric: the column that rankings are judged by unless told otherwise. proxy: a zero-cost proxy to pre-train on.
    embedded: whether the package carries it; otherwise NAME.parquet is looked for in the folder ARCHFLOW_DATA.
    """

    name: str
    about: str
    metric: str
    proxy: str
    embedded: bool = False

    @property
    def path(self) -> Path | None:
        """Where the table lies, or None if it is not on this machine."""
        if self.embedded:
            return Path(__file__).with_name(f"{self.name}.parquet")
        folder = os.environ.get(FOLDER_VARIABLE)
        path = Path(folder) / f"{self.name}.parquet" if folder else None
        return path if path is not None and path.is_file() else None


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "digits201",
            "NAS-Bench-201 cells trained by archflow on scikit-learn's digits, three seeds each",
            "test_accuracy",
            "params",
            embedded=True,
        ),
        Benchmark(
            "nasbench201",
            "all 15,625 NAS-Bench-201 cells, CIFAR-10/100 and ImageNet16-120",
            "cifar10_test_acc",
            "zc_jacov",
        ),
        Benchmark(
            "nasbench101",
            "35,362 NAS-Bench-101 cells, 30,001 of them a uniform sample, CIFAR-10",
            "val_acc_108",
            "params",
        ),
    )
}


def find(data: str | Path) -> tuple[Benchmark | None, Path]:
    """The benchmark that `data` names, if it names one, and the path of its table.

    data: a name of `BENCHMARKS`, or the path of a table; a path whose stem is a name counts as that benchmark.

    Raises ArchflowError, saying how to get it, for a benchmark that is not on this machine and for an unknown name.
    """
    data = str(data)
    if data in BENCHMARKS:
        path = BENCHMARKS[data].path
        if path is None:
            raise ArchflowError(
                f"{data}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {data}.parquet, "
                "or name the file itself"
            )
        return BENCHMARKS[data], path
    path = Path(data)
    if not path.suffix:
        raise ArchflowError(f"no data set is called {data!r}; there are {', '.join(BENCHMARKS)}, or name a table file")
    return BENCHMARKS.get(path.stem), path


def load(data: str | Path) -> Table:
    """The table of a named benchmark or a file. Raises ArchflowError as `find` and `read_table` do."""
    return read_table(find(data)[1])
