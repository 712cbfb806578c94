"""NAS-Bench-101's official files (`nasbench_only108.tfrecord`, `nasbench_full.tfrecord`), without TensorFlow.

Source: Ying et al., ICML 2019; the format as in the published `model_metrics.proto` and `api.py`. Every record is one
training run, as JSON: [hash, epochs, adjacency matrix as digits, operations with commas, base64 of a `ModelMetrics`].
"""

from __future__ import annotations

import json
import math
from array import array
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.data.nasbench101_graphs import CELLS, LARGEST, VOCABULARY
from archflow.data.tfrecord import read_records
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.ragged import pointer
from archflow.graph.table import Table
from archflow.protobuf import Value, fields

_EPOCHS = (4, 12, 36, 108)
_REPEATS = 3
_EVALUATIONS, _PARAMETERS = 1, 2
"""Field numbers of `ModelMetrics`."""

_MEASURED = {"train_time": 2, "train_acc": 3, "val_acc": 4, "test_acc": 5}
"""Our name -> field number of `EvaluationData`."""


def read_whole_tfrecord(path: Path) -> Table:
    """Read an official file like `read_tfrecord`; it must have three runs of each length for every cell.

    The format does not give the number of records, so a file cut between two records looks like a shorter one.

    Raises:
        ArchflowError: If a run is missing, and as for `read_tfrecord`.
    """
    table = read_tfrecord(path)
    lengths = [epochs for epochs in _EPOCHS if f"val_acc_{epochs}" in table.metrics]
    repeats = [table.metrics.get(f"val_acc_{epochs}_r{n}") for epochs in lengths for n in range(_REPEATS)]
    trainings = sum(int(np.isfinite(values).sum()) for values in repeats if values is not None)
    if len(table) != CELLS or trainings != CELLS * len(repeats):
        raise ArchflowError(
            f"{path}: {trainings:,} trainings of {len(table):,} cells; the official file has {CELLS * len(repeats):,} "
            f"of {CELLS:,}: it is cut off, get it again"
        )
    return table


def read_tfrecord(path: Path) -> Table:
    """Read the cells in the order of their hashes, with accuracies as fractions and times in seconds.

    For each number of epochs E in the file: `val_acc_E` and `train_time_E_s` of the first repeat, `val_acc_E_rN`
    and `test_acc_E_rN` of each, `val_acc_E_mean3`, `test_acc_E_mean3` and `train_acc_E_mean3` if there are three.

    Raises ArchflowError, naming the record, if it is not from NAS-Bench-101.
    """
    cells = _Cells()
    for number, record in enumerate(read_records(path)):
        try:
            cells.add(record)
        except (ArchflowError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
            raise ArchflowError(f"{path}: record {number} is not from NAS-Bench-101 ({error})") from None
    if not cells.rows:
        raise ArchflowError(f"{path}: it has no records")
    order = np.argsort(np.array(list(cells.rows), "U32"))
    try:
        graphs = _graphs([cells.graphs[row] for row in order.tolist()])
        metrics = {name: values[order] for name, values in cells.metrics().items()}
    except ArchflowError as error:
        raise ArchflowError(f"{path}: a cell is not from NAS-Bench-101 ({error})") from None
    return Table(graphs, metrics)


@dataclass
class _Cells:
    """The contents of the records so far: one row per cell with its graph and parameters, and the list of runs."""

    rows: dict[str, int] = field(default_factory=dict)
    graphs: list[tuple[str, str]] = field(default_factory=list)
    params: array[float] = field(default_factory=lambda: array("d"))
    row: array[int] = field(default_factory=lambda: array("q"))
    epochs: array[int] = field(default_factory=lambda: array("q"))
    measured: array[float] = field(default_factory=lambda: array("d"))

    def add(self, record: bytes) -> None:
        hash_, epochs, adjacency, operations, content = json.loads(record)
        if not (isinstance(hash_, str) and isinstance(adjacency, str) and isinstance(operations, str)):
            raise ValueError("hash, adjacency matrix and operations are not texts")
        if epochs not in _EPOCHS:
            raise ValueError(f"{epochs!r} epochs")
        message = fields(b64decode(content, validate=True))
        last = fields(_bytes(message[_EVALUATIONS][-1]))  # start, half-way, end
        row = self.rows.setdefault(hash_, len(self.graphs))
        if row == len(self.graphs):
            self.graphs.append((adjacency, operations))
            self.params.append(float(message[_PARAMETERS][0]))
        elif self.graphs[row] != (adjacency, operations):
            raise ValueError("its hash occurred before with another graph")
        self.row.append(row)
        self.epochs.append(epochs)
        self.measured.extend(float(last[number][0]) for number in _MEASURED.values())

    def metrics(self) -> dict[str, NDArray[np.float64]]:
        row, epochs = np.array(self.row), np.array(self.epochs)
        measured = np.array(self.measured).reshape(-1, len(_MEASURED))
        found = {"params": np.array(self.params)}
        for length in np.unique(epochs).tolist():
            of_length = np.flatnonzero(epochs == length)
            repeat = _occurrence(row[of_length])
            repeats = int(repeat.max()) + 1
            if repeats > _REPEATS:
                raise ArchflowError(f"{repeats} trainings of {length} epochs instead of {_REPEATS}")
            by_repeat = np.full((len(_MEASURED), len(self.graphs), repeats), np.nan)
            by_repeat[:, row[of_length], repeat] = measured[of_length].T
            values = dict(zip(_MEASURED, by_repeat, strict=True))
            found[f"val_acc_{length}"] = values["val_acc"][:, 0]
            found[f"train_time_{length}_s"] = values["train_time"][:, 0]
            for name in ("val_acc", "test_acc"):
                found |= {f"{name}_{length}_r{n}": column for n, column in enumerate(values[name].T)}
            for name in ("val_acc", "test_acc", "train_acc"):
                if repeats == _REPEATS:
                    found[f"{name}_{length}_mean3"] = values[name].mean(axis=1)
        return found


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("an evaluation that is not a message")
    return value


def _occurrence(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) how many times the same value occurred before."""
    order = np.argsort(values, kind="stable")
    first = pointer(np.bincount(values))[:-1]
    result = np.empty_like(values)
    result[order] = np.arange(len(values)) - first[values[order]]
    return result


def _graphs(cells: list[tuple[str, str]]) -> ArchitectureSet:
    """Adjacency matrices as digits, row by row, and comma-separated operations -> graphs."""
    sizes = np.array([math.isqrt(len(adjacency)) for adjacency, _ in cells])
    ops = [operations.split(",") for _, operations in cells]
    wrong = sizes**2 != [len(adjacency) for adjacency, _ in cells]
    wrong |= (sizes > LARGEST) | (sizes != [len(names) for names in ops])
    if wrong.any():
        adjacency, operations = cells[int(np.argmax(wrong))]
        raise ArchflowError(f"matrix {adjacency!r} does not fit operations {operations!r}")
    matrix = np.zeros((len(cells), LARGEST, LARGEST), np.uint8)
    for size in np.unique(sizes).tolist():
        rows = np.flatnonzero(sizes == size)
        digits = "".join(cells[row][0] for row in rows.tolist())
        matrix[rows, :size, :size] = (
            np.frombuffer(digits.encode("ascii", "replace"), np.uint8).reshape(-1, size, size) - 48
        )
    if (matrix > 1).any():
        adjacency = cells[int(np.argmax((matrix > 1).any(axis=(1, 2))))][0]
        raise ArchflowError(f"matrix {adjacency!r} has entries other than 0 and 1")
    graph, source, target = np.nonzero(matrix)
    return ArchitectureSet(
        VOCABULARY,
        [VOCABULARY.index(name) for names in ops for name in names],
        pointer(sizes),
        source,
        target,
        pointer(np.bincount(graph, minlength=len(cells))),
    )
