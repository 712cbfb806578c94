"""Do zero-cost proxies of narrow networks on small images rank NAS-Bench-101 cells like those of full width?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.data.labelling import finished, label_architectures
from archflow.data.proxy_job import PREFIX, NetworkProxies, proxy_columns
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.studies.cell_proxies import BATCH, PARTS, SPACE, digits_16, network_size, protocol_cells
from archflow_reproduce.studies.zero_cost import compared, enlarged_digits

if TYPE_CHECKING:
    from archflow.graph import ArchitectureSet
    from archflow.progress import Progress

FULL = 128
"""Channels of the published networks' stem."""

NAMES = tuple(name for part in PARTS for name in part.names)
IMAGES = {16: digits_16, 32: enlarged_digits}
"""Images by height and width in pixels."""

SEEDS = (0, 1)
"""Seeds of the weights: differences between two seeds are not a property of the cells."""

Column = NDArray[np.float64]


def run_widths(
    count: int,
    folder: Path,
    widths: tuple[int, ...] = (8, 16, 32),
    full: int = FULL,
    processes: int = 1,
    progress: Progress | None = None,
    *,
    collect: bool = False,
) -> dict[str, Any]:
    """Compare `count` of the protocol's cells, drawn at random; a smaller sample is a prefix of a larger one.

    Every proxy is computed at each width and at the full one, with two seeds, on images of 16 pixels; at the narrow
    widths of the package's columns, also on images of 32 pixels.

    Args:
        count: Number of cells.
        folder: Where unfinished work is stored.
        widths: Channels of the narrow networks' stem.
        full: Channels of the networks to compare with.
        processes: Number of parallel processes.
        progress: Progress bar.
        collect: Compute nothing: compare what is finished, even while another process is working on it.

    Raises:
        ArchflowError: If the table of NAS-Bench-101 is not on this machine, or a job fails as in `label_architectures`.
    """
    cells = protocol_cells()
    cells = cells.select(np.arange(min(count, len(cells))))

    def columns(channels: int, pixels: int, seed: int) -> Mapping[str, Column]:
        return _columns(cells, channels, pixels, seed, folder, None if collect else processes, progress)

    enlarged = {width: columns(width, 32, 0) for width in shipped_widths() if width in widths}
    small = {(width, seed): columns(width, 16, seed) for seed in SEEDS for width in (*widths, full)}
    return {
        "data_hash": fingerprint(cells.hashes),
        "cells": len(cells),
        "batch": BATCH,
        "full": full,
        "shipped": {name: part.channels for part in PARTS for name in part.names},
        "agreement": {
            name: {
                str(width): {
                    "full": compared(small[width, 0][name], small[full, 0][name]) if width != full else None,
                    "seeds": compared(small[width, 0][name], small[width, 1][name]),
                    "enlarged": compared(small[width, 0][name], enlarged[width][name]) if width in enlarged else None,
                }
                for width in (*widths, full)
            }
            for name in NAMES
        },
        "config": {"count": count, "widths": list(widths), "full": full, "batch": BATCH, "seeds": list(SEEDS)},
        "machine": machine(),
    }


def steps(count: int, widths: tuple[int, ...] = (8, 16, 32)) -> int:
    """The number of networks that `run_widths` evaluates."""
    return count * (len(SEEDS) * (len(widths) + 1) + sum(width in widths for width in shipped_widths()))


def shipped_widths() -> list[int]:
    """Widths of the networks whose proxies the package contains."""
    return sorted({part.channels for part in PARTS})


def _columns(
    cells: ArchitectureSet,
    channels: int,
    pixels: int,
    seed: int,
    folder: Path,
    processes: int | None,
    progress: Progress | None,
) -> Mapping[str, Column]:
    """(N,) values by proxy. With processes = None only finished values are collected, NaN for the rest."""
    size = network_size(channels)
    journal = folder / f"{channels}-channels-{pixels}-pixels-seed-{seed}-{len(cells)}.journal.jsonl"
    configuration = {"space": SPACE, "images": f"digits, {pixels}x{pixels}", "batch": BATCH, "size": size}
    configuration |= {"names": list(NAMES)}
    if processes is None:
        results = finished(cells, [seed], journal, configuration) if journal.exists() else {}
    else:
        evaluate = NetworkProxies(SPACE, IMAGES[pixels], NAMES, BATCH, size)
        results = label_architectures(
            cells, evaluate, [seed], journal, configuration, processes=processes, progress=progress
        )
    columns = proxy_columns(results, len(cells), seed, NAMES)
    return {name: columns[PREFIX + name] for name in NAMES}
