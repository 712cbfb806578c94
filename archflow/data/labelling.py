"""Labelling: measure architectures in parallel processes, with a journal that survives a kill at any moment."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.data.journal import open_journal, read_journal
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.progress import Progress
from archflow.workers import begin_worker, ended_on_failure, interrupts_held_back

Results = dict[tuple[int, int], dict[str, float]]
"""(row, seed) -> metrics; an item that could not be measured is missing."""


class Evaluator(Protocol):
    """Measures one architecture, for labelling and search alike.

    With several processes, each gets a pickled copy, so it must be an object from an importable module.
    `archflow.testing.check_evaluator` checks this contract.
    """

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        """Return finite metrics by name. Raise ArchflowError if this item cannot be measured; the job continues."""
        ...


def label_architectures(
    architectures: ArchitectureSet,
    evaluate: Evaluator,
    seeds: Sequence[int],
    journal_path: str | Path,
    configuration: Mapping[str, Any],
    *,
    processes: int,
    progress: Progress | None = None,
) -> Results:
    """Measure every architecture with every seed; items that the journal already holds are not measured again.

    Args:
        configuration: Everything but architectures and seeds that determines the measurements, as plain JSON values.
        processes: The number of parallel processes. One is this process itself; several need a script whose work begins
            under `if __name__ == "__main__":`.
        progress: Advanced for every finished item, including those of earlier runs.

    Raises:
        ArchflowError: If the journal is of another job, a worker process died, or no item could be measured.
    """
    with open_journal(journal_path, _job(architectures, seeds, configuration)) as journal:
        if journal.damaged:
            numbers = ", ".join(map(str, journal.damaged))
            print(f"{journal_path}: line {numbers} is damaged: its item is measured again", file=sys.stderr)
        known = {(entry["row"], entry["seed"]) for entry in journal.entries}
        if progress is not None:
            progress.advance(len(known))
        items = [(row, seed) for row in range(len(architectures)) for seed in seeds if (row, seed) not in known]
        measured = _measured(evaluate, architectures, items, min(whole("processes", processes, 1), len(items)))
        with closing(measured):
            for (row, seed), entry in measured:
                journal.append({"row": row, "seed": seed, **entry})
                if progress is not None:
                    progress.advance()
        entries = journal.entries
    results = _results(entries)
    if not results:
        raise ArchflowError(
            f"no architecture could be measured: {entries[0]['failure'] if entries else 'none was given'}"
        )
    return results


def finished(
    architectures: ArchitectureSet, seeds: Sequence[int], journal_path: str | Path, configuration: Mapping[str, Any]
) -> Results:
    """Read what `label_architectures` with the same arguments has measured so far, even while it is running.

    Raises:
        ArchflowError: If there is no journal, or it is of another job.
    """
    return _results(read_journal(journal_path, _job(architectures, seeds, configuration)).entries)


def _job(architectures: ArchitectureSet, seeds: Sequence[int], configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {**configuration, "seeds": list(seeds), "architectures": _digest(architectures)}


def _results(entries: Sequence[Mapping[str, Any]]) -> Results:
    return {(entry["row"], entry["seed"]): entry["metrics"] for entry in entries if "metrics" in entry}


def seed_columns(results: Results, count: int, seeds: Sequence[int]) -> dict[str, NDArray[np.float64]]:
    """Results -> columns (N,): the mean over seeds by the metric's name, and each seed by `{metric}_seed{seed}`.

    A row that lacks a seed has no mean, since a mean over fewer seeds would be noisier than the others.
    """
    names = list(dict.fromkeys(name for metrics in results.values() for name in metrics))
    columns = {}
    for name in names:
        values = np.array([[results.get((row, seed), {}).get(name, np.nan) for seed in seeds] for row in range(count)])
        columns[name] = values.mean(axis=1)
        columns |= {f"{name}_seed{seed}": values[:, i] for i, seed in enumerate(seeds)}
    return columns


def seed_agreement(columns: Mapping[str, NDArray[np.floating]], metric: str, seeds: Sequence[int]) -> float | None:
    """Mean Kendall tau-b between the columns of two seeds, over all pairs of seeds.

    No predictor of one seed's values can be expected to do better. None with fewer than two seeds or architectures, or
    if a column is constant.
    """
    from scipy.stats import kendalltau

    values = np.stack([columns[f"{metric}_seed{seed}"] for seed in seeds], axis=1)
    values = values[np.isfinite(values).all(axis=1)]
    pairs = [(i, j) for i in range(len(seeds)) for j in range(i)]
    if not pairs or len(values) < 2 or (values == values[0]).all(axis=0).any():
        return None
    taus = np.array([kendalltau(values[:, i], values[:, j])[0] for i, j in pairs])
    return float(taus.mean())


def _digest(architectures: ArchitectureSet) -> str:
    parts = (
        architectures.op,
        architectures.node_ptr,
        architectures.edge_src,
        architectures.edge_dst,
        architectures.edge_ptr,
    )
    digest = hashlib.sha256("\n".join(architectures.vocabulary.ops).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part, np.int64).tobytes())
    if architectures.attributes is not None:
        digest.update("\n".join(architectures.attribute_names).encode())
        digest.update(np.ascontiguousarray(architectures.attributes).tobytes())
    return digest.hexdigest()[:16]


Item = tuple[int, int]
"""(row, seed)."""


def _measured(
    evaluate: Evaluator, architectures: ArchitectureSet, items: Sequence[Item], processes: int
) -> Generator[tuple[Item, dict[str, Any]], None, None]:
    """Yield items with their journal entries as they finish; with one process, in this one."""
    if processes <= 1:
        for row, seed in items:
            yield (row, seed), _measure(evaluate, architectures[row], seed)
        return
    started = False
    executor = ProcessPoolExecutor(processes, get_context("spawn"), _start_worker, (evaluate,))
    with executor as pool, ended_on_failure():
        try:
            with interrupts_held_back():
                first = pool.submit(bool, 1)
            started = first.result()
            with interrupts_held_back():
                futures: dict[Future[dict[str, Any]], Item] = {
                    pool.submit(_measure_in_worker, architectures[row], seed): (row, seed) for row, seed in items
                }
            for future in as_completed(futures):
                yield futures[future], future.result()
        except (BrokenProcessPool, OSError) as error:  # OSError: it broke while another was being started
            raise ArchflowError(_DIED if started else _NOT_STARTED) from error


_DIED = (
    "a labelling process died, perhaps for lack of memory: run the same command again with fewer processes, "
    "it resumes where it stopped"
)
_NOT_STARTED = (
    'labelling processes cannot start: begin a script\'s work under `if __name__ == "__main__":` and import the '
    "evaluator from a module, or give processes=1, as in a notebook"
)

_evaluate: Evaluator | None = None
"""Set once in each worker process: the evaluator may hold images, which should not be sent with each item."""


def _start_worker(evaluate: Evaluator) -> None:
    global _evaluate
    _evaluate = evaluate
    begin_worker()


def _measure_in_worker(architecture: Architecture, seed: int) -> dict[str, Any]:
    assert _evaluate is not None
    return _measure(_evaluate, architecture, seed)


def _measure(evaluate: Evaluator, architecture: Architecture, seed: int) -> dict[str, Any]:
    try:
        metrics = {name: float(value) for name, value in evaluate(architecture, seed).items()}
    except ArchflowError as error:
        return {"failure": str(error)}
    wrong = [name for name, value in metrics.items() if not math.isfinite(value)]
    return {"failure": f"{', '.join(wrong)} not finite"} if wrong else {"metrics": metrics}
