"""The data set `cpu_latency` as a long table: one row per generated network and setting of the processor."""

from __future__ import annotations

from archflow.data.benchmarks import load, locate
from archflow.data.catalogue import BENCHMARKS
from archflow.data.long_tables import long_table
from archflow.files import read_json
from archflow.graph.table import Table

NAME, DEVICE = "cpu_latency", "device"

_PREFIX = "latency_ms_"
"""Columns are called `latency_ms_THREADS_MODE`."""


def cpu_latency_table() -> Table:
    """Read all latencies as a long table.

    Its columns are `latency_ms`, `device` (processor, threads and mode in words), `name` (the network's description),
    and the costs of the networks.
    """
    table, path = load(NAME), locate(BENCHMARKS[NAME])
    assert path is not None, "it is part of the package"
    processor = read_json(path.with_suffix(".json"))["device"]
    columns = [name for name in table.column_names if name.startswith(_PREFIX)]
    words = {name: f"{processor}, {_setting(name)}" for name in columns}
    long = long_table(table, columns)
    devices = [words[str(name)] for name in long.texts(DEVICE)]
    return long.with_texts({DEVICE: devices, "name": long.native or [None] * len(long)})


def _setting(column: str) -> str:
    threads, mode = column.removeprefix(_PREFIX).split("_")
    return f"{threads} {'thread' if threads == '1' else 'threads'}, {mode}"
