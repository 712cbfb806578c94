"""Zero-cost proxies compared with published values on NAS-Bench-201, and their speed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr
from torch import Tensor, nn

from archflow.checkpoint import fingerprint
from archflow.data.benchmarks import FOLDER_VARIABLE
from archflow.data.labelling import label_architectures
from archflow.data.proxy_job import PREFIX, NetworkProxies, proxy_columns
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.columns import read_columns
from archflow.networks.images import ImageData, digits
from archflow.networks.zero_cost import PROXIES
from archflow.spaces import NASBench201
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.speed.zero_cost import zero_cost_speed

if TYPE_CHECKING:
    from archflow.progress import Progress

SIZE = {"channels": 16, "cells_per_stage": 5, "stages": 3}
"""The published network, for which the reference values were computed."""

BATCH = 32
"""Images per batch, as in the reference: its jacov is near -32, the value for uncorrelated gradients of 32 images."""

SEED = 0
FAILED = -1e8
"""The reference's placeholder for a value that could not be computed."""

Column = NDArray[np.float64]


def enlarged_digits() -> ImageData:
    """The digits of `archflow label` as colour images of 32 x 32 pixels, every pixel four times as wide."""
    small = digits()
    parts = (small.train_images, small.validation_images, small.test_images)
    train, validation, test = (p.repeat_interleave(4, 2).repeat_interleave(4, 3).expand(-1, 3, -1, -1) for p in parts)
    labels = (small.train_labels, small.validation_labels, small.test_labels)
    return ImageData("digits, 32x32", small.classes, train, labels[0], validation, labels[1], test, labels[2])


def noise() -> ImageData:
    """Standard normal colour images of 32 x 32 pixels with labels 0..9 in turn."""
    images = torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(SEED))
    labels = torch.arange(64) % 10
    return ImageData("noise, 32x32", 10, images, labels, images, labels, images, labels)


IMAGES: Mapping[str, Callable[[], ImageData]] = {"digits": enlarged_digits, "noise": noise}


def run_zero_cost(
    count: int,
    images: str,
    folder: Path,
    processes: int,
    speed_cells: int,
    progress: Progress | None = None,
    speed_batch: int = 64,
) -> dict[str, Any]:
    """Compare `count` of the 1,104 reference cells, drawn at random; a smaller sample is a prefix of a larger one.

    Args:
        count: Number of cells.
        images: Kind of images.
        folder: Where the journal of unfinished work is stored.
        processes: Number of parallel processes.
        speed_cells: Number of cells on which to time every proxy.
        progress: Progress bar.
        speed_batch: Batch size of the timing.

    Raises:
        ArchflowError: If there is no data folder, the kind of images is unknown, or a job fails as in
            `label_architectures`.
    """
    if images not in IMAGES:
        raise ArchflowError(f"no images are called {images!r}; there are: {', '.join(IMAGES)}")
    native, published = _published()
    rows = np.random.default_rng(SEED).permutation(len(native))[:count]
    published = {name: values[rows] for name, values in published.items()}
    space = NASBench201()
    architectures = ArchitectureSet.from_architectures([space.parse(native[row]) for row in rows], space.vocabulary)
    names = tuple(PROXIES.names())
    results = label_architectures(
        architectures,
        NetworkProxies(space.name, IMAGES[images], names, BATCH, SIZE),
        [SEED],
        folder / f"zero-cost-{images}-{len(rows)}.journal.jsonl",
        {"space": space.name, "images": images, "batch": BATCH, "size": SIZE, "names": list(names)},
        processes=processes,
        progress=progress,
    )
    columns = proxy_columns(results, len(rows), SEED, names)
    ours = {name: columns[PREFIX + name] for name in names}
    accuracy = published.pop("accuracy")
    return {
        "data_hash": fingerprint(architectures.hashes, accuracy),
        "cells": len(rows),
        "images": images,
        "batch": BATCH,
        "network": SIZE,
        "reference": {
            column: compared(ours[column.removeprefix(PREFIX)], values) for column, values in published.items()
        },
        "accuracy": {
            name: {"spearman": compared(values, accuracy)["spearman"], "missing": int(np.isnan(values).sum())}
            for name, values in ours.items()
        },
        "equal": {
            "params": bool(np.array_equal(ours["params"], np.round(published["params"] * 1e6))),
            "flops_with_elementwise": _elementwise_flops_equal(architectures, published["flops"]),
        },
        "speed": zero_cost_speed(
            architectures.select(np.arange(min(speed_cells, len(rows)))), SIZE, noise(), speed_batch
        ),
        "config": {
            **{"count": count, "images": images, "speed_cells": speed_cells, "speed_batch": speed_batch},
            **{"batch": BATCH, "network": SIZE, "seed": SEED},
        },
        "machine": machine(),
    }


def compared(ours: Column, theirs: Column) -> dict[str, Any]:
    """Rank correlations over the rows (N,) that both have; None if one of them is constant or has under 3 values."""
    both = np.isfinite(ours) & np.isfinite(theirs)
    facts = {
        "cells": int(both.sum()),
        "missing": int(np.isnan(ours).sum()),
        "missing_there": int(np.isnan(theirs).sum()),
    }
    a, b = ours[both], theirs[both]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return {"spearman": None, "kendall": None, **facts}
    return {
        "spearman": round(float(spearmanr(a, b)[0]), 4),  # pyright: ignore[reportArgumentType]
        "kendall": round(float(kendalltau(a, b)[0]), 4),  # pyright: ignore[reportArgumentType]
        **facts,
    }


def count_elementwise(network: nn.Module, image_shape: tuple[int, int, int]) -> int:
    """The part of the reference's FLOPs that is not multiply-adds, for one image.

    Per element two for a batch normalisation and one for a ReLU; the window size for every output of a pooling; (h +
    1)(w + 1) per channel for the global pooling of h x w. This is how tensorwatch counts, which NAS-Bench-Suite-Zero
    used.
    """
    total = 0

    def add(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.BatchNorm2d):
            total += 2 * output.numel()
        elif isinstance(module, nn.ReLU):
            total += output.numel()
        elif isinstance(module, nn.AvgPool2d):
            total += output.numel() * int(module.kernel_size) ** 2  # pyright: ignore[reportArgumentType]
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            channels, height, width = inputs[0].shape[1:]
            total += channels * (height + 1) * (width + 1)

    hooks = [module.register_forward_hook(add) for module in network.modules()]
    with torch.no_grad():
        network.eval()(torch.zeros(1, *image_shape))
    for hook in hooks:
        hook.remove()
    return total


def _elementwise_flops_equal(architectures: ArchitectureSet, millions: Column) -> bool:
    space = NASBench201()
    extra = [count_elementwise(space.build(architecture), (3, 32, 32)) for architecture in architectures]
    flops = space.costs(architectures)["flops"] + np.array(extra)
    return bool(np.array_equal(flops, np.round(millions * 1e6)))


def _published() -> tuple[list[str], dict[str, Column]]:
    """Native strings (N,) of the reference cells, and columns by name.

    The columns are the reference's proxies, the proxies `zc_jacov` and `zc_zen` of the table of NAS-Bench-201, and
    `accuracy` on the test images of CIFAR-10.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        raise ArchflowError(f"no reference values: set {FOLDER_VARIABLE} to the folder with the benchmark tables")
    reference = read_columns(Path(folder) / "nasbench201_zero_cost_reference.parquet")
    table = read_columns(Path(folder) / "nasbench201.parquet")
    native = reference["native"].to_pylist()
    place = {text: row for row, text in enumerate(table["native"].to_pylist())}
    rows = np.array([place[text] for text in native])
    names = [name for name in reference.column_names if name in PROXIES.names()]
    columns = {name: _numbers(reference[name]) for name in names}
    columns |= {name: _numbers(table[name])[rows] for name in ("zc_jacov", "zc_zen")}
    return native, {**columns, "accuracy": _numbers(table["cifar10_test_acc"])[rows]}


def _numbers(column: Any) -> Column:
    values = column.to_numpy().astype(np.float64)
    return np.where(values == FAILED, np.nan, values)
