"""The package's data set: generated networks on a CPU, by number of threads and mode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.data.benchmarks import load
from archflow.graph.table import Table
from archflow_reproduce.latency.tables.base import TABLES, LatencyTable

DATA = "cpu_latency"
PREFIX = "latency_ms_"
_COSTS = ("params", "macs", "bytes")


@TABLES.register(DATA)
def cpu_latency() -> Sequence[LatencyTable]:
    """Return one table per number of threads and mode, with the networks measured in it."""
    table = load(DATA)
    found = []
    for column in (name for name in table.metrics if name.startswith(PREFIX)):
        latency = table.metric(column)
        rows = np.flatnonzero(np.isfinite(latency))
        some = table.select(rows)
        costs = {name: some.metric(name) for name in _COSTS}
        known = Table(some.architectures, costs, native=some.native)
        found.append(LatencyTable(f"{DATA}/{column.removeprefix(PREFIX)}", known, latency[rows]))
    return found
