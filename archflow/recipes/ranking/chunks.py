"""Scoring chunks, in this process or in several; the results always come in the order of the chunks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context

import torch

from archflow.errors import ArchflowError
from archflow.recipes.ranking.scoring import Job, Scored, Scorer, one_thread
from archflow.workers import begin_worker, ended_on_failure

Run = Callable[[Job, range], Generator[Scored]]
"""Scores the chunks of a job with these numbers, and yields the results in their order."""

AHEAD = 2
"""Chunks per worker that are begun before the results of earlier ones have been taken."""

DEATHS = 3
"""How often in a row worker processes may die without a result."""


def in_this_process(job: Job, chunks: range) -> Generator[Scored]:
    """Score one chunk after the other, with one thread."""
    scorer = Scorer(job)
    for number in chunks:
        with one_thread():
            scored = scorer(number)
        yield scored


def processes(count: int) -> Run:
    """Score in `count` processes with one thread each. A process that dies is replaced, and its chunks are repeated."""
    return partial(_in_processes, count) if count > 1 else in_this_process


def in_order(submit: Callable[[int], Future[Scored]], chunks: range, ahead: int) -> Generator[Scored]:
    """Submit chunks, at most `ahead` before the first that is not done, and yield their results in order."""
    pending: deque[Future[Scored]] = deque()
    for number in chunks:
        pending.append(submit(number))
        if len(pending) >= ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _in_processes(count: int, job: Job, chunks: range) -> Generator[Scored]:
    if len(chunks) < 2:  # not worth the start of a process
        yield from in_this_process(job, chunks)
        return
    done = deaths = 0
    while done < len(chunks):
        executor = ProcessPoolExecutor(min(count, len(chunks)), get_context("spawn"), _prepare, (job,))
        try:
            with executor, ended_on_failure():
                for scored in in_order(partial(executor.submit, _score), chunks[done:], AHEAD * count):
                    yield scored
                    done, deaths = done + 1, 0
        except BrokenProcessPool as error:
            deaths += 1
            if deaths == DEATHS:
                raise ArchflowError(
                    "ranking: worker processes died, for lack of memory or because the script that called has no "
                    '`if __name__ == "__main__":`; add that, or ask for one process: finished chunks are kept'
                ) from error


_scorers: list[Scorer] = []


def _prepare(job: Job) -> None:
    begin_worker()
    torch.set_num_threads(1)
    _scorers[:] = [Scorer(job)]


def _score(number: int) -> Scored:
    return _scorers[0](number)
