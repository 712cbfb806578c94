"""Networks per second and core, proxy by proxy, compared with the machine's rate of matrix products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from archflow.data.trained_accuracy import alone_on_a_core
from archflow.graph import ArchitectureSet
from archflow.networks.images import ImageData
from archflow.networks.zero_cost import PROXIES, zero_cost
from archflow.spaces import NASBench201
from archflow_reproduce.speed.timing import Roof, timed

REPEATS = 3

LabelledImages = tuple[Tensor, Tensor]

FAMILIES = {
    "convolutions and matrix products": ("convolution", "::mm", "::addmm", "::bmm"),
    "batch normalisation": ("batch_norm", "BatchNormBackward", "::var"),
}
"""Groups of torch's operations, by words in their names."""


def zero_cost_speed(cells: ArchitectureSet, size: Mapping[str, int], data: ImageData, batch: int) -> dict[str, Any]:
    """Mean times over cells of NAS-Bench-201, with the first images of the data as the batch.

    The fastest of `REPEATS` passes on one thread. For every proxy alone, and for `all` in one call: seconds per
    network, networks per second, the floating-point operations of convolutions and matrix products, their rate, and its
    ratio to the rate of matrix products (`Roof`). `time_share` breaks down the time of `all`.
    """
    space = NASBench201()
    images = (data.train_images[:batch], data.train_labels[:batch])
    networks = [space.build(cell, **size, classes=data.classes, image_channels=data.image_shape[0]) for cell in cells]
    calls: dict[str, list[str]] = {name: [name] for name in PROXIES.names()} | {"all": PROXIES.names()}
    with alone_on_a_core():
        roof = Roof((1024, 1024, 1024), large=1024)
        measured = {name: _measured(networks, images, names, roof) for name, names in calls.items()}
        share = _time_share(networks[0], images)
    by_name = {
        name: {**facts, "share_of_roof": round(facts["gflops"] / roof.gflops, 4)} for name, facts in measured.items()
    }
    return {
        "cells": len(networks),
        "batch": batch,
        "image": list(data.image_shape),
        "matmul_gflops": round(roof.gflops, 1),
        "proxies": by_name,
        "time_share": share,
    }


class _ProductFlops(TorchDispatchMode):
    """Counts floating-point operations of convolutions and matrix products, by torch's formulas.

    Torch's own counter also tracks modules, which fails for gradients with respect to selected tensors.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        count = flop_registry.get(func.overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=output)
        return output


def _measured(networks: Sequence[nn.Module], batch: LabelledImages, names: list[str], roof: Roof) -> dict[str, float]:
    seconds, flops = [], []
    for network in networks:
        with _ProductFlops() as counter:
            zero_cost(network, *batch, names)
        flops.append(counter.total)
        seconds.append(timed(lambda network=network: zero_cost(network, *batch, names), REPEATS).fastest)
        roof.sample()
    rate = sum(flops) / sum(seconds) / 1e9
    return {
        "seconds": round(float(np.mean(seconds)), 4),
        "networks_per_second": round(1 / float(np.mean(seconds)), 3),
        "gflop": round(float(np.mean(flops)) / 1e9, 3),
        "gflops": round(rate, 2),
    }


def _time_share(network: nn.Module, batch: LabelledImages) -> dict[str, float]:
    """Fractions of the operations' own time when all proxies are computed."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        zero_cost(network, *batch)
    total, shares = 0.0, dict.fromkeys([*FAMILIES, "sums, ReLU, pooling, copies and the rest"], 0.0)
    rest = list(shares)[-1]
    for event in profiled.key_averages():
        family = next((name for name, words in FAMILIES.items() if any(word in event.key for word in words)), rest)
        shares[family] += event.self_cpu_time_total
        total += event.self_cpu_time_total
    return {name: round(value / total, 3) for name, value in shares.items()}
