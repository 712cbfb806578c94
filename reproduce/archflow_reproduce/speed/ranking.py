"""Speed of ranking a space as one stream, compared with the encoder's own rate.

python -m archflow_reproduce.speed.ranking --count 1000000 --processes 2 --encoder gin
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from archflow import FineTuneSettings, NetworkPredictor, create
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.distinct import Distinct, first_of_each
from archflow.recipes.ranking.scoring import Job, Scorer, one_thread
from archflow.recipes.ranking.stream import REMEMBERED, rank_space
from archflow.spaces import DARTS

REPEATS = 3
LABELS = 64


def run_speed_ranking(count: int, processes: int = 1, encoder: str = "gin", top: int = 1000) -> dict[str, Any]:
    """Rank `count` DARTS cells by a predictor with a default encoder, and time the parts on a chunk of 4,096.

    All times are processor time in microseconds per cell, which other work on the machine disturbs less than the clock;
    the parts are the fastest of three passes on one thread.

    Returns:
        `embed_us`: the encoder alone, batches included; `predict_us`: the predictor; `sample_us`, `digest_us`,
        `distinct_us`: the other parts of a chunk. `rank_us`: the whole ranking, start of processes and loading
        included; `share`: `embed_us` divided by it. `wall_us`: by the clock. `peak_gib`: of the largest process.
    """
    space = DARTS()
    labelled = space.sample(LABELS, np.random.default_rng(0))
    model = NetworkPredictor(create(encoder, labelled), settings=FineTuneSettings(epochs=1))
    model.fit(labelled, space.costs(labelled)["params"], metrics=["params"])
    with one_thread():
        parts = _parts(model)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "p"))
        began, busy = time.perf_counter(), _processor_seconds()
        found = rank_space(Path(folder, "p"), space, count, top=top, workers=processes)
        wall, used = time.perf_counter() - began, _processor_seconds() - busy
    rank_us = 1e6 * used / count
    return {
        "encoder": encoder,
        "count": count,
        "processes": processes,
        "distinct": found.distinct,
        **{name: round(value, 2) for name, value in parts.items()},
        "rank_us": round(rank_us, 2),
        "share": round(parts["embed_us"] / rank_us, 3),
        "wall_us": round(1e6 * wall / count, 2),
        "peak_gib": round(max(_usage(who).ru_maxrss for who in _WHO) / 2**20, 3),
    }


def _parts(model: NetworkPredictor) -> dict[str, float]:
    space, candidates = DARTS(), Candidates.sampled(DARTS(), CHUNK, 1)  # one chunk
    scorer, cells = Scorer(Job(model, candidates, CHUNK)), candidates.chunk(0)
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


def main(
    count: Annotated[float, typer.Option(help="How many cells to rank.")] = 100_000,
    processes: Annotated[int, typer.Option(help="Processes to score in.")] = 1,
    encoder: Annotated[str, typer.Option(help="The encoder, with its default size.")] = "gin",
) -> None:
    """Print the times as one JSON object."""
    typer.echo(json.dumps({**run_speed_ranking(int(count), processes, encoder), "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    typer.run(main)
