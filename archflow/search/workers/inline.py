"""A single worker: the current process."""

from __future__ import annotations

import time
from collections.abc import Sequence

from archflow.graph import Architecture
from archflow.search.evaluators.base import checked, failure_of, points
from archflow.search.workers.base import Finished, Job, Workers, is_last


class InlineWorker(Workers):
    """Evaluates in the current process, one architecture at a time.

    It is meant for functions that cannot be sent to another process.

    There is no time limit.

    Args:
        job: What the worker does.
        elapsed: Seconds that the search took before this run.
    """

    def __init__(self, job: Job, elapsed: float = 0.0) -> None:
        self.job, self._begin = job, time.monotonic() - elapsed
        self._waiting: tuple[int, Architecture, int] | None = None

    @property
    def clock(self) -> float:
        return time.monotonic() - self._begin

    @property
    def free(self) -> int:
        return int(self._waiting is None)

    def start(self, number: int, architecture: Architecture, seed: int) -> None:
        self._waiting = (number, architecture, seed)

    def wait(self) -> Sequence[Finished]:
        assert self._waiting is not None, "nothing was begun"
        number, architecture, seed = self._waiting
        self._waiting = None
        finished = Finished(number, 0, self.clock)
        try:
            for epochs, metrics in points(self.job.evaluate, architecture, seed):
                finished.point(epochs, checked(metrics, self.job.needed))
                if not is_last(self.job.evaluate, epochs) and self.job.watch(finished):
                    finished.stopped = True
                    break
            if not finished.curve:
                finished.fail("the evaluation gave no metrics")
        except (
            Exception,
            SystemExit,
        ) as error:  # whatever the evaluation raises is reported, and the search continues
            finished.fail(failure_of(error))
        finished.end = self.clock
        return (finished,)

    def close(self) -> None:
        self._waiting = None
