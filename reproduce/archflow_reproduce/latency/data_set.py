"""The data set `cpu_latency`: builds the package's table and description from the journals of the passes."""

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
from archflow.devices.generated import drawn, parsed
from archflow.devices.generated.family import Family
from archflow.devices.here import this_device
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table, read_table
from archflow.importers.model import ImportedModel, table_of
from archflow.importers.torch_export import from_module
from archflow.predict.metrics import spearman
from archflow.progress import Progress
from archflow_reproduce.latency.measuring import COMPILED, EAGER, passes_of
from archflow_reproduce.latency.passes import RULES, SESSIONS, Passes, Setting, latency_of

TOGETHER = 20
"""The number of networks whose graphs are kept in one file."""

FEWEST = 30
"""The fewest networks for which a setting gets a column."""

COSTS = ("params", "macs", "bytes", "nodes", "resolution")
"""Columns of the imported networks that the data set keeps."""


def networks_of(path: Path, count: int) -> tuple[list[Family], Table | None]:
    """The networks of an existing table with their graphs, if it has this many; otherwise a random draw.

    So a mode can be measured for the networks that another was measured for, whatever the generator draws today.
    """
    table = read_table(path) if path.is_file() else None
    if table is None or len(table) != count or table.native is None:
        return drawn(count), None
    return [parsed(native) for native in table.native], table


def graphs_of(specs: Sequence[Family], folder: Path, progress: Progress) -> Table:
    """Build the graphs of the networks with their costs, in order; the table is kept in the folder.

    Args:
        specs: The networks.
        folder: The folder of the table.
        progress: Advanced once per network.
    """
    pieces = [specs[first : first + TOGETHER] for first in range(0, len(specs), TOGETHER)]
    paths = [folder / f"graphs-{fingerprint([spec.native for spec in piece])}.parquet" for piece in pieces]
    for piece, path in zip(pieces, paths, strict=True):
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            table_of(graph_of(spec) for spec in piece).write(path)
        progress.advance(len(piece))
    tables = [read_table(path) for path in paths]
    vocabulary = Vocabulary.of(op for table in tables for op in table.architectures.vocabulary.ops)
    return Table(
        ArchitectureSet.concatenate([table.architectures.recoded(vocabulary) for table in tables]),
        {name: np.concatenate([table.metric(name) for table in tables]) for name in COSTS},
    )


def graph_of(spec: Family) -> ImportedModel:
    """Build the graph of one network."""
    with torch.device("meta"):  # weights are not allocated
        network, inputs = spec.network().eval(), spec.inputs()
    return from_module(network, inputs, name=spec.native)


def every_pass(passes: Passes, setting: Setting, rows: int) -> list[list[float]]:
    """The medians of all passes over every network, in chronological order."""
    return [[each for session in SESSIONS for each in passes.made(row, setting, session)] for row in range(rows)]


def latencies(medians: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Latencies (rows,) in milliseconds, NaN where a network was not measured or no two passes agree."""
    return np.array([latency_of(each) for each in medians], dtype=np.float64)


def repeatability(medians: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Agreement between the fastest odd and the fastest even passes, over networks with a latency."""
    counted = [each for each in medians if latency_of(each) is not None]
    first = np.array([min(each[::2]) for each in counted])
    second = np.array([min(each[1::2]) for each in counted])
    half, most = np.quantile(np.abs(first - second) / np.minimum(first, second), [0.5, 0.9]).tolist()
    figures = {"spearman": spearman(first, second), "median_difference": half, "difference_90": most}
    passes = float(np.mean([len(each) for each in counted]))
    return {"networks": len(counted), "passes": round(passes, 2), **{k: round(v, 4) for k, v in figures.items()}}


def write_data_set(specs: Sequence[Family], graphs: Table, folder: Path, path: Path) -> dict[str, Any]:
    """Write the table, and beside it a JSON file that describes how it was measured.

    Settings that were not measured in this folder stay as they are in an existing table of the same networks: each mode
    can be measured in a folder of its own.

    Args:
        specs: The networks.
        graphs: Their graphs from `graphs_of`; with fewer rows, the table has only the first networks.
        folder: The folder of the jobs' journals.
        path: The path of the table.

    Returns:
        The content of the JSON file.

    Raises:
        ArchflowError: If no setting has been measured for enough networks, or the existing table was measured by other
            rules or versions, or on another device.
    """
    columns: dict[str, NDArray[np.float64]] = {name: graphs.metric(name) for name in COSTS}
    native = [spec.native for spec in specs[: len(graphs)]]
    settings, kept = _kept(path, native)
    columns |= kept
    for mode, own in (("eager", EAGER), ("compiled", COMPILED)):
        passes = passes_of(folder, mode, specs)
        for setting in own:
            medians = every_pass(passes, setting, len(graphs))
            found = latencies(medians)
            if np.isfinite(found).sum() >= FEWEST:
                columns[setting.column] = np.round(found, 4)
                settings[setting.column] = repeatability(medians)
    if not settings:
        raise ArchflowError(
            f"{folder}: fewer than {FEWEST} networks are measured; run the parts eager and compiled first"
        )
    settings = {column: settings[column] for column in columns if column in settings}
    Table(graphs.architectures, columns, native).write(path)
    about = {"networks": len(graphs), "settings": settings, "rules": asdict(RULES), **_machine()}
    write_json(path.with_suffix(".json"), about)
    return about


def _kept(path: Path, native: Sequence[str]) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    """The descriptions and columns of settings in an existing table of these networks; empty without such a table.

    Raises:
        ArchflowError: If they were measured otherwise than now.
    """
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        return {}, {}
    about, table = read_json(path.with_suffix(".json")), read_table(path)
    if list(table.native or ()) != list(native):
        return {}, {}
    for name, value in {"rules": asdict(RULES), **_machine()}.items():
        if about.get(name) != value:
            raise ArchflowError(
                f"{path}: was measured with {name} {about.get(name)}, not {value}; write to another file with --out"
            )
    settings = dict(about["settings"])
    return settings, {column: table.metric(column) for column in settings}


def _machine() -> Mapping[str, str]:
    return {
        "device": this_device().words,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
