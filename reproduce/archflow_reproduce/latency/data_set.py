"""The data set `cpu_latency`: from the journals of its passes to the table and the description in the package."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.devices.generated.family import Family
from archflow.devices.here import this_device
from archflow.errors import ArchflowError
from archflow.files import write_json
from archflow.graph.table import Table, read_table
from archflow.importers.model import table_of
from archflow.importers.torch_export import from_module
from archflow.predict.metrics import spearman
from archflow.progress import Progress
from archflow_reproduce.latency.measuring import COMPILED, EAGER, passes_of
from archflow_reproduce.latency.passes import RULES, SESSIONS, Passes, Setting, latency_of

COSTS = ("params", "macs", "bytes", "nodes", "resolution")
"""Columns of the imported networks that the data set keeps."""


def graphs_of(specs: Sequence[Family], folder: Path, progress: Progress) -> Table:
    """The networks as graphs with costs, in their order; kept in the folder.

    Args:
        specs: The networks.
        folder: Where the table is, or will be.
        progress: Advances with every network.
    """
    path = folder / f"graphs-{fingerprint([spec.native for spec in specs])}.parquet"
    if not path.exists():
        models = []
        for spec in specs:
            network, inputs = spec.build()
            models.append(from_module(network, inputs, name=spec.native))
            progress.advance(note=spec.family)
        folder.mkdir(parents=True, exist_ok=True)
        table_of(models).write(path)
    return read_table(path)


def latencies(passes: Passes, setting: Setting, rows: int) -> NDArray[np.float64]:
    """(sessions, rows) milliseconds of every session, NaN where a network was not measured or no two passes agree."""
    found = [[latency_of(passes.made(row, setting, session)) for row in range(rows)] for session in SESSIONS]
    return np.array(found, dtype=np.float64)


def write_data_set(specs: Sequence[Family], graphs: Table, folder: Path, path: Path) -> dict[str, Any]:
    """Write the table, and beside it a JSON that says how it was measured.

    A latency is the mean over the sessions; a network that only one session measured keeps what that says.

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
            sessions = latencies(passes, setting, len(specs))
            there = np.isfinite(sessions)
            if not there.any():
                continue
            mean = np.where(there, sessions, 0).sum(0) / np.maximum(there.sum(0), 1)
            columns[setting.column] = np.round(np.where(there.any(0), mean, np.nan), 4)
            settings[setting.column] = repeatability(sessions)
    if not settings:
        raise ArchflowError(f"{folder}: no network is measured; run the parts eager and compiled first")
    native = [spec.native for spec in specs]
    Table(graphs.architectures, columns, native).write(path)
    about = {"networks": len(specs), "settings": settings, "rules": asdict(RULES), **_machine()}
    write_json(path.with_suffix(".json"), about)
    return about


def repeatability(sessions: NDArray[np.float64]) -> dict[str, Any]:
    """How many networks have a latency, and how far the two sessions (2, rows) agree about those that both measured."""
    first, second = sessions[:, np.isfinite(sessions).all(0)]
    apart = np.abs(first - second) / np.minimum(first, second)
    found: dict[str, Any] = {"networks": int(np.isfinite(sessions).any(0).sum()), "in_both_sessions": len(first)}
    if len(first) > 2:
        quantiles = np.quantile(apart, [0.5, 0.9]).tolist()
        found |= {
            "spearman": round(spearman(first, second), 4),
            "median_difference": round(quantiles[0], 4),
            "difference_90": round(quantiles[1], 4),
        }
    return found


def _machine() -> Mapping[str, str]:
    import torch

    return {
        "device": this_device().words,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
