"""The latencies of real networks that this machine has, and a predictor of them, fitted once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow import __version__
from archflow.cache_folder import cache_folder
from archflow.checkpoint import fingerprint
from archflow.data.benchmarks import find
from archflow.data.cache import sha256_of
from archflow.data.cpu_latency import cpu_latency_table
from archflow.data.ncnn_latency import GRAPHS, LATENCY, has_ncnn, ncnn_table
from archflow.errors import ArchflowError
from archflow.files import only_writer
from archflow.graph import Vocabulary
from archflow.graph.table import Table, read_table
from archflow.graph.vocabulary import UNKNOWN
from archflow.importers.vocabulary import OPERATIONS
from archflow.predict.context import ContextChoice
from archflow.predict.folder import DESCRIPTION
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.context_texts import devices_of

COSTS = ("params", "macs", "bytes", "nodes")
"""Columns that every imported model has."""

METRIC, DEVICE, NAME = "latency_ms", "device", "name"

EMBEDDED = "cpu_latency"
"""The data set of latencies that the package carries."""

ROWS = 2000
"""The maximum number of latencies that are learnt from, drawn evenly from all devices."""


def latency_data(folder: Path | None) -> Table:
    """All latencies of real networks on this machine as one long table: `name`, `device`, `latency_ms` and `COSTS`.

    It is made once, and kept in the cache.

    Args:
        folder: The user's data folder.
    """
    kept = place_of(folder) / "latencies.parquet"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        _joined(folder).write(kept)
    return known_operations(read_table(kept))


def place_of(folder: Path | None) -> Path:
    """The folder of the cache for the latencies that there are."""
    digests = [sha256_of(path) for path in _files(folder)]
    return cache_folder() / "latency" / fingerprint({"version": __version__, "rows": ROWS, "files": digests})


def _files(folder: Path | None) -> list[Path]:
    ncnn = [folder / GRAPHS, folder / LATENCY] if folder is not None and has_ncnn(folder) else []
    return [find(EMBEDDED)[1], *ncnn]


def _joined(folder: Path | None) -> Table:
    """The latencies of all sources."""
    found = [cpu_latency_table()]
    if folder is not None and has_ncnn(folder):
        found.append(ncnn_table(folder))
    whole, *others = [known_operations(_plain(table)) for table in found]
    for other in others:
        whole = whole.followed_by(other)
    return whole.select(np.flatnonzero(np.isfinite([whole.metric(name) for name in COSTS]).all(0)))


def known_operations(table: Table) -> Table:
    """The table over all operations that importers know; any other is `[unknown]`."""
    vocabulary = Vocabulary.of((*sorted(OPERATIONS), UNKNOWN))
    return Table(table.architectures.recoded(vocabulary), table.metrics, table.native)


def latency_predictor(folder: Path | None, unseen: bool, on_fit: Callable[[int], None]) -> StackedPredictor:
    """The predictor of `latency_data`, from the cache, or fitted and kept there.

    Args:
        folder: The user's data folder.
        unseen: Whether it is for devices that are not in the data. Where all latencies are of one device, none can be
            held out, and it is for that one.
        on_fit: Called with the number of latencies before it is fitted.

    Raises:
        ArchflowError: As for `latency_data`.
    """
    table = latency_data(folder)
    unseen = unseen and devices_of([text or "" for text in table.texts(DEVICE)]) > 1
    place = place_of(folder) / ("unseen" if unseen else "learnt")
    if (place / DESCRIPTION).is_file():
        return StackedPredictor.load(place)
    with only_writer(place):
        rows = _evenly(table)
        on_fit(len(rows))
        predictor = unfitted(unseen)
        predictor.fit(table.select(rows), metrics=[METRIC])
        predictor.save(place)
    return predictor


def unfitted(unseen: bool) -> StackedPredictor:
    """A predictor of trees on costs, counts of operations and what the words of devices say."""
    return StackedPredictor(
        components=["boosted", "forest"],
        features=["columns", "counts"],
        columns=list(COSTS),
        context=ContextChoice(DEVICE, unseen=unseen),
        objective="log",
    )


def _plain(table: Table) -> Table:
    """The table with the columns that all sources have in common."""
    kept = {METRIC, DEVICE, NAME, *COSTS}
    missing = kept - set(table.column_names) - {NAME}
    if missing:
        raise ArchflowError(f"{EMBEDDED}: lacks the column {sorted(missing)[0]!r}; it is not of this version")
    return table.without([name for name in table.column_names if name not in kept])


def _evenly(table: Table) -> NDArray[np.int64]:
    """At most `ROWS` rows: of each device in turn, in a random order."""
    if len(table) <= ROWS:
        return np.arange(len(table))
    device = np.unique([text or "" for text in table.texts(DEVICE)], return_inverse=True)[1]
    order = np.random.default_rng(0).permutation(len(table))
    grouped = order[np.argsort(device[order], kind="stable")]
    counts = np.bincount(device)
    turn = np.arange(len(table)) - np.repeat(np.cumsum(counts) - counts, counts)  # of a row among those of its device
    return np.sort(grouped[np.argsort(turn, kind="stable")[:ROWS]])
