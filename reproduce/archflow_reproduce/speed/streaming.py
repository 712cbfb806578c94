"""Memory and speed of tables that stay on disk, compared with tables in memory.

python -m archflow_reproduce.speed.streaming --count 1e6 --limit 1.0
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from archflow import PretrainSettings, create, pretrain, read_table
from archflow.cache_folder import CACHE_VARIABLE
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.spaces import DARTS

CHUNK = 50_000
"""Cells that are drawn at once, and rows of a row group."""

LABELS = 200
METRIC = "test_accuracy"
WIDTH = 16
"""Of the encoder: the table, not the encoder, is what is measured."""

EVERY = 0.01
"""Seconds between two looks at the memory of the process."""


def run_speed_streaming(count: int, limit: float | None = None, mapped: bool = True) -> dict[str, Any]:
    """Convert, pre-train on and predict a generated table of DARTS cells, each in a process of its own.

    Args:
        count: Cells, with native strings and a metric.
        limit: GiB of private memory that each process may have (RLIMIT_DATA).
        mapped: Whether the table stays on disk.

    Returns:
        By step: seconds, rows per second, and GiB at the peak: `resident` with pages of mapped files that the system
        may drop, `private` without. A step that runs out of memory has `failed` alone. `file_bytes`, `mapped_bytes`:
        on disk.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cells.parquet")
        write_cells(path, count)
        found: dict[str, Any] = {"count": count, "limit_gib": limit, "mapped": mapped}
        for name, step in STEPS.items():
            found[name] = _alone(step, path, mapped, limit)
        found["file_bytes"] = path.stat().st_size
        cached = Path(folder, "cache").rglob("*")
        found["mapped_bytes"] = sum(each.stat().st_size for each in cached if each.is_file())
        return found


def write_cells(path: Path, count: int) -> None:
    """Write random cells, a row group at a time."""
    import pyarrow.parquet as pq

    space, generator, writer = DARTS(), np.random.default_rng(0), None
    for first in range(0, count, CHUNK):
        cells = space.sample(min(CHUNK, count - first), generator)
        native = [f"{first + row} {'x' * 200}" for row in range(len(cells))]  # as long as a genotype
        part = Table(cells, {METRIC: generator.normal(90, 2, len(cells))}, native).to_arrow()
        writer = writer or pq.ParquetWriter(path, part.schema, compression="zstd")
        writer.write_table(part)
    if writer is not None:
        writer.close()


def _read(path: Path, mapped: bool) -> None:
    assert len(read_table(path, mapped=mapped)) > 0


def _pretrain(path: Path, mapped: bool) -> None:
    table = read_table(path, mapped=mapped)
    embedder = create("gin", table, width=WIDTH, depth=2)
    pretrain(embedder, "flow", table, settings=PretrainSettings(epochs=1, batch_size=1024))


def _predict(path: Path, mapped: bool) -> None:
    table = read_table(path, mapped=mapped)
    predictor = StackedPredictor(components=["ridge"], features=["counts"])
    predictor.fit(table.select(np.arange(min(LABELS, len(table)))), metrics=[METRIC])
    predictor.rank(table).write(path.with_name("ranked.parquet"))


STEPS: dict[str, Callable[[Path, bool], None]] = {
    "convert": _read,
    "open": _read,
    "pretrain": _pretrain,
    "predict": _predict,
}
"""What is timed, in order; the first one that reads a mapped table converts it."""


def _alone(step: Callable[[Path, bool], None], path: Path, mapped: bool, limit: float | None) -> dict[str, Any]:
    """Run a step in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        try:
            return executor.submit(_measured, step, path, mapped, limit).result()
        except BrokenProcessPool:
            return {"failed": "the process died"}


def _measured(step: Callable[[Path, bool], None], path: Path, mapped: bool, limit: float | None) -> dict[str, Any]:
    os.environ[CACHE_VARIABLE] = str(path.with_name("cache"))
    torch.set_num_threads(1)
    if limit is not None:
        allowed = int(limit * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))
    peak, done = [0], threading.Event()
    watching = threading.Thread(target=_watch, args=(peak, done), daemon=True)
    watching.start()
    began = time.perf_counter()
    try:
        step(path, mapped)
    except (MemoryError, RuntimeError, ArchflowError, OSError) as error:  # torch and pyarrow have their own
        return {"failed": str(error).splitlines()[0][:100] if str(error) else type(error).__name__}
    finally:
        done.set()
        watching.join()
    seconds = time.perf_counter() - began
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": round(seconds, 1),
        "rows_per_second": round(_rows(path) / seconds),
        "resident_gib": _gib(1024 * resident),
        "private_gib": _gib(1024 * peak[0]),
    }


def _watch(peak: list[int], done: threading.Event) -> None:
    """Keep the most KiB of private memory that the process has had."""
    while not done.wait(EVERY):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                peak[0] = max(peak[0], int(line.split()[1]))


def _rows(path: Path) -> int:
    from pyarrow.parquet import read_metadata

    return read_metadata(path).num_rows


def _gib(count: float) -> float:
    return round(count / 2**30, 3)


def main(
    count: Annotated[float, typer.Option(help="How many cells.")] = 100_000,
    limit: Annotated[float | None, typer.Option(help="GiB of private memory that a process may have.")] = None,
    in_memory: Annotated[bool, typer.Option(help="Read the table into memory instead.")] = False,
) -> None:
    """Print what was measured as one JSON object."""
    typer.echo(json.dumps(run_speed_streaming(int(count), limit, not in_memory)))


if __name__ == "__main__":
    typer.run(main)
