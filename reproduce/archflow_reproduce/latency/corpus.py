"""Graphs of real models without labels, to pre-train on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from archflow.checkpoint import fingerprint
from archflow.data.places import FOLDER_VARIABLE, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow.importers.graphnet_table import GraphNetTableImporter
from archflow.importers.model import table_of
from archflow.importers.views import fused

TABLES = ("graphnet_other", "graphnet_transformers_0of2", "graphnet_transformers_1of2")

EACH = (120, 90, 90)
"""Structures drawn of each table."""

NODES = (20, 600)
"""Calls of torch that a graph has at least and at most, before it is imported."""

COSTS = ("params", "macs", "nodes")


def corpus(folder: Path) -> Table:
    """A few hundred structures of GraphNet's graphs, fused, with their costs; imported once and kept in a folder.

    Raises:
        ArchflowError: GraphNet's tables are not on this machine.
    """
    places = [own_table(name) for name in TABLES]
    missing = next((name for name, place in zip(TABLES, places, strict=True) if place is None), None)
    if missing is not None:
        raise ArchflowError(
            f"{missing}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {missing}.parquet"
        )
    kept = folder / f"corpus-{fingerprint(TABLES, EACH, NODES)}.parquet"
    if not kept.exists():
        imported = table_of(
            GraphNetTableImporter().model(row)
            for place, count in zip(places, EACH, strict=True)
            if place is not None
            for row in _drawn(place, count)
        )
        small = fused(imported.architectures)
        costs = {"params": imported.metric("params"), "macs": np.nan_to_num(imported.metric("macs"))}
        Table(small, {**costs, "nodes": small.node_counts.astype(np.float64)}).write(kept)
    return read_table(kept)


def _drawn(place: Path, count: int) -> Iterator[dict[str, Any]]:
    """Rows of a table with different structures, drawn at random."""
    table = read_columns(place)
    graphs = table.select(["ops", "edge_src", "edge_dst"])
    first: dict[str, int] = {}
    for number, row in enumerate(graphs.to_pylist()):
        if NODES[0] <= len(row["ops"]) <= NODES[1]:
            first.setdefault(fingerprint(row), number)
    rows = np.random.default_rng(0).permutation(sorted(first.values()))[:count]
    for number in sorted(rows.tolist()):
        yield table.slice(number, 1).to_pylist()[0]
