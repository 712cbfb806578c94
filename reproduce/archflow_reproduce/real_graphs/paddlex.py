"""PaddleX's networks with their measured latency on a T4 and on a Xeon."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table

LATENCIES = {"t4_ms": "gpu_t4_fp32_ms", "xeon_ms": "cpu_xeon5117_8t_fp32_ms"}
"""The columns of latencies in milliseconds, and what PaddleX's table calls them."""

GRAPHS, MODELS = "graphnet_paddlex.parquet", "paddlex_model_table.parquet"

WHOLE = 0.9
"""A capture with a smaller part of the parameters of the largest capture of a model is a piece of it."""

_IMAGE = re.compile(r"\((-?\d+)x3x(-?\d+)x(-?\d+)x")


class Capture(NamedTuple):
    """One capture of a model, best first when sorted: with an open batch, then with a small one."""

    fixed: bool
    batch: int
    nodes: int
    row: int


def labelled(folder: Path, imported: Path) -> Table:
    """One row for each model that has a graph and both latencies.

    Of a model's captures the one with an open batch is taken: it is of inference. Some models have only captures of
    training, with a fixed batch and often another resolution than the latency was measured with; those are counted
    for one image: multiply-adds, activations and the first axis of shapes are divided by the batch. A model is left
    out if no capture holds nearly all its parameters and states the size of its image.

    Args:
        folder: Holds `GRAPHS` and `MODELS`.
        imported: The table that `archflow import` made of `GRAPHS`.

    Returns:
        The table, with columns t4_ms, xeon_ms, macs, params, bytes, and `batch`, that of the capture (1 if open).
    """
    table, models = read_table(imported), read_columns(folder / MODELS).to_pylist()
    samples = read_columns(folder / GRAPHS).select(["model", "in_shapes"]).to_pylist()
    if len(samples) != len(table):
        raise ArchflowError(f"{imported}: {len(table)} rows, and {GRAPHS} has {len(samples)}; import it again")
    measured = {re.sub(r"\s*\(slice\)$", "", each["model"]): each for each in models}
    params, nodes = table.metric("params"), table.metric("nodes")
    captures: dict[str, list[int]] = {}
    for row, sample in enumerate(samples):
        captures.setdefault(sample["model"], []).append(row)
    chosen: list[Capture] = []
    found: list[Mapping[str, Any]] = []
    for model, rows in captures.items():
        latencies = measured.get(model)
        if latencies is None or not all(latencies[name] for name in LATENCIES.values()):
            continue
        most = max(params[row] for row in rows)
        whole = [row for row in rows if params[row] >= WHOLE * most]
        best = min(_captures(samples, whole, nodes), default=None)
        if best is not None:
            chosen.append(best)
            found.append(latencies)
    batch = np.array([capture.batch for capture in chosen])
    of_one = _per_image(table.select(np.array([capture.row for capture in chosen])), batch)
    columns = {name: np.array([each[source] for each in found]) for name, source in LATENCIES.items()}
    return Table(of_one.architectures, {**_sums(of_one), **columns, "batch": batch.astype(np.float64)})


def structures(table: Table) -> NDArray[np.int64]:
    """(N,) number of each row's graph: operations and edges, without attributes."""
    bare = table.architectures.with_attributes(None, ())
    return np.unique(bare.hashes, return_inverse=True)[1].reshape(-1)


def _captures(samples: Sequence[Mapping[str, Any]], rows: Sequence[int], nodes: NDArray) -> list[Capture]:
    """Those whose first image has a known size."""
    found = []
    for row in rows:
        first = next((text for text in samples[row]["in_shapes"] if text not in ("", "()")), "")
        image = _IMAGE.match(first)
        if image is not None:
            batch, height, width = (int(each) for each in image.groups())
            if height > 0 and width > 0:
                found.append(Capture(batch > 0, max(batch, 1), int(nodes[row]), row))
    return found


def _per_image(table: Table, batch: NDArray) -> Table:
    """The table with the attributes of one image of the batch."""
    architectures = table.architectures
    columns = {name: architectures.attribute(name).astype(np.float64) for name in architectures.attribute_names}
    images = batch[architectures.node_owner]
    columns["macs"] /= images
    weights = 4 * np.nan_to_num(columns["params"])
    columns["bytes"] = weights + np.maximum(columns["bytes"] - weights, 0) / images
    columns["shape_0"] = np.where(columns["shape_0"] % images == 0, columns["shape_0"] / images, columns["shape_0"])
    values = np.stack(list(columns.values()), 1).astype(np.float32)
    return Table(architectures.with_attributes(values, list(columns)), {"params": table.metric("params")})


def _sums(table: Table) -> dict[str, NDArray]:
    """Costs of every row: the sums over its nodes, and its parameters."""
    architectures = table.architectures
    sums = {
        name: np.bincount(
            architectures.node_owner, np.nan_to_num(architectures.attribute(name).astype(np.float64)), len(table)
        )
        for name in ("macs", "bytes")
    }
    return {**sums, "params": table.metric("params")}
