"""Simulated workers for tables: measurements are looked up, and the clock advances to when they would have ended."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.search.evaluators.base import Point, checked, failure_of
from archflow.search.workers.base import Finished, Job, Workers, is_last


class SimulatedWorkers(Workers):
    """Several workers on a simulated clock: evaluations end in the order in which they would have ended.

    Args:
        job: What the workers do. The evaluator's `seconds` are the durations.
        free_at: When each worker ended its latest evaluation.
        asked_at: When each trial was asked for, by number: it cannot begin earlier, even on an idle worker.
        elapsed: Seconds that the search took before this run.
    """

    def __init__(self, job: Job, free_at: Sequence[float], asked_at: Mapping[int, float], elapsed: float = 0.0) -> None:
        self.job, self._free_at, self._asked_at = job, list(free_at), asked_at
        self._idle = set(range(len(self._free_at)))
        self._events: list[tuple[float, int, Finished, Iterator[Point] | None]] = []
        self._clock, self._sequence = elapsed, 0

    @property
    def clock(self) -> float:
        return self._clock

    @property
    def free(self) -> int:
        return len(self._idle)

    def start(self, number: int, architecture: Architecture, seed: int) -> None:
        worker = min(self._idle, key=lambda each: (self._free_at[each], each))
        self._idle.remove(worker)
        begin = max(self._free_at[worker], self._asked_at[number])
        self._next(Finished(number, worker, begin), self.job.evaluate.curve(architecture, seed))

    def wait(self) -> Sequence[Finished]:
        time, _, finished, curve = heapq.heappop(self._events)
        self._clock = max(self._clock, time)
        if curve is not None and not is_last(self.job.evaluate, finished.epochs):
            finished.stopped = self.job.watch(finished)
            if not finished.stopped:
                self._next(finished, curve)
                return ()
        finished.end = time
        self._free_at[finished.worker] = time
        self._idle.add(finished.worker)
        return (finished,)

    def close(self) -> None:
        self._events.clear()

    def _next(self, finished: Finished, curve: Iterator[Point]) -> None:
        """Look up the next metrics of an evaluation; an event is scheduled for when they are available."""
        try:
            epochs, metrics = next(curve)
            finished.point(epochs, checked(metrics, self.job.needed))
            left: Iterator[Point] | None = curve
        except ArchflowError as error:
            finished.fail(failure_of(error))
            left = None
        time = finished.begin + finished.metrics.get("seconds", 0.0)
        self._sequence += 1
        heapq.heappush(self._events, (time, self._sequence, finished, left))
