"""The cost of a large vocabulary: the gated GCN with 170 operations compared with 14."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from archflow.encoders import ENCODERS, Encoder
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.recipes.presets import PRESETS
from archflow.seeding import seeded
from archflow_reproduce.speed.encoders import encode_us, step_s
from archflow_reproduce.speed.timing import CLOCK, Clock, Times

FEW, MANY = 14, 170
ASKED = 1.5
"""Largest acceptable ratio of the times with `MANY` and with `FEW` operations."""

ROUNDS = 5
BATCH, STEP = 128, 16


def run_speed_operations(cells: ArchitectureSet, device: torch.device, clock: Clock = CLOCK) -> dict[str, Any]:
    """Time a gated GCN, width as for NAS-Bench-201, on the same graphs with few and with many operations, alternately.

    Returns:
        `encode_us`: microseconds per architecture in batches of 128; `step_s`: seconds of a training step on 16; each
            by the number of operations, {"min", "median"}. `encode_ratio`, `step_ratio`: many divided by few, of the
            fastest. `asked`: upper bound of the ratios.
    """
    sets = {count: with_operations(cells, count) for count in (FEW, MANY)}
    encoders = {count: _encoder(count, device) for count in sets}
    encode: dict[int, list[Times]] = {count: [] for count in sets}
    step: dict[int, list[Times]] = {count: [] for count in sets}
    for _ in range(ROUNDS):
        for count, architectures in sets.items():
            encode[count].append(encode_us(encoders[count].eval(), architectures, BATCH, device, clock=clock))
            step[count].append(step_s(encoders[count], architectures, (STEP,), device, clock))
    result: dict[str, Any] = {"asked": ASKED}
    for name, times, digits in (("encode_us", encode, 2), ("step_s", step, 6)):
        joined = {count: _joined(each) for count, each in times.items()}
        result[name] = {str(count): each.rounded(1, digits) for count, each in joined.items()}
        result[f"{name.partition('_')[0]}_ratio"] = round(joined[MANY].fastest / joined[FEW].fastest, 3)
    return result


def with_operations(architectures: ArchitectureSet, count: int) -> ArchitectureSet:
    """The same graphs with operations drawn at random from `count` names."""
    vocabulary = Vocabulary(tuple(f"operation {i}" for i in range(count)))
    op = np.random.default_rng(0).integers(0, count, len(architectures.op))
    pointers = architectures.node_ptr, architectures.edge_src, architectures.edge_dst, architectures.edge_ptr
    return ArchitectureSet(vocabulary, op, *pointers)


def _encoder(n_ops: int, device: torch.device) -> Encoder:
    with seeded(21):
        return ENCODERS.get("gated_gcn")(n_ops=n_ops, width=PRESETS["nasbench201"].width).to(device)


def _joined(rounds: list[Times]) -> Times:
    """The fastest pass of all rounds, and the median of their medians."""
    return Times(min(times.fastest for times in rounds), float(np.median([times.median for times in rounds])))
