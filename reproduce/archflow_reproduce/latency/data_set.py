"""The data set `cpu_latency`: from the journals of its passes to the table and the description in the package."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.devices.generated.family import Family
from archflow.devices.here import this_device
from archflow.errors import ArchflowError
from archflow.files import write_json
from archflow.graph.table import Table, read_table
from archflow.importers.model import ImportedModel, table_of
from archflow.importers.torch_export import from_module
from archflow.predict.metrics import spearman
from archflow.progress import Progress
from archflow_reproduce.latency.measuring import COMPILED, EAGER, passes_of
from archflow_reproduce.latency.passes import CHECK, MEASURING, RULES, SESSIONS, Passes, Setting, latency_of

TOGETHER = 20
"""Networks whose graphs are kept in one file."""

LEAST = 5
"""Networks that say how far a check agrees."""

COSTS = ("params", "macs", "bytes", "nodes", "resolution")
"""Columns of the imported networks that the data set keeps."""


def graphs_of(specs: Sequence[Family], folder: Path, progress: Progress) -> Table:
    """The networks as graphs with costs, in their order; kept in the folder.

    Args:
        specs: The networks.
        folder: Where the table is, or will be.
        progress: Advances with every network.
    """
    pieces = [specs[first : first + TOGETHER] for first in range(0, len(specs), TOGETHER)]
    paths = [folder / f"graphs-{fingerprint([spec.native for spec in piece])}.parquet" for piece in pieces]
    for piece, path in zip(pieces, paths, strict=True):
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            table_of(graph_of(spec) for spec in piece).write(path)
        progress.advance(len(piece))
    whole, *others = (read_table(path) for path in paths)
    for other in others:
        whole = whole.followed_by(other)
    return whole


def graph_of(spec: Family) -> ImportedModel:
    """The graph of one network."""
    with torch.device("meta"):  # no weight is made
        network, inputs = spec.network().eval(), spec.inputs()
    return from_module(network, inputs, name=spec.native)


def latencies(passes: Passes, setting: Setting, rows: int) -> NDArray[np.float64]:
    """(rows,) milliseconds from all passes, NaN where a network was not measured or no two passes agree."""
    every = ([each for session in SESSIONS for each in passes.made(row, setting, session)] for row in range(rows))
    return np.array([latency_of(medians) for medians in every], dtype=np.float64)


def repeatability(passes: Passes, setting: Setting, rows: int) -> dict[str, Any]:
    """How the check compares with what was measured before it, over the networks that have both."""
    pairs = [
        (latency, check[0])
        for row in range(rows)
        if (check := passes.made(row, setting, CHECK))
        and (latency := latency_of(passes.made(row, setting, MEASURING))) is not None
    ]
    if len(pairs) < LEAST:
        return {"checked": len(pairs)}
    before, after = np.array(pairs).T
    half, most = np.quantile(np.abs(after / before - 1), [0.5, 0.9]).tolist()
    ranks = spearman(before, after)
    figures = {"spearman": ranks, "median_difference": half, "difference_90": most}
    return {"checked": len(pairs), **{name: round(value, 4) for name, value in figures.items()}}


def write_data_set(specs: Sequence[Family], graphs: Table, folder: Path, path: Path) -> dict[str, Any]:
    """Write the table, and beside it a JSON that says how it was measured.

    Args:
        specs: The networks.
        graphs: Their graphs, as `graphs_of` gives them.
        folder: Holds the journals of the jobs.
        path: The table.

    Returns:
        What is in the JSON.

    Raises:
        ArchflowError: Nothing has been measured.
    """
    columns: dict[str, NDArray[np.float64]] = {name: graphs.metric(name) for name in COSTS}
    settings: dict[str, Any] = {}
    for mode, own in (("eager", EAGER), ("compiled", COMPILED)):
        passes = passes_of(folder, mode, specs)
        for setting in own:
            found = latencies(passes, setting, len(specs))
            if np.isfinite(found).any():
                columns[setting.column] = np.round(found, 4)
                measured = {"networks": int(np.isfinite(found).sum())}
                settings[setting.column] = measured | repeatability(passes, setting, len(specs))
    if not settings:
        raise ArchflowError(f"{folder}: no network is measured; run the parts eager and compiled first")
    native = [spec.native for spec in specs]
    Table(graphs.architectures, columns, native).write(path)
    about = {"networks": len(specs), "settings": settings, "rules": asdict(RULES), **_machine()}
    write_json(path.with_suffix(".json"), about)
    return about


def _machine() -> Mapping[str, str]:
    return {
        "device": this_device().words,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
