"""Real graphs without labels for pre-training: GraphNet's, one per structure."""

from __future__ import annotations

from collections.abc import Mapping
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

TABLES = ("graphnet_other", "graphnet_transformers_0of2", "graphnet_transformers_1of2")

GRAPHS = 240
"""The number of graphs drawn; importing one takes about a second."""

MOST_NODES = 400
"""Maximum nodes of a traced graph; the median of all graphs is 521."""

SEED = 0


def graphnet(folder: Path) -> Table:
    """Draw `GRAPHS` real graphs of at most `MOST_NODES` nodes, with their costs; the table is kept in the folder.

    Raises:
        ArchflowError: If GraphNet's tables are not on this machine.
    """
    path = folder / f"graphnet-{fingerprint(TABLES, GRAPHS, MOST_NODES, SEED)}.parquet"
    if not path.exists():
        importer = GraphNetTableImporter()
        rows = [row for row in _structures() if row["n_nodes"] <= MOST_NODES]
        drawn = np.random.default_rng(SEED).permutation(len(rows))[:GRAPHS]
        folder.mkdir(parents=True, exist_ok=True)
        table_of(importer.model(rows[place]) for place in drawn).write(path)
    return read_table(path)


def _structures() -> list[Mapping[str, Any]]:
    """Return the first row of every structure: its calls and edges, regardless of arguments and sizes."""
    first: dict[str, Mapping[str, Any]] = {}
    for name in TABLES:
        path = own_table(name)
        if path is None:
            raise ArchflowError(
                f"{name}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {name}.parquet"
            )
        for row in read_columns(path).to_pylist():
            first.setdefault(fingerprint(row["ops"], row["edge_src"], row["edge_dst"]), row)
    return list(first.values())
