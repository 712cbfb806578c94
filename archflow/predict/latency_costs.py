"""Costs of networks that determine their latency: multiply-adds, parameters, bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.devices.units import checked_latencies
from archflow.errors import ArchflowError
from archflow.graph.table import Table

Floats = NDArray[np.float64]

NAMES = {"macs": ("macs", "flops"), "params": ("params",), "bytes": ("bytes",)}
"""Names of each cost, as a column or as a node attribute."""


def total(table: Table, name: str) -> Floats:
    """(N,) a cost of every row: its column, or the sum over its nodes.

    Args:
        table: N rows.
        name: `nodes`, or a key of `NAMES`.

    Raises:
        ArchflowError: If the table has neither, or a value is negative or not a number.
    """
    if name == "nodes":
        return table.architectures.node_counts.astype(np.float64)
    column = next((known for known in NAMES[name] if known in table.column_names), None)
    if column is not None:
        values = table.metric(column)
    elif (each := of_nodes(table, name)) is not None:
        values = summed(table.architectures.node_owner, each, len(table))
    else:
        raise ArchflowError(f"the table has neither a column nor a node attribute {' or '.join(NAMES[name])}")
    if not (values >= 0).all():
        row = int(np.argmin(values >= 0))
        raise ArchflowError(f"row {row}: {name} is {values[row]:g}, not a number of at least 0; leave the row out")
    return values


def summed(place: NDArray, values: Floats, count: int) -> Floats:
    """(count,) sums of the values that have the same place."""
    return np.bincount(place, values, minlength=count).astype(np.float64)


def of_nodes(table: Table, name: str) -> Floats | None:
    """(V,) an attribute of every node, 0 where it does not apply; None if no attribute has this name."""
    architectures = table.architectures
    found = next((each for each in NAMES[name] if each in architectures.attribute_names), None)
    if found is None or architectures.attributes is None:
        return None
    values = architectures.attributes[:, architectures.attribute_names.index(found)].astype(np.float64)
    return np.maximum(np.nan_to_num(values, nan=0.0), 0.0)


def checked_rows(table: Table, latency: ArrayLike) -> Floats:
    measured = checked_latencies("latency", latency)
    if len(measured) != len(table):
        raise ArchflowError(f"{len(measured)} latencies for {len(table)} rows; give one for each")
    return measured
