"""Zero-cost proxies of the NAS-Bench-101 cells that the protocol of the FGP paper ranks.

The published networks would take hours to days on a few cores, so these are narrower and use smaller images. They have
all cells: three stacks of three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.data.benchmarks import load
from archflow.data.labelling import Results, finished, label_architectures
from archflow.data.proxy_job import PREFIX, NetworkProxies, proxy_columns
from archflow.data.shipped_proxies import shipped_proxies
from archflow.data.splits import pool
from archflow.errors import ArchflowError
from archflow.files import write_json
from archflow.graph import ArchitectureSet
from archflow.graph.arrow import to_columns
from archflow.graph.columns import write_columns
from archflow.networks.images import ImageData
from archflow.recipes.presets import PRESETS
from archflow_reproduce.protocol.protocol import measured_rows
from archflow_reproduce.studies.zero_cost import enlarged_digits

if TYPE_CHECKING:
    from archflow.progress import Progress

SPACE = "nasbench101"
BATCH = 32
SEED = 0
IMAGES = "digits, 16x16"


@dataclass(frozen=True)
class Part:
    """Proxies that are computed on networks of one width.

    Attributes:
        names: Names of the proxies.
        channels: Channels of the networks' stem.
    """

    names: Sequence[str]
    channels: int


def network_size(channels: int) -> dict[str, int]:
    """A network size of the published depth, as arguments of `archflow.spaces.NetworkSpace.build`."""
    return {"channels": channels, "cells_per_stage": 3, "stages": 3}


PARTS = (
    # jacov of narrow networks does not rank like that of full ones, and differs more between draws of weights than any
    # other proxy; 8 channels are better than 16: see `archflow bench widths`.
    Part(("jacov",), 8),
    Part(("synflow", "nwot", "zen", "snip", "l2_norm", "grad_norm"), 16),
)


def digits_16() -> ImageData:
    """The digits of `archflow label` as colour images of 16 x 16 pixels, every pixel twice as wide."""
    large = enlarged_digits()
    train, validation, test = (
        images[:, :, ::2, ::2].contiguous()
        for images in (large.train_images, large.validation_images, large.test_images)
    )
    labels = (large.train_labels, large.validation_labels, large.test_labels)
    return ImageData(IMAGES, large.classes, train, labels[0], validation, labels[1], test, labels[2])


def protocol_cells() -> ArchitectureSet:
    """The cells of both halves of the protocol in a random order, so that a prefix is a random sample.

    Raises:
        ArchflowError: If the table of NAS-Bench-101 is not on this machine.
    """
    table, preset = load(SPACE), PRESETS[SPACE]
    assert preset.train is not None
    assert preset.test is not None
    rows = measured_rows(table, SPACE, "val_acc_108")
    return table.architectures.select(rows[pool(len(rows), preset.train, preset.test)])


def left_of(part: Part, cells: ArchitectureSet) -> NDArray[np.int64]:
    """Rows of the cells for which the package does not yet contain all proxies of a part."""
    carried = shipped_proxies(cells)
    known = [np.isfinite(carried.get(PREFIX + name, np.full(len(cells), np.nan))) for name in part.names]
    return np.flatnonzero(~np.all(known, 0))


def compute_part(
    part: Part,
    cells: ArchitectureSet,
    folder: Path,
    seed: int = SEED,
    processes: int = 1,
    progress: Progress | None = None,
) -> Results:
    """Compute the proxies of one part for the cells of `left_of`, by row and seed.

    Results in the folder's journal are not computed again.

    Raises:
        ArchflowError: As for `label_architectures`.
    """
    left = left_of(part, cells)
    if len(left) == 0:
        return {}
    if progress is not None:
        progress.advance(len(cells) - len(left))
    return label_architectures(
        cells.select(left),
        NetworkProxies(SPACE, digits_16, tuple(part.names), BATCH, network_size(part.channels)),
        [seed],
        journal_of(folder, part, len(left), seed),
        configuration(part),
        processes=processes,
        progress=progress,
    )


def configuration(part: Part) -> dict[str, Any]:
    """Everything that determines the proxies of a part other than the cells and the seed, as plain JSON values."""
    return {
        "space": SPACE,
        "images": IMAGES,
        "batch": BATCH,
        "size": network_size(part.channels),
        "names": list(part.names),
    }


def journal_of(folder: Path, part: Part, cells: int, seed: int = SEED) -> Path:
    """Path of the journal of finished proxies for this number of cells."""
    return folder / f"{part.channels}-channels-seed-{seed}-{cells}-cells-{'-'.join(part.names)}.journal.jsonl"


def write_proxies(cells: ArchitectureSet, folder: Path, out: Path) -> dict[str, Any]:
    """Write the table of the proxies in the package and those computed so far, with its card; returns the card.

    The table has the cells that have any proxy, with float32 columns `zc_*`, empty where one is missing.

    Args:
        cells: The cells of `protocol_cells`.
        folder: Holds the parts' journals; the job may be running.
        out: The table, `NAME.proxies.parquet`.

    Raises:
        ArchflowError: If no part has a journal, or one belongs to other cells or settings.
    """
    import pyarrow as pa

    columns = dict(shipped_proxies(cells))
    begun = False
    for part in PARTS:
        left = left_of(part, cells)
        path = journal_of(folder, part, len(left))
        if not path.exists():
            continue
        begun = True
        results = finished(cells.select(left), [SEED], path, configuration(part))
        for name, values in proxy_columns(results, len(left), SEED, tuple(part.names)).items():
            column = columns.setdefault(name, np.full(len(cells), np.nan)).copy()
            column[left] = np.where(np.isfinite(values), values, column[left])
            columns[name] = column
    if not begun:
        raise ArchflowError(f"{folder}: no part has a journal there; run the job first")
    rows = np.flatnonzero(np.isfinite(list(columns.values())).any(axis=0))
    table = pa.table(to_columns(cells.select(rows)))
    for name, values in columns.items():
        kept = values[rows].astype(np.float32)
        table = table.append_column(name, pa.array(kept, mask=np.isnan(kept)))
    write_columns(out, table)
    card = {
        "command": "archflow bench ship-proxies",
        "cells": len(rows),
        "of": len(cells),
        "parts": [configuration(part) | {"seed": SEED} for part in PARTS if PREFIX + part.names[0] in columns],
        "missing": {name: int(np.isnan(values[rows]).sum()) for name, values in columns.items()},
    }
    write_json(out.with_suffix(".json"), card)
    return card
