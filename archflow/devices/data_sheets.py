"""Devices that tables in the user's data folder describe: NeuSight's data sheets, and those of ncnn's benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archflow.devices.device import Device
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = ("neusight_devices.parquet", "ncnn_latency.parquet")


def devices_in(folder: Path) -> dict[str, Device]:
    """The devices by name; none where the tables are not there.

    Raises:
        ArchflowError: If a table is there and cannot be read as what it should be.
    """
    found: dict[str, Device] = {}
    for name, read in zip(TABLES, (_sheets, _benchmarked), strict=True):
        path = folder / name
        if not path.is_file():
            continue
        try:
            found |= {device.name: device for device in read(read_columns(path))}
        except (ArchflowError, TypeError) as error:
            raise ArchflowError(f"{path}: is not a table of devices ({error}); take it out of the folder") from None
    return found


def _sheets(table: pa.Table) -> Iterator[Device]:
    """The devices of NeuSight's sheets, whose units are GB, GB/s, MHz and GFLOP/s.

    Two sheets of one GPU are distinguished by their files.
    """
    taken: set[str] = set()
    columns = ("Device", "file", "Dev_Mem", "Mem_Bw", "Freq", "Num_Sm", "Core_Per_SM", "SingleFLOPsMM")
    for called, file, memory, bandwidth, mhz, units, lanes, peak in _rows(table, columns):
        name = file if called in taken else called
        taken.add(name)
        # Where the peak stands there, the sheet counts matrix units in place of cores.
        cores = units * lanes if peak is None else None
        clock = mhz / 1000
        yield Device(
            name,
            f"{called}, {memory} GB, {clock:g} GHz, {bandwidth} GB/s, fp32, GPU",
            cores=cores,
            peak_gflops=2 * cores * clock if cores else peak,
        )


def _benchmarked(table: pa.Table) -> Iterator[Device]:
    """ncnn's, whose names are sentences. A device that ran in one way only is known to compute in that way."""
    ways: dict[str, set[bool]] = {}
    for name, gpu in _rows(table, ("device", "gpu_device")):
        ways.setdefault(name, set()).add(gpu is not None and gpu >= 0)
    for name, on_gpu in ways.items():
        yield Device(name, gpu=on_gpu.pop() if len(on_gpu) == 1 else None)


def _rows(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise ArchflowError(f"it lacks the column {missing[0]!r}")
    return zip(*(table[name].to_pylist() for name in names), strict=True)
