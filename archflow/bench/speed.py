"""How fast the parts are, and how far from what the machine's matrix products allow."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archflow.bench.machine import machine, matmul_gflops, peak_gib
from archflow.bench.presets import PRESETS
from archflow.bench.speed_spaces import run_speed_spaces
from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.data.nasbench101_graphs import read_graphs
from archflow.encoders import ENCODERS, Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.ranking_model import embed
from archflow.pretext import FGP, PretextSettings, PretrainSettings, pretrain
from archflow.seeding import seeded
from archflow.spaces import NASBench201

REPEATS = 5
SPEED_STEPS = 6
"""Steps that `run_speed` tells of, besides one an encoder."""


def run_speed(batch_size: int = 128, on_step: Callable[[str], None] = lambda name: None) -> dict[str, Any]:
    """Measure everything; medians over `REPEATS` passes. Times in microseconds an architecture unless the key says s.

    NAS-Bench-201 is enumerated; the graphs of NAS-Bench-101 are read from the data folder, and their figures are None
    where it has none.
    """
    cells = NASBench201().enumerate()
    graphs = _nasbench101()
    result: dict[str, Any] = {"encode_us": {}, "encode_roof": {}}
    on_step("matrix products")
    preset = PRESETS["nasbench201"]
    width = preset.width
    # The largest product in the encoder: the nodes of a batch times the four projections of a convolution.
    roof = matmul_gflops(batch_size * 8, width, 4 * width)
    result["matmul_gflops"] = round(roof, 1)
    result["matmul_gflops_2048"] = round(matmul_gflops(2048, 2048, 2048), 1)
    on_step("surrogates")
    result["surrogate_us"] = _surrogate_us(cells, "nasbench201")
    result["surrogate_nasbench101_us"] = None if graphs is None else _surrogate_us(graphs, "nasbench101")
    cells.undirected  # noqa: B018 - once a set, as in training
    for name in ENCODERS.names():
        on_step(f"encoding, {name}")
        with seeded(21):
            encoder = ENCODERS.get(name)(n_ops=len(cells.vocabulary), **preset.recipe(name).config).eval()
        microseconds, batch = _encode_us(encoder, cells, batch_size)
        flops = matmul_flops(encoder, Batch(cells, np.arange(batch_size))) / batch_size
        result["encode_us"][name] = round(microseconds, 2)
        result["encode_roof"][name] = {
            "batch_us": round(batch, 2),
            "mflop": round(flops / 1e6, 3),
            "roof_us": round(flops / roof / 1e3, 2),
            "share_of_roof": round(flops / roof / 1e3 / microseconds, 3),
        }
    result["batch_us"] = result["encode_roof"]["gated_gcn"]["batch_us"]
    on_step("pre-training, gated_gcn")
    result["pretrain_epoch_s"] = round(_pretrain_epoch_s(cells, width), 3)
    on_step("embedding NAS-Bench-101")
    result["embed_nasbench101"] = _embed_all() if graphs is not None else None
    on_step("search spaces and data sets")
    result["spaces"] = run_speed_spaces()
    on_step("command line")
    result["help_s"] = round(_help_s(), 3)
    return {**result, "batch_size": batch_size, "threads": torch.get_num_threads(), "machine": machine()}


def _nasbench101() -> ArchitectureSet | None:
    path = Path(os.environ.get(FOLDER_VARIABLE, "")) / "nasbench101_graphs.npz"
    return read_graphs(path) if path.is_file() else None


def _median(run: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median seconds of `run`, after one pass to warm up."""
    run()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def _surrogate_us(architectures: ArchitectureSet, name: str) -> float:
    """Levels included: every pass starts from a set that has nothing derived yet."""
    everything = np.arange(len(architectures))
    copies = iter([architectures.select(everything) for _ in range(REPEATS + 1)])
    return round(1e6 * _median(lambda: PRESETS[name].surrogate(next(copies))) / len(architectures), 3)


@torch.inference_mode()
def _encode_us(encoder: Encoder, architectures: ArchitectureSet, batch_size: int) -> tuple[float, float]:
    """(encoding with the building of the batch, building alone), an architecture, over random whole batches."""
    count = 40
    rows = np.random.default_rng(0).permutation(len(architectures))[: count * batch_size].reshape(count, batch_size)
    used = _parts_used(encoder, Batch(architectures, rows[0]))

    def build() -> None:
        for chosen in rows:
            batch = Batch(architectures, chosen)
            for name in used:
                getattr(batch, name)

    def encode() -> None:
        for chosen in rows:
            encoder.embed(Batch(architectures, chosen))

    return 1e6 * _median(encode) / rows.size, 1e6 * _median(build) / rows.size


def _parts_used(encoder: Encoder, batch: Batch) -> list[str]:
    """The lazy parts of a batch that the encoder asks for."""
    encoder.embed(batch)
    return [name for name in vars(batch) if isinstance(vars(Batch).get(name), cached_property)]


def matmul_flops(encoder: Encoder, batch: Batch) -> int:
    """Floating-point operations of the matrix products of one forward pass, as torch counts them."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder.embed(batch)
    return counter.get_total_flops()


def _pretrain_epoch_s(architectures: ArchitectureSet, width: int, epochs: int = REPEATS) -> float:
    """Median seconds of an epoch of FGP with a gated GCN on all NAS-Bench-201 cells, batches of 256, float32."""
    with seeded(21):
        encoder = ENCODERS.get("gated_gcn")(n_ops=len(architectures.vocabulary), width=width)
        task = FGP(encoder.dim, PretextSettings("params", surrogate=PRESETS["nasbench201"].surrogate))
    proxies = NASBench201().costs(architectures)
    ends: list[float] = []
    settings = PretrainSettings(epochs=epochs + 1)
    pretrain(encoder, task, architectures, proxies, settings, on_epoch=lambda *_: ends.append(time.perf_counter()))
    return float(np.median(np.diff(ends)))


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
    began = time.perf_counter()
    vectors = embed(encoder, graphs)
    seconds = time.perf_counter() - began
    return {
        "architectures": len(vectors),
        "width": width,
        "seconds": round(seconds, 1),
        "us": round(1e6 * seconds / len(vectors), 2),
        "peak_gib": round(peak_gib(), 2),
    }


def _help_s() -> float:
    command = [sys.executable, "-m", "archflow", "--help"]
    return _median(lambda: subprocess.run(command, check=True, capture_output=True))
