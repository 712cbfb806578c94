"""`rank_space`: the best architectures of a search space by a predictor, from any number of candidates."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.errors import ArchflowError
from archflow.files import only_writer, read_json
from archflow.graph.table import Table
from archflow.predict.base import Predictor, ranking_columns
from archflow.predict.folder import DESCRIPTION
from archflow.predict.stacked import StackedPredictor
from archflow.progress import progress_bar
from archflow.recipes.ranking.best import Best, Rows
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.chunks import Run, processes
from archflow.recipes.ranking.distinct import Distinct
from archflow.recipes.ranking.scoring import Job, Scorer, one_thread
from archflow.recipes.ranking.tally import Tally
from archflow.spaces import SPACES, SearchSpace

MOST = 1_000_000
"""The largest number of best architectures that are kept."""

REMEMBERED = 2_000_000
"""How many distinct architectures are remembered by default, in 68 MB."""

EVERY = 30.0
"""Seconds between two writes of the state."""

STATE = "state.safetensors"
"""The file of the state in the checkpoint's folder."""


@dataclass(frozen=True)
class Ranking:
    """The best architectures among all candidates.

    Attributes:
        table: The best, in order, with native strings and the columns `predicted_METRIC`, `predicted_std_METRIC` and
            `rank_METRIC`. No two are isomorphic.
        metric: The metric that they are ranked by.
        candidates: The number of candidates.
        distinct: The number of candidates that are not isomorphic to an earlier one, if `exact`; otherwise those beyond
            the bound on what is remembered may count more than once.
        exact: Whether all distinct candidates were remembered.
        notes: Lines for the user.
    """

    table: Table
    metric: str
    candidates: int
    distinct: int
    exact: bool
    notes: tuple[str, ...] = ()


def rank_space(
    predictor: Predictor | str | Path,
    space: SearchSpace | str,
    count: int | None = None,
    *,
    top: int = 1000,
    seed: int = 0,
    metric: str | None = None,
    context: str | None = None,
    workers: int | Run = 1,
    remembered: int = REMEMBERED,
    checkpoint: str | Path | None = None,
    device: str = "cpu",
) -> Ranking:
    """Rank a sample of a search space, or all of it, in memory that does not depend on the number of candidates.

    Candidates are drawn, encoded and scored in chunks of 4,096. The result follows from the arguments: it does not
    depend on the number of workers, on interruptions, or on a worker that dies.

    Args:
        predictor: A fitted predictor, or the folder of one.
        space: A search space, or its name.
        count: How many candidates to draw with `space.sample`; None for all architectures of the space.
        top: How many of the best to keep.
        seed: Seed of the sample: chunk k is drawn from (seed, k).
        metric: The metric to rank by; the predictor's first if None.
        context: The text for the context column of a predictor that has one, as `with_context` takes it.
        workers: The number of processes, each with one thread; or what `ray_chunks` returns.
        remembered: How many distinct architectures are remembered to remove duplicates. The best hold no duplicates in
            any case.
        checkpoint: A folder that keeps the state while the ranking runs; after an interruption the same call resumes,
            to the same result. Without it nothing is kept.
        device: Where to compute.

    Raises:
        ArchflowError: If the space is unknown or cannot be sampled or listed, the predictor cannot read its
            architectures, an argument is out of its range, or the checkpoint is in use or of another ranking.
    """
    space = SPACES.get(space)() if isinstance(space, str) else space
    candidates = Candidates.listed(space) if count is None else Candidates.sampled(space, count, seed)
    top = whole("top", top, 1, min(candidates.count, MOST))
    tally = Tally(Best(top), Distinct(whole("remembered", remembered, 1, 10**9)))
    run = workers if callable(workers) else processes(whole("workers", workers, 1, 4096))
    needs_folder = workers != 1 or checkpoint is not None
    with _in_folder(predictor, needs_folder) as given:
        job, model, notes = _checked(Job(given, candidates, top, 0, context, device), metric)
        if checkpoint is None:
            _run(job, run, tally, None, "")
        else:
            tally = _resumed(job, run, tally, Path(checkpoint))
    assert tally.best.rows is not None, "there is a candidate"
    metric = model.metrics[job.metric]
    table = _table(tally.best.rows, space, model.metrics, job.metric)
    exact = tally.distinct <= tally.seen.bound
    return Ranking(table, metric, tally.drawn, tally.distinct, exact, tuple(notes))


@contextmanager
def _in_folder(predictor: Predictor | str | Path, needed: bool) -> Iterator[Predictor | Path]:
    """A predictor as it is or, for other processes and for a checkpoint, in a folder."""
    if isinstance(predictor, str | Path):
        yield Path(predictor)
    elif not needed:
        yield predictor
    else:
        with tempfile.TemporaryDirectory() as folder:
            predictor.save(folder)
            yield Path(folder)


def _checked(job: Job, metric: str | None) -> tuple[Job, Predictor, list[str]]:
    """The job for a metric, the predictor, and lines about it. The first candidates are predicted on trial."""
    scorer = Scorer(job)
    model = scorer.model
    if metric is not None and metric not in model.metrics:
        raise ArchflowError(f"metric {metric!r}: the predictor has learnt {', '.join(model.metrics)}")
    job = replace(job, metric=0 if metric is None else list(model.metrics).index(metric))
    trial = job.candidates.few()
    with one_thread():
        scorer.predicted(trial)
    return job, model, model.oddities(scorer.table(trial)) if isinstance(model, StackedPredictor) else []


def _resumed(job: Job, run: Run, tally: Tally, folder: Path) -> Tally:
    """Run the job from where its state in the folder is, and remove the state at the end."""
    with only_writer(folder):
        key = _key(job, tally.seen.bound)
        tally = Tally.restored(folder / STATE, key, job.candidates.space, tally)
        _run(job, run, tally, folder / STATE, key)
        (folder / STATE).unlink(missing_ok=True)
    with suppress(OSError):  # the folder was there before the first run, and holds other files
        folder.rmdir()
    return tally


def _run(job: Job, run: Run, tally: Tally, path: Path | None, key: str) -> None:
    """Add the chunks that are missing, and write the state now and then, also when the run is interrupted."""
    candidates = job.candidates
    began = saved = time.monotonic()
    before = tally.drawn
    with (
        progress_bar(f"ranking {candidates.space.name}", candidates.count, before) as bar,
        closing(run(job, range(tally.chunks, candidates.chunks))) as results,  # pyright: ignore[reportArgumentType]
    ):
        try:
            for scored in results:
                tally.add(scored)
                now = time.monotonic()
                bar.reach(tally.drawn, f"{(tally.drawn - before) / max(now - began, 1e-9):,.0f} per second")
                if path is not None and now > saved + EVERY:
                    tally.save(path, key)
                    saved = now
        except KeyboardInterrupt:
            if path is not None:
                tally.save(path, key)
            raise


def _key(job: Job, remembered: int) -> str:
    """A digest of everything that decides the result."""
    space, candidates = job.candidates.space, job.candidates
    described: Any = read_json(Path(job.predictor) / DESCRIPTION) if isinstance(job.predictor, Path) else None
    decided = (candidates.count, candidates.seed, CHUNK, job.top, job.metric, job.context, job.device, remembered)
    return fingerprint(described, space.name, space.vocabulary.ops, str(space.size), decided)


def _table(rows: Rows, space: SearchSpace, metrics: Any, place: int) -> Table:
    rank = np.arange(1.0, len(rows) + 1)
    columns = dict(zip(ranking_columns(metrics, place), (rows.mean, rows.std, rank), strict=True))
    return Table(rows.architectures, columns, [space.format(each) for each in rows.architectures])
