"""Number of proposals per second of search methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from archflow.search.base import SEARCHERS
from archflow.search.problem import Problem
from archflow.spaces import SPACES
from archflow_reproduce.speed.timing import CLOCK, Clock, Times

METHODS = ("random", "regularized_evolution")
SPACE_NAMES = ("nasbench201", "nasbench101", "darts", "nats_size")
COUNT = 2_000
"""Architectures per search."""

BATCHES = (100, 1)
"""Batch sizes of `ask`."""

ROUNDS = 3


def run_speed_proposals(clock: Clock = CLOCK) -> dict[str, Any]:
    """Proposals per second of whole searches whose measurements cost nothing.

    Returns:
        `count`: proposals per search. `seconds`: by space, method and batch size, {"min", "median"} of `ROUNDS`
            searches.
    """
    problems = {name: Problem(SPACES.get(name)(), "score") for name in SPACE_NAMES}
    seconds = {
        name: {
            method: {str(batch): _searches(problem, method, batch, clock).rounded(1, 4) for batch in BATCHES}
            for method in METHODS
        }
        for name, problem in problems.items()
    }
    return {"count": COUNT, "seconds": seconds}


def _searches(problem: Problem, method: str, batch: int, clock: Clock) -> Times:
    seconds = []
    for seed in range(ROUNDS):
        values = np.random.default_rng(seed).random(COUNT)
        searcher = SEARCHERS.get(method)(problem, seed)
        began = clock()
        while (done := len(searcher.history)) < COUNT:
            asked = searcher.ask(min(batch, COUNT - done))
            searcher.tell(asked, values[done : done + len(asked)])
        seconds.append(clock() - began)
    return Times(min(seconds), float(np.median(seconds)))
