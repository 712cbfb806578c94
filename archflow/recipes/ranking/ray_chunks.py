"""Scoring chunks on a Ray cluster (the extra `ray`)."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from archflow.errors import ArchflowError
from archflow.recipes.ranking.chunks import AHEAD, Run, in_order
from archflow.recipes.ranking.scoring import Job, Scored, Scorer, one_thread
from archflow.workers import connected_ray


def ray_chunks(count: int, address: str | None = None, **options: Any) -> Run:
    """Return a `workers` argument for `rank_space` that scores on a Ray cluster, one task per chunk.

    Ray repeats the task of a worker that dies. The predictor's files are sent to the machines, which need no common
    file system.

    Args:
        count: How many workers to keep busy.
        address: Address of the cluster, as for `ray.init`; None for the one that Ray is connected to, or a local one.
        options: Options of every task, such as `num_cpus` and `num_gpus`.

    Raises:
        ArchflowError: If Ray is not installed.
    """
    ray = connected_ray("ranking", address)

    def run(job: Job, chunks: range) -> Generator[Scored]:
        if not isinstance(job.predictor, Path):
            raise ArchflowError("ranking on a cluster: the predictor has no folder; save it and give the folder")
        score = ray.remote(**{"num_cpus": 1, **options, "max_retries": -1})(_score)
        name, parcel = uuid4().hex, ray.put((job, contents(job.predictor)))
        return in_order(lambda number: score.remote(name, [parcel], number).future(), chunks, AHEAD * count)

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def unpacked(job: Job, files: Mapping[str, bytes]) -> Scorer:
    """A scorer with the predictor in these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        return Scorer(replace(job, predictor=Path(folder)))


_scorers: dict[str, Scorer] = {}
"""The scorer of the last ranking in this worker, by the ranking's name."""


def _score(name: str, parcel: list[Any], number: int) -> Scored:
    if name not in _scorers:
        import ray  # pyright: ignore[reportMissingImports]  # an extra

        _scorers.clear()
        _scorers[name] = unpacked(*ray.get(parcel[0]))
    with one_thread():
        return _scorers[name](number)
