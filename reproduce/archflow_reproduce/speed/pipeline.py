"""Speed of all parts of archflow, compared with the machine's rate of matrix products."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.data.nasbench101_graphs import read_graphs
from archflow.encoders import ENCODERS, Embedder
from archflow.encoders.embedding import embed
from archflow.encoders.preparation import Preparation
from archflow.flow import FlowSurrogate
from archflow.graph import ArchitectureSet
from archflow.pretext import FGP, PretrainSettings, pretrain
from archflow.recipes.presets import PRESETS
from archflow.seeding import seeded
from archflow.spaces import NASBench201
from archflow_reproduce.speed.encoders import REPEATS, run_speed_encoders
from archflow_reproduce.speed.large_graphs import run_speed_large_graphs
from archflow_reproduce.speed.machine import CPU, machine, peak_gib
from archflow_reproduce.speed.operations import run_speed_operations
from archflow_reproduce.speed.proposals import run_speed_proposals
from archflow_reproduce.speed.spaces import run_speed_spaces
from archflow_reproduce.speed.timing import CLOCK, Times, timed


def speed_steps(device: torch.device = CPU) -> int:
    """The number of steps that `run_speed` reports."""
    read = [name for name in ENCODERS.names() if not ENCODERS.get(name).reads_pairs]
    return 2 + len(read) + (7 if device.type == "cpu" else 0)


def run_speed(device: torch.device = CPU, on_step: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Measure everything.

    Each time is {"min", "median"} of several passes, in microseconds per architecture unless the key says s.

    On another device than the processor only the encoders are measured (`run_speed_encoders`, `run_speed_operations`),
    since the rest does not run there. NAS-Bench-201 is enumerated; the graphs of NAS-Bench-101 are read from the data
    folder, and their figures are None if it does not have them.
    """
    cells = NASBench201().enumerate()
    cells.undirected  # noqa: B018 - once a set, as in training
    result = run_speed_encoders(cells, device, on_step)
    on_step("numbers of operations")
    result["operations"] = run_speed_operations(cells, device)
    if device.type == "cpu":
        result |= _run_speed_rest(cells, on_step)
    threads = torch.get_num_threads()
    return {
        **result,
        "device": str(device),
        "threads": threads,
        "config": {"device": str(device), "threads": threads, "repeats": REPEATS},
        "machine": machine(device),
    }


def _run_speed_rest(cells: ArchitectureSet, on_step: Callable[[str], None]) -> dict[str, Any]:
    graphs = _nasbench101()
    result: dict[str, Any] = {}
    on_step("surrogates")
    result["surrogate_us"] = _surrogate_us(cells, "nasbench201")
    result["surrogate_nasbench101_us"] = None if graphs is None else _surrogate_us(graphs, "nasbench101")
    on_step("pre-training, gated_gcn")
    result["pretrain_epoch_s"] = _pretrain_epoch_s(cells, PRESETS["nasbench201"].width)
    on_step("embedding NAS-Bench-101")
    result["embed_nasbench101"] = _embed_all() if graphs is not None else None
    on_step("search spaces and data sets")
    result["spaces"] = run_speed_spaces()
    on_step("graphs of thousands of nodes")
    result["large_graphs"] = run_speed_large_graphs()
    on_step("proposals of search methods")
    result["proposals"] = run_speed_proposals()
    on_step("command line")
    result["help_s"] = _help_s()
    return result


def _nasbench101() -> ArchitectureSet | None:
    path = Path(os.environ.get(FOLDER_VARIABLE, "")) / "nasbench101_graphs.npz"
    return read_graphs(path) if path.is_file() else None


def _surrogate_us(architectures: ArchitectureSet, name: str) -> dict[str, float]:
    """Time of the surrogate including levels: every pass starts from a set without cached results."""
    everything = np.arange(len(architectures))
    surrogate = FlowSurrogate(**PRESETS[name].tasks["flow"]["surrogate"])
    copies = iter([architectures.select(everything) for _ in range(REPEATS + 1)])
    times = timed(lambda: surrogate(next(copies)), REPEATS)
    return times.rounded(1e6 / len(architectures), 3)


def _pretrain_epoch_s(architectures: ArchitectureSet, width: int, epochs: int = REPEATS) -> dict[str, float]:
    """Seconds of an epoch of FGP with a gated GCN on all NAS-Bench-201 cells, batches of 256, float32."""
    with seeded(21):
        encoder = ENCODERS.get("gated_gcn")(n_ops=len(architectures.vocabulary), width=width)
        task = FGP(encoder, ["params"], **PRESETS["nasbench201"].tasks["fgp"])
    proxies = NASBench201().costs(architectures)
    ends: list[float] = []
    settings = PretrainSettings(epochs=epochs + 1)
    embedder = Embedder(encoder, Preparation(architectures.vocabulary))
    pretrain(embedder, task, architectures, proxies, settings, on_epoch=lambda *_: ends.append(CLOCK()))
    seconds = np.diff(ends)
    return Times(float(seconds.min()), float(np.median(seconds))).rounded(1, 3)


def _embed_all() -> Mapping[str, float]:
    """Seconds and peak memory of a process that reads and embeds every NAS-Bench-101 graph."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_embed_in_process)


def _embed_in_process() -> dict[str, float]:
    graphs = _nasbench101()
    assert graphs is not None
    width = PRESETS["nasbench101"].width
    with seeded(21):
        encoder = ENCODERS.get("gated_gcn")(n_ops=len(graphs.vocabulary), width=width)
    began = CLOCK()
    vectors = embed(encoder, graphs)
    seconds = CLOCK() - began
    return {
        "architectures": len(vectors),
        "width": width,
        "seconds": round(seconds, 1),
        "us": round(1e6 * seconds / len(vectors), 2),
        "peak_gib": round(peak_gib(), 2),
    }


def _help_s() -> dict[str, float]:
    command = [sys.executable, "-m", "archflow", "--help"]
    return timed(lambda: subprocess.run(command, check=True, capture_output=True), REPEATS).rounded(1, 3)
