"""What importing real models takes: whole tables of graphs that others traced, and networks of any size."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
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

NODES = (500,)
"""About as many has each of the networks in torch."""

_PASSES = 3
"""Times that a network is imported: the fastest is the one that other work disturbed least."""

_PIECE = 64
"""Rows that are kept together once they are imported."""


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
        `tables`: by name what `_table` gives, and `sha256` of the file; `networks`: by name and number of nodes
        what `import_network` gives; `config` and `machine` for a record.

    Raises:
        ArchflowError: If a table is not there.
    """
    paths = {name: data / f"{name}.parquet" for name in tables}
    for path in paths.values():
        if not path.is_file():
            raise ArchflowError(f"{path}: is missing; name a folder that has it in ARCHFLOW_DATA, or give --tables")
    found: dict[str, Any] = {"tables": {}, "networks": {}}
    for name, path in paths.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        found["tables"][name] = _table(folder, path, digest) | {"sha256": digest}
        if progress is not None:
            progress.advance(1, name)
    for kind in networks():
        found["networks"][kind] = {}
        for nodes in NODES:
            with _process() as run:
                kept = _kept(folder / f"{kind}-{nodes}.json", run, import_network, kind, nodes)
            found["networks"][kind][str(nodes)] = kept
        if progress is not None:
            progress.advance(1, kind)
    return found | {"config": {"tables": list(tables), "nodes": list(NODES)}, "machine": machine()}


def networks() -> list[str]:
    """Names of the networks in torch."""
    from archflow_reproduce.studies.large_networks import NETWORKS

    return list(NETWORKS)


def _table(folder: Path, path: Path, digest: str) -> dict[str, Any]:
    """Import all rows of a table in a process of its own.

    Returns:
        `rows`, `imported`; `failed`: why the others were not, each with its number of rows; `opaque`: nodes by
        operation that the vocabulary lacks, the most frequent first; `with_opaque`: models that have such; `nodes` and
        `seconds` of a model, each {"median", "most", "total"}; `peak_gib` of the process.
    """
    import pyarrow.parquet

    rows = pyarrow.parquet.read_metadata(path).num_rows
    with _process() as run:
        pieces = [
            _kept(folder / f"{path.stem}-{digest}-{first}.json", run, import_rows, path, first, _PIECE)
            for first in range(0, rows, _PIECE)
        ]
    nodes, seconds = ([each for piece in pieces for each in piece[name]] for name in ("nodes", "seconds"))
    opaque, failed = (sum((Counter(piece[name]) for piece in pieces), Counter()) for name in ("opaque", "failed"))
    return {
        "rows": rows,
        "imported": len(nodes),
        "failed": dict(failed),
        "opaque": dict(opaque.most_common()),
        "with_opaque": sum(piece["with_opaque"] for piece in pieces),
        "nodes": _spread(nodes),
        "seconds": _spread(seconds, 4),
        "peak_gib": max(piece["peak_gib"] for piece in pieces),
    }


def import_rows(path: Path, first: int, count: int) -> dict[str, Any]:
    """Import some rows of a table.

    Returns:
        For each model `nodes` and `seconds`; `opaque`, `failed`, `with_opaque` and `peak_gib` as of a table.
    """
    from archflow.graph.columns import read_columns
    from archflow.importers.base import Source, importer_of
    from archflow.importers.foreign_tables import TableImporter

    importer = importer_of(Source(str(path)))
    if not isinstance(importer, TableImporter):
        raise ArchflowError(f"{path}: not a table of graphs that others traced")
    nodes, seconds, opaque, failed, with_opaque = [], [], Counter[str](), Counter[str](), 0
    for row in read_columns(path).slice(first, count).to_pylist():
        began = time.process_time()
        try:
            model = importer.model(row)
        except Exception as error:  # whatever a row leads to is counted, and is no reason to stop
            failed[f"{type(error).__name__}: {error}".splitlines()[0][:120]] += 1
            continue
        seconds.append(round(time.process_time() - began, 4))
        nodes.append(len(model.architecture.ops))
        opaque.update(model.opaque)
        with_opaque += bool(model.opaque)
    found = {"nodes": nodes, "seconds": seconds, "opaque": dict(opaque), "failed": dict(failed)}
    return {**found, "with_opaque": with_opaque, "peak_gib": round(peak_gib(), 2)}


def import_network(kind: str, nodes: int) -> dict[str, Any]:
    """Import a network of about so many nodes.

    Returns:
        `nodes`, `params`; `seconds`; `weights_gib`: what its weights would take; `before_gib`, `peak_gib`: memory of
        the process before and at most; `export_seconds`: what `torch.export` alone takes, for comparison.
    """
    model, seconds, before = _imported(kind, nodes)
    peak = peak_gib()
    params = int(model.columns["params"])
    return {
        "nodes": len(model.architecture.ops),
        "params": params,
        "seconds": round(seconds, 3),
        "weights_gib": round(4 * params / 2**30, 2),
        "before_gib": round(before, 2),
        "peak_gib": round(peak, 2),
        "export_seconds": round(_exported(kind, nodes), 3),
    }


def _imported(kind: str, nodes: int) -> tuple[ImportedModel, float, float]:
    """A network, the least seconds that its import took, and the memory before.

    One block is imported first, because what torch sets up at its first export does not belong to the network.
    """
    import torch

    from archflow.importers.torch_export import from_module
    from archflow_reproduce.studies.large_networks import NETWORKS

    build, inputs, of_block = NETWORKS[kind]
    with torch.device("meta"):
        small, network = build(1), build(max(1, nodes // of_block))
    from_module(small, inputs())
    before, began = peak_gib(), time.process_time()
    model = from_module(network, inputs(), name=kind)
    seconds = time.process_time() - began
    for _ in range(_PASSES - 1):
        began = time.process_time()
        from_module(network, inputs())
        seconds = min(seconds, time.process_time() - began)
    return model, seconds, before


def _exported(kind: str, nodes: int) -> float:
    """The least seconds that `torch.export` took for a network on the meta device; the first export does not count."""
    import torch

    from archflow_reproduce.studies.large_networks import NETWORKS

    build, inputs, of_block = NETWORKS[kind]
    with torch.device("meta"):
        small, network = build(1).eval(), build(max(1, nodes // of_block)).eval()
    seconds = []
    with torch.no_grad():
        torch.export.export(small, inputs(), strict=False)
        for _ in range(_PASSES):
            began = time.process_time()
            torch.export.export(network, inputs(), strict=False)
            seconds.append(time.process_time() - began)
    return min(seconds)


def _spread(values: Sequence[float], digits: int | None = None) -> dict[str, float]:
    """Median, largest and sum; zeros of nothing."""
    array = np.array(values or [0])
    found = {"median": float(np.median(array)), "most": float(array.max()), "total": float(array.sum())}
    return {name: round(value, digits) for name, value in found.items()}


@contextmanager
def _process() -> Iterator[Callable[..., dict[str, Any]]]:
    """What runs functions in a process of its own, on one thread; it is started when it is first called."""
    with ExitStack() as stack:
        pools = []

        def run(measure: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
            if not pools:
                pools.append(stack.enter_context(multiprocessing.get_context("spawn").Pool(1, _one_thread)))
            return pools[0].apply(measure, arguments)

        yield run


def _kept(path: Path, run: Callable[..., dict[str, Any]], *call: Any) -> dict[str, Any]:
    """What a file keeps of a call, or what it gives now."""
    if path.is_file():
        return read_json(path)
    result = run(*call)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, result)
    return result


def _one_thread() -> None:
    import torch

    from archflow.workers import begin_worker

    begin_worker()
    torch.set_num_threads(1)
