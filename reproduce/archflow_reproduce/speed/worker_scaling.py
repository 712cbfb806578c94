"""How much faster two workers rank a search space than one: archflow's own processes, and Ray's."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archflow.recipes.ranking.chunks import Run
from archflow.recipes.ranking.ray_chunks import ray_chunks
from archflow.recipes.ranking.stream import rank_space
from archflow.spaces import DARTS
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.speed.ranking import fitted

WARM_UP = 20_000
"""Cells that are ranked before the clock starts: Ray starts its workers, which import archflow."""


def run_worker_scaling(
    count: int,
    workers: tuple[int, ...] = (1, 2),
    encoder: str = "mlp",
    on_step: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Rank DARTS cells with each number of workers, by the clock.

    Args:
        count: How many cells.
        workers: Numbers of workers.
        encoder: The predictor's encoder, of its default size.
        on_step: Called with a short description before each step.

    Returns:
        `seconds`: by kind and number of workers, the seconds of a ranking, with the start of archflow's processes.
            Ray is left out if it is not installed.
    """
    kinds = {"processes": _processes, "ray": _ray}
    if importlib.util.find_spec("ray") is None:
        del kinds["ray"]
    seconds: dict[str, dict[str, float]] = {name: {} for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        fitted(encoder).save(folder)
        for name, kind in kinds.items():
            for number in workers:
                on_step(f"{name}, {number}")
                with kind(number) as taken:
                    _seconds(folder, WARM_UP, taken)
                    seconds[name][str(number)] = round(_seconds(folder, count, taken), 2)
    return {
        "seconds": seconds,
        "config": {"count": count, "encoder": encoder, "space": DARTS.name},
        "machine": machine(),
    }


@contextmanager
def _processes(number: int) -> Iterator[int]:
    """So many processes of archflow's own."""
    yield number


@contextmanager
def _ray(number: int) -> Iterator[Run]:
    """A local cluster of so many workers."""
    import ray  # pyright: ignore[reportMissingImports]  # an extra

    ray.init(num_cpus=number, include_dashboard=False, log_to_driver=False)
    try:
        yield ray_chunks(number)
    finally:
        ray.shutdown()


def _seconds(folder: str, count: int, workers: int | Run) -> float:
    began = time.perf_counter()
    rank_space(Path(folder), DARTS(), count, top=10, workers=workers)
    return time.perf_counter() - began
