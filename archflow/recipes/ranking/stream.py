"""`rank_space`: the best architectures of a search space by a predictor, from any number of candidates."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import whole
from archflow.checkpoint import fingerprint
from archflow.data.places import data_folder
from archflow.errors import ArchflowError
from archflow.files import only_writer, read_json
from archflow.graph.table import Table
from archflow.predict.base import Predictor, ranking_columns
from archflow.predict.folder import DESCRIPTION
from archflow.predict.stacked import StackedPredictor
from archflow.progress import progress_bar
from archflow.recipes.context_texts import meant
from archflow.recipes.ranking.best import Best
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.chunks import Run, processes
from archflow.recipes.ranking.compiling import asked as compiling_asked
from archflow.recipes.ranking.compiling import worth_compiling
from archflow.recipes.ranking.distinct import Distinct
from archflow.recipes.ranking.precision import Asked, Precision, asked, check_processor, choose
from archflow.recipes.ranking.scoring import Job, Scorer, one_thread
from archflow.recipes.ranking.tally import Tally, TallyDescription, kept
from archflow.spaces import SPACES, SearchSpace

TOP = 1000
"""How many of the best are kept by default."""

MOST, MOST_REMEMBERED, MOST_WORKERS = 10**6, 10**9, 4096
"""Bounds of the arguments: how many of the best are kept, how many architectures are remembered, how many processes."""

REMEMBERED = 2_000_000
"""How many distinct architectures are remembered by default, in 68 MB."""

EVERY = 30.0
"""Seconds between two writes of the state."""

STATE = "state.safetensors"
"""The file of the state."""


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
        precision: The precision of the predictor's matrix products.
        compiled: Whether encoders were compiled.
    """

    table: Table
    metric: str
    candidates: int
    distinct: int
    exact: bool
    notes: tuple[str, ...] = ()
    precision: Precision = "float32"
    compiled: bool = False

    def rows(self) -> list[dict[str, Any]]:
        """The best in JSON form, in order."""
        mean, std, rank = (self.table.metrics[name].tolist() for name in ranking_columns([self.metric], 0))
        return [
            {"rank": int(r), "predicted": m, "std": s if np.isfinite(s) else None, "native": text}
            for r, m, s, text in zip(rank, mean, std, self.table.native or (), strict=True)
        ]


def rank_space(
    predictor: Predictor | str | Path,
    space: SearchSpace | str,
    count: int | None = None,
    *,
    top: int | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    metric: str | None = None,
    context: str | None = None,
    workers: int | Run = 1,
    remembered: int = REMEMBERED,
    device: str = "cpu",
    precision: str = "float32",
    compiling: str = "never",
) -> Ranking:
    """Rank a sample of a search space, or all of it, in memory that does not depend on the number of candidates.

    Candidates are drawn, encoded and scored in chunks of 4,096. The result follows from the arguments: it does not
    depend on the number of workers, on interruptions, or on a worker that dies.

    Args:
        predictor: A fitted predictor, or the folder of one.
        space: A search space, or its name.
        count: How many candidates to draw with `space.sample`; None for all architectures of the space.
        top: How many of the best to keep; None for 1,000, or all if there are fewer.
        out: The table to write (.parquet, .csv, .jsonl). Until it is written, the folder `OUT.unfinished` keeps the
            state: after an interruption the same call resumes, to the same result.
        seed: Seed of the sample: chunk k is drawn from (seed, k).
        metric: The metric to rank by; the predictor's first if None.
        context: The device or task, for a predictor that was fitted with a context: a name that it has learnt, a known
            device, a .toml file, or a description.
        workers: The number of processes, each with one thread; or what `ray_chunks` returns.
        remembered: How many distinct architectures are remembered, so that they are counted once. The best hold one
            architecture of an isomorphism class in any case, the one with the best prediction.
        device: The PyTorch device to compute on.
        precision: The precision of the predictor's matrix products. "bfloat16" is refused if, on a chunk of the
            candidates, the ranking differs from the one in float32 by more than the tolerance (`TAU` and `SHARED` in
            `archflow.recipes.ranking.precision`). "auto" takes it where it is within the tolerance and faster, from
            100,000 candidates on; an unfinished ranking stays in the precision that it began in.
        compiling: "auto" compiles encoders if they rank alike, within the same tolerance, and save more time than
            compiling takes, from 100,000 candidates on; an unfinished ranking stays as it began. "never" does not.

    Raises:
        ArchflowError: If the space is unknown or cannot be sampled or listed, the predictor cannot read its
            architectures, an argument is out of its range, or another process or an unfinished ranking with other
            arguments has the same `out`.
    """
    space = SPACES.get(space)() if isinstance(space, str) else space
    candidates = Candidates.listed(space) if count is None else Candidates.sampled(space, count, seed)
    top = min(TOP, candidates.count) if top is None else whole("top", top, 1, min(candidates.count, MOST))
    tally = Tally(Best(top), Distinct(whole("remembered", remembered, 1, MOST_REMEMBERED)))
    run = workers if callable(workers) else processes(whole("workers", workers, 1, MOST_WORKERS))
    wanted, compiled = asked(precision), compiling_asked(compiling)
    with _in_folder(predictor, needed=workers != 1 or out is not None) as given:
        job, model, notes = _prepared(Job(given, candidates, top, device=device), metric, context)
        begun = None if out is None else kept(_state(Path(out)))
        job, further = _in_precision(job, model, wanted, begun)
        notes = (*notes, *further)
        if compiled == "auto":
            job, further = _compiled(job, model, workers, begun)
            notes = (*notes, *further)
        tally.precision, tally.compiled = job.precision, job.compiled
        if out is None:
            _run(job, run, tally)
            return _ranking(tally, space, model, job.metric, notes)
        return _written(Path(out), job, run, tally, lambda done: _ranking(done, space, model, job.metric, notes))


@contextmanager
def _in_folder(predictor: Predictor | str | Path, needed: bool) -> Iterator[Predictor | Path]:
    """A predictor as it is or, for other processes and for resuming, in a folder."""
    if isinstance(predictor, str | Path):
        yield Path(predictor)
    elif not needed:
        yield predictor
    else:
        with tempfile.TemporaryDirectory() as folder:
            predictor.save(folder)
            yield Path(folder)


def _prepared(job: Job, metric: str | None, context: str | None) -> tuple[Job, Predictor, tuple[str, ...]]:
    """The job for a metric and a context, the predictor, and lines about both; a few candidates are predicted first."""
    model = Scorer(job).model
    if metric is not None and metric not in model.metrics:
        raise ArchflowError(f"metric {metric!r}: the predictor has learnt {', '.join(model.metrics)}")
    job = replace(job, metric=0 if metric is None else list(model.metrics).index(metric))
    notes: tuple[str, ...] = ()
    if context is not None:
        if not isinstance(model, StackedPredictor):
            raise ArchflowError("context: a predictor of networks alone has no context; fit one with --context COLUMN")
        found = meant(model, context, data_folder())
        job, notes = replace(job, context=found.text), found.notes
    scorer, few = Scorer(replace(job, predictor=model)), job.candidates.few()
    with one_thread():
        scorer.predicted(few)
    oddities = model.oddities(scorer.table(few)) if isinstance(model, StackedPredictor) else ()
    return job, model, (*notes, *oddities)


def _in_precision(
    job: Job, model: Predictor, wanted: Asked, begun: TallyDescription | None
) -> tuple[Job, tuple[str, ...]]:
    """The job with its precision, and lines about that; `auto` keeps the precision of an unfinished ranking."""
    if wanted == "float32":
        return job, ()
    if wanted == "auto" and begun is not None:
        check_processor(begun.precision, job.device)
        return replace(job, precision=begun.precision), (f"precision {begun.precision}, as in the unfinished ranking",)
    score = _scores_of_some(job, model)
    precision, line = choose(wanted, job.candidates.count, lambda each: score(precision=each), job.device)
    return replace(job, precision=precision), () if line is None else (line,)


def _compiled(
    job: Job, model: Predictor, workers: int | Run, begun: TallyDescription | None
) -> tuple[Job, tuple[str, ...]]:
    """The job with or without compiled encoders, and lines about that; an unfinished ranking stays as it began."""
    if begun is not None:
        how = "compiled" if begun.compiled else "not compiled"
        return replace(job, compiled=begun.compiled), (f"{how}, as in the unfinished ranking",)
    if callable(workers):
        return job, ("not compiled: workers on other machines may have no compiler",)
    score = _scores_of_some(job, model)
    taken, line = worth_compiling(job.candidates.count, workers, lambda each: score(compiled=each))
    return replace(job, compiled=taken), () if line is None else (line,)


def _scores_of_some(job: Job, model: Predictor) -> Callable[..., NDArray[np.float64]]:
    """A function that scores the first chunk of a job with changes to it."""
    chunk = job.candidates.chunk(0)

    def score(**changes: Any) -> NDArray[np.float64]:
        with one_thread():
            return Scorer(replace(job, predictor=model, **changes)).predicted(chunk)[0]

    return score


def _written(out: Path, job: Job, run: Run, tally: Tally, ranking: Callable[[Tally], Ranking]) -> Ranking:
    """Run the job from where its state is, write the table, and remove the state."""
    path, key = _state(out), _key(job, tally.seen.bound)
    with only_writer(path.parent):
        tally = Tally.restored(path, key, job.candidates.space, tally)
        _run(job, run, tally, lambda: tally.save(path, key), path.parent)
        found = ranking(tally)
        found.table.write(out)
        path.unlink(missing_ok=True)
    with suppress(OSError):  # it was there before this run began, so that `only_writer` has left it
        path.parent.rmdir()
    return found


def _state(out: Path) -> Path:
    """Where the state of an unfinished ranking is."""
    return out.with_name(f"{out.name}.unfinished") / STATE


def _run(job: Job, run: Run, tally: Tally, save: Callable[[], None] = lambda: None, kept: str | Path = "") -> None:
    """Add the chunks that are missing; `save` keeps them, now and then and when the user interrupts."""
    candidates, before = job.candidates, tally.drawn
    began = saved = time.monotonic()
    with (
        progress_bar(f"ranking {candidates.space.name}", candidates.count, before, kept) as bar,
        closing(run(job, range(tally.chunks, candidates.chunks))) as results,
    ):
        try:
            for scored in results:
                tally.add(scored)
                now = time.monotonic()
                bar.reach(tally.drawn, f"{(tally.drawn - before) / max(now - began, 1e-9):,.0f} per second")
                if now > saved + EVERY:
                    save()
                    saved = now
        except KeyboardInterrupt:
            save()
            raise


def _key(job: Job, remembered: int) -> str:
    """A digest of everything that decides the result."""
    space, candidates = job.candidates.space, job.candidates
    described: Any = read_json(Path(job.predictor) / DESCRIPTION) if isinstance(job.predictor, Path) else None
    decided = (candidates.count, candidates.seed, CHUNK, job.top, job.metric, job.context, job.device, job.precision)
    how = ("compiled",) if job.compiled else ()
    return fingerprint(described, space.name, space.vocabulary.ops, str(space.size), decided, remembered, *how)


def _ranking(tally: Tally, space: SearchSpace, model: Predictor, place: int, notes: tuple[str, ...]) -> Ranking:
    rows = tally.best.rows
    assert rows is not None, "there is a candidate"
    columns = (rows.mean, rows.std, np.arange(1.0, len(rows) + 1))
    named = dict(zip(ranking_columns(model.metrics, place), columns, strict=True))
    table = Table(rows.architectures, named, [space.format(each) for each in rows.architectures])
    exact = tally.distinct <= tally.seen.bound
    counted = tally.drawn, tally.distinct, exact
    return Ranking(table, model.metrics[place], *counted, notes, tally.precision, tally.compiled)
