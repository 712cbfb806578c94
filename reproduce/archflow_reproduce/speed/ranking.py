"""Speed of ranking a space as one stream, compared with the encoder's own rate."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from archflow import FineTuneSettings, NetworkPredictor, create
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.distinct import Distinct, first_of_each
from archflow.recipes.ranking.precision import Precision, compared, has_bfloat16
from archflow.recipes.ranking.scoring import Job, Scorer, one_thread
from archflow.recipes.ranking.stream import REMEMBERED, rank_space
from archflow.spaces import DARTS
from archflow_reproduce.speed.machine import machine

REPEATS = 3
LABELS, EPOCHS = 64, 20
"""What predictors are fitted on: so many labels (the number of parameters), for so many epochs."""

BESIDE = ("gin", "gated_gcn", "mlp", "transformer")
"""Encoders whose speed in both precisions is compared."""


@dataclass(frozen=True)
class Stream:
    """What is ranked.

    Attributes:
        count: The number of DARTS cells.
        processes: How many processes score them.
        encoder: The predictor's encoder, of its default size.
        precision: As `rank_space` takes it.
        top: How many of the best are kept.
    """

    count: int
    processes: int = 1
    encoder: str = "gin"
    precision: str = "auto"
    top: int = 1000


def run_speed_ranking(
    wanted: Stream, beside: tuple[str, ...] = BESIDE, on_step: Callable[[str], None] = lambda name: None
) -> dict[str, Any]:
    """Rank DARTS cells by a predictor with a default encoder, and time the parts on a chunk of 4,096.

    Times of parts and of the whole ranking are processor time in microseconds per cell, which other work on the machine
    disturbs less than the clock; the parts are the fastest of three passes on one thread.

    Args:
        wanted: What is ranked.
        beside: Encoders of predictors whose speed in both precisions is compared.
        on_step: Called with a short description before each step.

    Returns:
        `parts`: `embed_us`: the encoder alone, batches included, in float32; `predict_us`: the predictor in the
        precision of the ranking; `sample_us`, `digest_us`, `distinct_us`: the other parts of a chunk. `rank_us`: the
        whole ranking, start of processes and loading included. `wall_s`: by the clock. `peak_gib`: of the largest
        process. `precision`: that of the ranking. `precisions`: by encoder a `Comparison`; empty where the processor
        has no matrix products in bfloat16.
    """
    space = DARTS()
    model = fitted(wanted.encoder)
    on_step("ranking")
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "p"))
        began, busy = time.perf_counter(), _processor_seconds()
        found = rank_space(
            Path(folder, "p"),
            space,
            wanted.count,
            top=wanted.top,
            workers=wanted.processes,
            precision=wanted.precision,
        )
        wall, used = time.perf_counter() - began, _processor_seconds() - busy
    on_step("its parts")
    with one_thread():
        parts = _parts(model, found.precision)
        precisions = {}
        for name in beside if has_bfloat16() else ():
            on_step(name)
            precisions[name] = comparison(fitted(name))
    return {
        "distinct": found.distinct,
        "distinct_is_exact": found.exact,
        "precision": found.precision,
        "parts": {name: round(value, 2) for name, value in parts.items()},
        "rank_us": round(1e6 * used / wanted.count, 2),
        "wall_s": round(wall, 1),
        "peak_gib": round(max(_usage(who).ru_maxrss for who in _WHO) / 2**20, 3),
        "precisions": precisions,
        "config": {**asdict(wanted), "space": space.name, "labels": LABELS, "epochs": EPOCHS},
        "machine": machine(),
    }


def fitted(encoder: str) -> NetworkPredictor:
    """A predictor of the number of parameters of DARTS cells, with an encoder of its default size."""
    space = DARTS()
    labelled = space.sample(LABELS, np.random.default_rng(0))
    model = NetworkPredictor(create(encoder, labelled), settings=FineTuneSettings(epochs=EPOCHS))
    model.fit(labelled, space.costs(labelled)["params"], metrics=["params"])
    return model


def comparison(model: NetworkPredictor) -> Mapping[str, Any]:
    """Both precisions on a chunk, as JSON values."""
    job = Job(model, Candidates.sampled(DARTS(), CHUNK, 1), CHUNK)
    cells = job.candidates.chunk(0)
    return asdict(compared(lambda precision: Scorer(replace(job, precision=precision)).predicted(cells)[0]))


def _parts(model: NetworkPredictor, precision: Precision) -> dict[str, float]:
    space, candidates = DARTS(), Candidates.sampled(DARTS(), CHUNK, 1)  # one chunk
    scorer, cells = Scorer(Job(model, candidates, CHUNK, precision=precision)), candidates.chunk(0)
    digests = space.digests(cells)

    def remember() -> None:
        Distinct(REMEMBERED).add(digests[first_of_each(digests)])

    runs: dict[str, Callable[[], object]] = {
        "embed_us": lambda: model.embed(cells),
        "predict_us": lambda: scorer.predicted(cells),
        "sample_us": lambda: candidates.chunk(0),
        "digest_us": lambda: space.digests(cells),
        "distinct_us": remember,
    }
    return {name: 1e6 * min(_seconds(run) for _ in range(REPEATS)) / CHUNK for name, run in runs.items()}


def _seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _usage(who: int) -> resource.struct_rusage:
    return resource.getrusage(who)


def _processor_seconds() -> float:
    """Processor time of this process and of its processes that have ended."""
    return sum(_usage(who).ru_utime + _usage(who).ru_stime for who in _WHO)
