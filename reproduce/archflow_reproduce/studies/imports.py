"""What importing real models takes: whole tables of graphs that others traced, and networks of any size."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow_reproduce.speed.machine import machine, peak_gib

if TYPE_CHECKING:
    from archflow.importers.model import ImportedModel
    from archflow.progress import Progress

TABLES = (
    "graphnet_transformers_0of2",
    "graphnet_transformers_1of2",
    "graphnet_other",
    "graphnet_paddlex",
    "neusight_graphs",
    "ncnn_graphs",
)
"""Files of the data folder."""

NODES = (500, 1_500, 5_000)
"""About as many has each of the networks in torch."""

_TOGETHER = 32
"""Rows that are Python objects at a time."""


def run_imports(folder: Path, data: Path, tables: Sequence[str] = TABLES, progress: Progress | None = None) -> dict:
    """Import every row of tables, and networks in torch on the meta device, one after the other on one thread.

    Every table and network has a process of its own, whose peak memory is its. Seconds are those of the processor, so
    that other work on the machine does not count. What is finished is kept; the same call resumes.

    Args:
        folder: Where finished parts are kept.
        data: The folder that holds the tables.
        tables: Names of its files, without the ending.
        progress: Advanced by one with every part.

    Returns:
        `tables`: by name what `import_table` gives, and `sha256` of the file; `networks`: by name and number of nodes
        what `import_network` gives; `config` and `machine` for a record.

    Raises:
        ArchflowError: A table is not there.
    """
    paths = {name: data / f"{name}.parquet" for name in tables}
    for path in paths.values():
        if not path.is_file():
            raise ArchflowError(f"{path}: is missing; name a folder that has it in ARCHFLOW_DATA, or give --tables")
    found: dict[str, Any] = {"tables": {}, "networks": {}}
    for name, path in paths.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        found["tables"][name] = _kept(folder / f"{name}-{digest}.json", import_table, path) | {"sha256": digest}
        if progress is not None:
            progress.advance(1, name)
    for kind in networks():
        found["networks"][kind] = {
            str(nodes): _kept(folder / f"{kind}-{nodes}.json", import_network, kind, nodes) for nodes in NODES
        }
        if progress is not None:
            progress.advance(1, kind)
    return found | {"config": {"tables": list(tables), "nodes": list(NODES)}, "machine": machine()}


def networks() -> list[str]:
    """Names of the networks in torch."""
    from archflow_reproduce.studies.large_networks import NETWORKS

    return list(NETWORKS)


def import_table(path: Path) -> dict[str, Any]:
    """Import all rows of a table.

    Returns:
        `rows`, `imported`; `failed`: why the others were not, each with its number of rows; `opaque`: nodes by
        operation that the vocabulary lacks, the most frequent first; `with_opaque`: models that have such; `nodes` and
        `seconds` of a model, each {"median", "most", "total"}; `peak_gib` of the process, `before_gib` of it before.
    """
    from archflow.graph.columns import read_columns
    from archflow.importers.base import IMPORTERS, Source
    from archflow.importers.foreign_tables import TableImporter

    source = Source(str(path))
    parts = [IMPORTERS.get(name)() for name in IMPORTERS.names()]
    importer = next((each for each in parts if isinstance(each, TableImporter) and each.accepts(source)), None)
    if importer is None:
        raise ArchflowError(f"{path}: is no table of graphs that others traced")
    before, table = peak_gib(), read_columns(path)
    nodes, seconds, opaque, failed, with_opaque = [], [], Counter[str](), Counter[str](), 0
    for first in range(0, table.num_rows, _TOGETHER):
        for row in table.slice(first, _TOGETHER).to_pylist():
            began = time.process_time()
            try:
                model = importer.model(row)
            except Exception as error:  # whatever a row leads to is counted, and is no reason to stop
                failed[f"{type(error).__name__}: {error}".splitlines()[0][:120]] += 1
                continue
            seconds.append(time.process_time() - began)
            nodes.append(len(model.architecture.ops))
            opaque.update(model.opaque)
            with_opaque += bool(model.opaque)
    return {
        "rows": table.num_rows,
        "imported": len(nodes),
        "failed": dict(failed),
        "opaque": dict(opaque.most_common()),
        "with_opaque": with_opaque,
        "nodes": _spread(nodes),
        "seconds": _spread(seconds, 4),
        "before_gib": round(before, 2),
        "peak_gib": round(peak_gib(), 2),
    }


def import_network(kind: str, nodes: int) -> dict[str, Any]:
    """Import a network of about so many nodes.

    Returns:
        `nodes`, `params`; `seconds`; `weights_gib`: what its weights would take; `before_gib`, `peak_gib`: memory of
        the process before and at most.
    """
    model, seconds, before = _imported(kind, nodes)
    params = int(model.columns["params"])
    return {
        "nodes": len(model.architecture.ops),
        "params": params,
        "seconds": round(seconds, 3),
        "weights_gib": round(4 * params / 2**30, 2),
        "before_gib": round(before, 2),
        "peak_gib": round(peak_gib(), 2),
    }


def _imported(kind: str, nodes: int) -> tuple[ImportedModel, float, float]:
    """A network, the seconds that it took, and the memory before. One block was imported before, as what torch sets up
    at its first export is of no network."""
    import torch

    from archflow.importers.torch_export import from_module
    from archflow_reproduce.studies.large_networks import NETWORKS

    build, inputs, of_block = NETWORKS[kind]
    with torch.device("meta"):
        small, network = build(1), build(max(1, nodes // of_block))
    from_module(small, inputs())
    before, began = peak_gib(), time.process_time()
    model = from_module(network, inputs(), name=kind)
    return model, time.process_time() - began, before


def _spread(values: Sequence[float], digits: int | None = None) -> dict[str, float]:
    """Median, largest and sum; zeros of nothing."""
    array = np.array(values or [0])
    found = {"median": float(np.median(array)), "most": float(array.max()), "total": float(array.sum())}
    return {name: round(value, digits) for name, value in found.items()}


def _kept(path: Path, measure: Any, *arguments: Any) -> dict[str, Any]:
    """What a file keeps of a part, or the part measured in a process of its own."""
    if path.is_file():
        return read_json(path)
    with multiprocessing.get_context("spawn").Pool(1, _one_thread) as pool:
        result = pool.apply(measure, arguments)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, result)
    return result


def _one_thread() -> None:
    import torch

    from archflow.workers import begin_worker

    begin_worker()
    torch.set_num_threads(1)
