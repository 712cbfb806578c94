"""ncnn's benchmark: latencies of small networks on devices that are described in words.

Source: https://github.com/Tencent/ncnn, benchmark/README.md (BSD-3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.places import data_folder
from archflow.devices import Device
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.columns import read_columns
from archflow.graph.table import Table
from archflow.importers.ncnn_table import NcnnTableImporter
from archflow.importers.views import fused

Floats = NDArray[np.float64]

INPUTS = {"FastestDet": "0=352 1=352 2=3", "blazeface": "0=128 1=128 2=3", "vision_transformer": "0=384 1=384 2=3"}
"""Input shapes that the graphs do not contain (benchncnn.cpp)."""

LEAST = 12
"""The fewest networks that a run must have measured to be used."""

FAMILIES = (
    ("NVIDIA", r"nvidia|jetson"),
    ("Snapdragon", r"qualcomm|snapdragon"),
    ("Rockchip", r"rockchip|\brk3"),
    ("Raspberry Pi", r"raspberry"),
    ("Loongson", r"loongson"),
    ("x86", r"intel|amd|xeon|macbook pro \(15|aws|azure|celeron|ryzen"),
    ("other Arm", r"cortex|kunpeng|phytium|apple|m1"),
)
"""Families and patterns of their devices' names; the first match counts, and all other devices are `other`."""


@dataclass(frozen=True)
class Runs:
    """R runs of G networks.

    Attributes:
        table: The networks as fused graphs with node attributes; 8-bit matrix products and convolutions are separate
            operations (`int8_conv2d`).
        names: (G,) names of the networks.
        logs: (R, G) log milliseconds, NaN where not measured.
        devices, families: (R,) device and family of each run.
        sentences: (R,) the device and its settings in words.
        numbers: (R, F) standardised numbers of the data sheet; missing ones are 0, marked by a 1 in a further column.
        settings: (R, S) standardised settings of the run: GPU, threads and cores.
    """

    table: Table
    names: tuple[str, ...]
    logs: Floats
    devices: NDArray[np.str_]
    families: NDArray[np.str_]
    sentences: tuple[str, ...]
    numbers: Floats
    settings: Floats


def ncnn_runs() -> Runs:
    """Read all runs with at least `LEAST` networks whose graphs are known; equal runs are merged by their median.

    Raises:
        ArchflowError: If the tables are not on this machine.
    """
    folder = data_folder()
    paths = [folder / name for name in ("ncnn_graphs.parquet", "ncnn_latency.parquet")] if folder else []
    if not paths or not all(path.is_file() for path in paths):
        raise ArchflowError("needs ncnn_graphs.parquet and ncnn_latency.parquet in the folder that ARCHFLOW_DATA names")
    graphs = {row["model"]: row for row in read_columns(paths[0]).to_pylist()}
    times: dict[tuple[str, int, int, bool], dict[str, list[float]]] = {}
    for row in read_columns(paths[1]).to_pylist():
        model = row["model"].replace("-ssd", "_ssd").replace("-yolo", "_yolo").replace("-int8", "_int8")
        model = row["model"] if row["model"] in graphs else model
        on_gpu = (row["gpu_device"] if row["gpu_device"] is not None else -1) >= 0
        key = (row["device"], max(row["num_threads"] or 1, 1), row["powersave"] or 0, on_gpu)
        if model in graphs and (row["avg_ms"] or 0) > 0:
            times.setdefault(key, {}).setdefault(model, []).append(row["avg_ms"])
    times = {key: of for key, of in times.items() if len(of) >= LEAST}
    names = tuple(sorted({model for of in times.values() for model in of}))
    logs = np.array(
        [[np.log(np.median(of[name])) if name in of else np.nan for name in names] for of in times.values()]
    )
    devices = np.array([key[0] for key in times])
    return Runs(
        Table(_networks([graphs[name] for name in names])),
        names,
        logs,
        devices,
        np.array([family(name) for name in devices]),
        tuple(sentence(*key) for key in times),
        _numbers(devices),
        _standard(np.array([[gpu, np.log(threads), cores == 1, cores == 2] for _, threads, cores, gpu in times])),
    )


def family(device: str) -> str:
    """The family to which a device's name belongs."""
    return next((name for name, words in FAMILIES if re.search(words, device, re.IGNORECASE)), "other")


def sentence(device: str, threads: int, cores: int, on_gpu: bool) -> str:
    """Describe a device and its settings in words. cores: 0 all, 1 the little, 2 the big ones, as in ncnn."""
    which = {1: ", only the little cores", 2: ", only the big cores"}.get(cores, "")
    how = "runs on the GPU" if on_gpu else f"runs on the CPU with {threads} thread{'s' * (threads > 1)}{which}"
    return f"{device}, {how}"


def _networks(rows: list[Mapping[str, Any]]) -> ArchitectureSet:
    read = []
    for row in rows:
        attrs = [INPUTS[row["model"]], *row["attrs"][1:]] if row["model"] in INPUTS else row["attrs"]
        read.append(NcnnTableImporter().model({**row, "attrs": attrs}).architecture)
    networks = fused(ArchitectureSet.from_architectures(read))
    quantised = np.array([row["model"].endswith("int8") for row in rows])[networks.node_owner]
    ops = [networks.vocabulary.ops[op] for op in networks.op.tolist()]
    named = [
        f"int8_{op}" if small and op.startswith(("conv", "linear")) else op
        for op, small in zip(ops, quantised.tolist(), strict=True)
    ]
    vocabulary = Vocabulary.of(named)
    return networks.replaced(vocabulary=vocabulary, op=np.array([vocabulary.index(op) for op in named], np.int32))


def _numbers(devices: NDArray[np.str_]) -> Floats:
    """Logarithms (R, 2 F) of the numbers of cores and clock rates in a name."""
    said = [Device(name).numbers for name in devices.tolist()]
    values = np.log([[of.get(name, np.nan) for name in ("cores", "clock_ghz")] for of in said])
    missing = np.isnan(values)
    return np.concatenate([np.nan_to_num((values - np.nanmean(values, 0)) / np.nanstd(values, 0)), missing], 1)


def _standard(x: Floats) -> Floats:
    return (x - x.mean(0)) / (x.std(0) + 1e-12)


def described(runs: Runs, how: str, vectors: Floats | None = None) -> Floats:
    """Describe the devices of the runs (R, D) in one of four ways.

    Args:
        runs: The runs.
        how: `text`, the vector of each sentence; `one-hot`, a column for each device, and the settings; `sheet`,
            numbers and settings; `none`, nothing.
        vectors: (R, 384) vectors of the sentences, for `text`.
    """
    if how == "text":
        assert vectors is not None
        return (vectors - vectors.mean(0)) / vectors.std()
    if how == "one-hot":
        return np.concatenate([(runs.devices[:, None] == np.unique(runs.devices)) * 3.0, runs.settings], 1)
    return np.concatenate([runs.numbers, runs.settings], 1) if how == "sheet" else np.zeros((len(runs.logs), 1))


def renamed(vocabulary: Vocabulary, names: Mapping[str, str]) -> Vocabulary:
    """The same operations under other names; parts of fused ones are renamed too."""
    parts = [[re.split(r"(?<=int8)_", part) for part in op.split("+")] for op in vocabulary.ops]
    return Vocabulary(tuple("+".join("_".join(names.get(word, word) for word in part) for part in op) for op in parts))
