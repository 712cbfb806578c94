"""Convert wide tables, with one column per device, to long ones, with one row per architecture and device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from archflow.data.device_splits import hardware
from archflow.devices.known import find_device
from archflow.errors import ArchflowError
from archflow.graph.table import Table

MILLISECONDS = "_ms"
"""The ending of columns that hold latencies."""

_BATCH = re.compile(r"_(\d+)$")


def long_table(
    table: Table, columns: Sequence[str] | None = None, *, context: str = "device", metric: str = "latency_ms"
) -> Table:
    """Turn columns of latencies, one for each device, into rows.

    Args:
        table: N architectures with a column for each device.
        columns: The columns; those that end in `_ms` if None.
        context: The name of the new column with the words of the device.
        metric: The name of the new column with the latencies.

    Returns:
        A row for each architecture and device that was measured, device by device. Other columns are repeated.

    Raises:
        ArchflowError: If a column is missing or is not numeric, no column ends in `_ms`, two columns are one device, or
            a new column exists already.
    """
    names = [name for name in table.metrics if name.endswith(MILLISECONDS)] if columns is None else list(columns)
    if not names:
        raise ArchflowError(f"no column ends in {MILLISECONDS}, as latencies of devices do; name the columns")
    taken = next((name for name in (context, metric) if name in table.column_names and name not in names), None)
    if taken is not None:
        raise ArchflowError(f"the table has a column {taken!r} already; give the new column another name")
    devices = {name: device_words(name) for name in names}
    if len(set(devices.values())) < len(names):
        twice = next(name for name in names if list(devices.values()).count(devices[name]) > 1)
        raise ArchflowError(f"column {twice!r}: another column is of the same device; name one of them")
    values = np.stack([table.metric(name) for name in names])  # (D, N)
    device, row = np.nonzero(np.isfinite(values))
    long = table.without([name for name in names if name in table.column_names]).select(row)
    words = [devices[names[each]] for each in device.tolist()]
    return long.with_metrics({metric: values[device, row]}).with_texts({context: words})


def device_words(column: str) -> str:
    """The words of the device that a column such as `help_1080ti_32_ms` is named after, with the batch size.

    The name itself, without its unit, if no known device has it.
    """
    name = column.removesuffix(MILLISECONDS)
    with suppress(ArchflowError):
        return find_device(name).words
    bare, batch = hardware(column), _BATCH.search(name)
    with suppress(ArchflowError):
        words = find_device(bare).words
        return f"{words}, batch {batch[1]}" if batch and bare != name else words
    return name
