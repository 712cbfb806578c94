"""HELP's latencies on several devices as long tables: a row is an architecture on a device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.data.benchmarks import find
from archflow.data.long_tables import long_table
from archflow.data.places import FOLDER_VARIABLE, own_table
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import Table, read_table
from archflow_reproduce.latency.tables.base import TABLES, LatencyTable

DEVICES = [
    "1080ti_1",
    "titan_rtx_1",
    "gold_6226",
    "silver_4114",
    "pixel3",
    "samsung_a50",
    "essential_ph_1",
    "raspi4",
    "eyeriss",
    "fpga",
]
"""One of each kind that HELP measured: GPUs, servers, phones, a board, an accelerator and an FPGA."""

ARCHITECTURES = 300
"""The number of architectures drawn from each space, all measured on all of the devices that the table has."""

SEED = 0
SPACES = {"nasbench201": ("nasbench201_latency", "help_{}_ms"), "fbnet": ("fbnet_latency", "{}_ms")}
"""By space, the table of latencies and the form of its columns."""


@TABLES.register("several")
def several() -> Sequence[LatencyTable]:
    """Return one table per space, with the column `device`."""
    return [_long(space) for space in SPACES]


def _long(space: str) -> LatencyTable:
    name, form = SPACES[space]
    path = own_table(name)
    if path is None:
        raise ArchflowError(
            f"{name}: not on this machine; set {FOLDER_VARIABLE} to the folder that holds {name}.parquet"
        )
    columns = read_columns(path)
    architectures = read_table(find(space)[1] if space == "nasbench201" else path).architectures
    given = [each for each in (form.format(device) for device in DEVICES) if each in columns.column_names]
    wide = Table(architectures, {each: columns[each].to_numpy().astype(np.float64) for each in given})
    measured = np.flatnonzero(np.all([wide.metric(each) > 0 for each in given], 0))
    drawn = np.random.default_rng(SEED).permutation(measured)[:ARCHITECTURES]
    long = long_table(wide.select(np.sort(drawn)))
    return LatencyTable(f"several/{space}", long.without(["latency_ms"]), long.metric("latency_ms"))
