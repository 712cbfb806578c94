"""PaddleX's networks with their latency on a T4 and on a Xeon."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archflow import importers
from archflow.data.made_tables import made_once
from archflow.data.places import FOLDER_VARIABLE, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow.importers.model import table_of
from archflow.importers.paddle_table import PaddleTableImporter
from archflow_reproduce.latency.tables.base import TABLES, LatencyTable

if TYPE_CHECKING:
    import pyarrow as pa

GRAPHS, MODELS = "graphnet_paddlex", "paddlex_model_table"
LATENCIES = {"t4": "gpu_t4_fp32_ms", "xeon": "cpu_xeon5117_8t_fp32_ms"}
"""Devices and the columns of their latencies."""

_COSTS = ("params", "macs", "bytes")
_OPEN = re.compile(r"\(-1x3x\d+x\d+x")
"""An image of a fixed size in a batch of any size."""


@TABLES.register("paddlex")
def paddlex() -> Sequence[LatencyTable]:
    """Return one table per device, with the models that have both latencies and a capture with a variable batch."""
    rows, latencies = _captures()
    imported = _imported(rows)
    # Totals of models with opaque operations may be unknown; columns with unknown totals are left out.
    costs = {name: values for name in _COSTS if np.isfinite(values := imported.metric(name)).all()}
    table = Table(imported.architectures, costs, native=[row["model"] for row in rows])
    return [
        LatencyTable(f"paddlex/{device}", table, np.array([each[column] for each in latencies], float))
        for device, column in LATENCIES.items()
    ]


def _imported(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The captures as graphs. Importing them takes a minute; it is done once, and again when the importers change."""

    def write(made: Path) -> None:
        table_of(PaddleTableImporter().model(row) for row in rows).write(made)

    code = sorted(Path(importers.__file__).parent.rglob("*.py"))
    return read_table(made_once("paddlex", [_path(GRAPHS), _path(MODELS), Path(__file__), *code], write))


def _captures() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the largest variable-batch capture of every model, and the model's row with its latencies."""
    models = {re.sub(r"\s*\(slice\)$", "", each["model"]): each for each in _read(MODELS).to_pylist()}
    best: dict[str, dict[str, Any]] = {}
    for row in _read(GRAPHS).to_pylist():
        measured = models.get(row["model"])
        is_open = any(_OPEN.match(shapes) for shapes in row["in_shapes"] if shapes)
        if measured and is_open and all(measured[column] for column in LATENCIES.values()):
            kept = best.setdefault(row["model"], row)
            best[row["model"]] = max(kept, row, key=lambda each: each["n_nodes"])
    return list(best.values()), [models[name] for name in best]


def _read(name: str) -> pa.Table:
    return read_columns(_path(name))


def _path(name: str) -> Path:
    path = own_table(name)
    if path is None:
        raise ArchflowError(
            f"{name}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {name}.parquet"
        )
    return path
