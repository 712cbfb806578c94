"""The latencies of ncnn's benchmark as a long table: real networks, on devices that are named in words.

Source: the benchmark pages of github.com/Tencent/ncnn (BSD-3), as `ncnn_graphs.parquet` and `ncnn_latency.parquet`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table
from archflow.importers import import_models
from archflow.importers.model import table_of

GRAPHS, LATENCY = "ncnn_graphs.parquet", "ncnn_latency.parquet"

_COLUMNS = ("device", "num_threads", "powersave", "gpu_device", "model", "avg_ms")

_CORES = {1: ", little cores", 2: ", big cores"}
"""The cores that ncnn's power modes use; other modes use all cores."""


def has_ncnn(folder: Path | None) -> bool:
    """Whether both files are in a folder."""
    return folder is not None and all((folder / name).is_file() for name in (GRAPHS, LATENCY))


def ncnn_table(folder: Path) -> Table:
    """The networks with a graph on every device and setting: `latency_ms`, `device`, `name`, and costs.

    Runs that were repeated count once, with their median.

    Raises:
        ArchflowError: If a file is missing or is not what it should be.
    """
    graphs = table_of(import_models([str(folder / GRAPHS)]))
    number = {name: row for row, name in enumerate(graphs.native or ())}
    columns = read_columns(folder / LATENCY)
    missing = [name for name in _COLUMNS if name not in columns.column_names]
    if missing:
        raise ArchflowError(f"{folder / LATENCY}: lacks the column {missing[0]!r}; restore the file")
    runs: dict[tuple[str, int], list[float]] = defaultdict(list)
    for each in columns.select(list(_COLUMNS)).to_pylist():
        if each["model"] in number:
            runs[_words(each), number[each["model"]]].append(float(each["avg_ms"]))
    table = graphs.select(np.array([row for _, row in runs], np.int64))
    latency = np.array([float(np.median(values)) for values in runs.values()])
    return table.with_metrics({"latency_ms": latency}).with_texts({"device": [words for words, _ in runs]})


def _words(run: Mapping[str, Any]) -> str:
    """The sentence that describes a run."""
    if run["gpu_device"] is not None and run["gpu_device"] >= 0:
        return f"{run['device']}, GPU"
    threads = run["num_threads"]
    return (
        f"{run['device']}, {threads} {'thread' if threads == 1 else 'threads'}{_CORES.get(run['powersave'], '')}, CPU"
    )
