"""How many networks a second per core, proxy by proxy, and how far that is from the machine's matrix products."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from archflow.bench.machine import matmul_gflops
from archflow.data.trained_accuracy import alone_on_a_core
from archflow.graph import ArchitectureSet
from archflow.networks.images import ImageData
from archflow.networks.zero_cost import PROXIES, zero_cost
from archflow.spaces import NASBench201

BATCH = 64
REPEATS = 2

FAMILIES = {
    "convolutions and matrix products": ("convolution", "::mm", "::addmm", "::bmm"),
    "batch normalisation": ("batch_norm", "BatchNormBackward", "::var"),
}
"""Words in the names of torch's operations."""


def zero_cost_speed(cells: ArchitectureSet, size: Mapping[str, int], data: ImageData) -> dict[str, Any]:
    """Means over the cells of NAS-Bench-201, in processor seconds of one thread, so that other processes count little.

    For every proxy alone, and `all` in one call: seconds a network, networks a second, the floating-point operations
    that convolutions and matrix products need, their rate, and its share of the rate of a large matrix product.
    `time_share` says where the time of `all` goes.
    """
    space = NASBench201()
    networks = [space.build(cell, **size, classes=data.classes, image_channels=data.image_shape[0]) for cell in cells]
    calls: dict[str, list[str]] = {name: [name] for name in PROXIES.names()} | {"all": PROXIES.names()}
    with alone_on_a_core():
        roof = matmul_gflops(1024, 1024, 1024)
        by_name = {name: _measured(networks, data, names, roof) for name, names in calls.items()}
        share = _time_share(networks[0], data)
    return {
        "cells": len(networks),
        "batch": BATCH,
        "image": list(data.image_shape),
        "matmul_gflops": round(roof, 1),
        "proxies": by_name,
        "time_share": share,
    }


def _measured(networks: Sequence[nn.Module], data: ImageData, names: list[str], roof: float) -> dict[str, float]:
    seconds, flops = [], []
    for network in networks:
        with FlopCounterMode(display=False) as counter:
            _run(network, data, names)
        flops.append(counter.get_total_flops())
        times = []
        for _ in range(REPEATS):
            began = time.process_time()
            _run(network, data, names)
            times.append(time.process_time() - began)
        seconds.append(min(times))
    rate = sum(flops) / sum(seconds) / 1e9
    return {
        "seconds": round(float(np.mean(seconds)), 4),
        "networks_per_second": round(1 / float(np.mean(seconds)), 3),
        "gflop": round(float(np.mean(flops)) / 1e9, 3),
        "gflops": round(rate, 2),
        "share_of_roof": round(rate / roof, 4),
    }


def _run(network: nn.Module, data: ImageData, names: list[str]) -> None:
    zero_cost(network, data.train_images[:BATCH], data.train_labels[:BATCH], names)


def _time_share(network: nn.Module, data: ImageData) -> dict[str, float]:
    """Shares of the operations' own time when all proxies are computed."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        _run(network, data, PROXIES.names())
    total, shares = 0.0, dict.fromkeys([*FAMILIES, "sums, ReLU, pooling, copies and the rest"], 0.0)
    rest = list(shares)[-1]
    for event in profiled.key_averages():
        family = next((name for name, words in FAMILIES.items() if any(word in event.key for word in words)), rest)
        shares[family] += event.self_cpu_time_total
        total += event.self_cpu_time_total
    return {name: round(value / total, 3) for name, value in shares.items()}
