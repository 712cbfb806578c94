"""NASFLAT's twelve tasks: the source devices of a predictor and the target devices with few measurements.

Source: NASFLAT (Akhauri and Abdelfattah 2024), released `device_task_list.py`. EAGLE's devices were measured
on 1,999 of the 15,625 cells in these tables; its two Snapdragon 675 devices are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from archflow.data.benchmarks import find
from archflow.data.places import data_folder, own_table
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.columns import read_columns
from archflow.graph.effective import view
from archflow.graph.table import read_table

GPUS_1_32 = "titan_rtx_1 titan_rtx_32 titanxp_1 titanxp_32 2080ti_1 2080ti_32 titanx_1 titanx_32 1080ti_1 1080ti_32"
GPUS = "1080ti_{0} 2080ti_{0} titan_rtx_{0} titanx_{0} titanxp_{0}"

EAGLE = {
    "gtx_1080ti_fp32": "oneproxy_eagle_gtx_ms",
    "core_i7_7820x": "oneproxy_eagle_i7_ms",
    "jetson_nano_fp16": "oneproxy_eagle_jetson_16_ms",
    "jetson_nano_fp32": "oneproxy_eagle_jetson_ms",
    "edge_tpu_int8": "oneproxy_eagle_tpu_ms",
    "kryo_485": "oneproxy_eagle_cpu_855_ms",
    "adreno_640": "oneproxy_eagle_gpu_855_ms",
    "hexagon_690": "oneproxy_eagle_dsp_855_ms",
}
"""Columns of devices that HELP did not measure. `edge_tpu` in tasks NA and N4 is assumed to be the same device."""

_TASKS = {
    "ND": (
        "1080ti_1 1080ti_32 1080ti_256 silver_4114 silver_4210r samsung_a50 pixel3 essential_ph_1 samsung_s7",
        "titan_rtx_256 gold_6226 fpga pixel2 raspi4 eyeriss",
    ),
    "NA": (
        f"{GPUS_1_32} gold_6226 samsung_s7 silver_4114 gold_6240 silver_4210r samsung_a50 pixel2",
        "eyeriss gtx_1080ti_fp32 edge_tpu_int8",
    ),
    "N1": (
        "edge_tpu_int8 eyeriss adreno_612 adreno_640 pixel3",
        "1080ti_1 titan_rtx_32 titanxp_1 2080ti_32 titan_rtx_1",
    ),
    "N2": (
        "1080ti_1 1080ti_32 titanx_32 titanxp_1 titanxp_32",
        "jetson_nano_fp16 edge_tpu_int8 hexagon_685 hexagon_690 pixel3",
    ),
    "N3": (
        "gtx_1080ti_fp32 jetson_nano_fp16 eyeriss hexagon_685 adreno_640",
        "1080ti_1 2080ti_1 titanxp_1 2080ti_32 titanxp_32",
    ),
    "N4": (
        "core_i7_7820x jetson_nano_fp32 edge_tpu_int8 eyeriss kryo_485 hexagon_685 hexagon_690 adreno_612 adreno_640 "
        "pixel2",
        "1080ti_1 2080ti_1 titan_rtx_1",
    ),
    "FD": (
        "1080ti_1 1080ti_32 1080ti_64 silver_4114 silver_4210r samsung_a50 pixel3 essential_ph_1 samsung_s7",
        "fpga raspi4 eyeriss",
    ),
    "FA": (
        " ".join(GPUS.format(batch) for batch in (1, 32, 64)),
        "gold_6226 essential_ph_1 samsung_s7 pixel2",
    ),
    "F1": (
        "2080ti_1 essential_ph_1 silver_4114 titan_rtx_1 titan_rtx_32",
        "eyeriss fpga raspi4 samsung_a50 samsung_s7",
    ),
    "F2": (
        "essential_ph_1 gold_6226 gold_6240 pixel3 raspi4",
        "1080ti_1 1080ti_32 2080ti_32 titan_rtx_1 titanxp_1",
    ),
    "F3": (
        "essential_ph_1 pixel2 pixel3 raspi4 samsung_s7",
        "1080ti_1 1080ti_32 2080ti_1 titan_rtx_1 titan_rtx_32",
    ),
    "F4": (
        "1080ti_64 2080ti_1 eyeriss gold_6226 gold_6240 raspi4 samsung_s7 silver_4210r titan_rtx_1 titan_rtx_32",
        "1080ti_1 pixel2 essential_ph_1",
    ),
}
TASKS = tuple(_TASKS)

PUBLISHED = dict(
    zip(TASKS, (0.959, 0.893, 0.967, 0.857, 0.962, 0.959, 0.961, 0.577, 0.809, 0.871, 0.814, 0.734), strict=True)
)
"""Spearman's correlation that NASFLAT reports with 20 samples of a new device."""

DEVICES = {"N": ("nasbench201", "nasbench201_latency", "help_{}_ms"), "F": ("fbnet_latency", "fbnet_latency", "{}_ms")}
"""By the first letter of a task: the table of graphs, the table of latencies, and the form of HELP's columns."""


@dataclass(frozen=True)
class Task:
    """One task on the architectures that were measured on all its devices.

    Attributes:
        architectures: N architectures.
        sources, targets: (N, devices) latencies in milliseconds.
        source_names, target_names: Names of the devices.
        missing: Devices of the published task that are in no table here.
        proxies: (N, 13) standardised ranks by zero-cost proxies, where a table has them.
    """

    architectures: ArchitectureSet
    sources: NDArray[np.float64]
    targets: NDArray[np.float64]
    source_names: tuple[str, ...]
    target_names: tuple[str, ...]
    missing: tuple[str, ...]
    proxies: NDArray[np.float64] | None = None


def task(name: str) -> Task:
    """Read the task of that name.

    Raises:
        ArchflowError: If there is no such task, or its tables are not on this machine.
    """
    if name not in _TASKS:
        raise ArchflowError(f"no task is called {name!r}; NASFLAT has {', '.join(TASKS)}")
    graphs, latencies, form = DEVICES[name[0]]
    folder = data_folder()
    path = folder / f"{latencies}.parquet" if folder else None
    if path is None or not path.is_file():
        raise ArchflowError(f"task {name} needs {latencies}.parquet in the folder that ARCHFLOW_DATA names")
    columns = read_columns(path)
    architectures = read_table(find(graphs)[1] if graphs != latencies else path).architectures
    proxies = _proxies(architectures) if graphs == "nasbench201" else None
    found: dict[str, NDArray[np.float64]] = {}
    missing = []
    for device in " ".join(_TASKS[name]).split():
        column = EAGLE.get(device, form.format(device))
        if column in columns.column_names:
            found[device] = columns[column].to_numpy().astype(np.float64)
        else:
            missing.append(device)
    known, new = (tuple(device for device in side.split() if device in found) for side in _TASKS[name])
    sources, targets = (np.stack([found[device] for device in side], 1) for side in (known, new))
    there = np.isfinite(sources).all(1) & np.isfinite(targets).all(1)
    found_proxies = None if proxies is None else proxies[there]
    return Task(architectures.select(there), sources[there], targets[there], known, new, tuple(missing), found_proxies)


def _proxies(cells: ArchitectureSet) -> NDArray[np.float64] | None:
    """Standardised ranks (N, 13) of NAS-Bench-201's cells by the published proxies on CIFAR-10; None without the table.

    The table has the cells without unreachable operations; others have the proxies of the cell that computes the same.
    """
    path = own_table("nasbench201_zero_cost_13")
    if path is None:
        return None
    columns = read_columns(path)
    names = [name for name in columns.column_names if name.startswith("c10_")]
    ranks = stats.rankdata(np.stack([columns[name].to_numpy() for name in names], 1), axis=0)
    hashes = view("effective")(cells).hashes
    known, first = np.unique(hashes[columns["arch_id"].to_numpy()], return_index=True)
    return ((ranks - ranks.mean(0)) / ranks.std(0))[first[np.searchsorted(known, hashes)]]
