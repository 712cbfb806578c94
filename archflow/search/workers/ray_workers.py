"""Workers on a Ray cluster: actors on any of its machines (the extra `ray`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from archflow.graph import Architecture
from archflow.search.evaluators.base import checked, failure_of, points
from archflow.search.workers.base import Finished, Job, Workers, is_last
from archflow.workers import connected_ray


def ray_workers(count: int, address: str | None = None, **options: Any) -> Callable[[Job, float], Workers]:
    """Return a `workers` argument for `Study` that evaluates on a Ray cluster.

    Args:
        count: Number of parallel evaluations.
        address: Address of the cluster, as for `ray.init`; None for the one that Ray is connected to, or a local one.
        options: Options of every actor, such as `num_cpus` and `num_gpus`.

    Raises:
        ArchflowError: If Ray is not installed.
    """
    connected_ray("evaluation", address)
    return lambda job, elapsed: RayWorkers(job, count, elapsed, options)


@dataclass
class _Actor:
    """An actor, the evaluation it is running, and the reference to its next answer."""

    place: int
    handle: Any
    busy: Finished | None = None
    task: tuple[Architecture, int] | None = None
    answer: Any = None
    since: float = 0.0
    ready: bool = False


class RayWorkers(Workers):
    """A fixed number of actors, each with a copy of the evaluator.

    An actor that dies or hangs loses only its evaluation.

    Args:
        job: What the workers do.
        count: Number of actors.
        elapsed: Seconds that the search took before this run.
        options: Options of every actor.
    """

    def __init__(self, job: Job, count: int, elapsed: float, options: dict[str, Any]) -> None:
        import ray  # pyright: ignore[reportMissingImports]  # an extra

        self.ray, self.job, self._begin = ray, job, time.monotonic() - elapsed
        self._kind = ray.remote(**{"num_cpus": 1, **options, "max_restarts": 0})(_Evaluating)
        self._actors = [_Actor(place, self._new()) for place in range(count)]

    @property
    def clock(self) -> float:
        return time.monotonic() - self._begin

    @property
    def free(self) -> int:
        return sum(each.busy is None for each in self._actors)

    def start(self, number: int, architecture: Architecture, seed: int) -> None:
        actor = next(each for each in self._actors if each.busy is None)
        actor.busy, actor.task = Finished(number, actor.place, self.clock), (architecture, seed)
        self._begin_with(actor)

    def wait(self) -> Sequence[Finished]:
        busy = {each.answer: each for each in self._actors if each.busy is not None}
        now, limit = time.monotonic(), self.job.timeout
        ends = [each.since + limit for each in busy.values() if each.ready] if limit is not None else []
        left = max(min(ends) - now, 0.0) + 0.01 if ends else None
        ready, _ = self.ray.wait(list(busy), num_returns=1, timeout=left)
        found = [self._answered(busy[answer]) for answer in ready]
        if limit is not None:
            waiting = [each for answer, each in busy.items() if answer not in ready and each.ready]
            late = [each for each in waiting if time.monotonic() > each.since + limit]
            found += [self._lost(each, f"no result after {limit:g} s") for each in late]
        return [each for each in found if each is not None]

    def close(self) -> None:
        for each in self._actors:
            self.ray.kill(each.handle)

    def _new(self) -> Any:
        return self._kind.remote(self.job.evaluate, self.job.needed)

    def _begin_with(self, actor: _Actor) -> None:
        """Start an actor's task.

        If the actor is still starting, wait for it; this does not count towards the time limit.
        """
        actor.since = time.monotonic()
        actor.answer = actor.handle.begin.remote(*(actor.task or ())) if actor.ready else actor.handle.ready.remote()

    def _answered(self, actor: _Actor) -> Finished | None:
        finished = actor.busy
        assert finished is not None, "an answer to what was not asked"
        try:
            epochs, metrics, failure = self.ray.get(actor.answer)
        except self.ray.exceptions.RayActorError:
            return self._lost(actor, "its worker died, perhaps for lack of memory")
        except self.ray.exceptions.RayError as error:
            return self._lost(actor, failure_of(error))
        if not actor.ready:
            actor.ready = True
            self._begin_with(actor)
            return None
        if failure:
            finished.fail(failure)
        elif epochs is None and not finished.curve:
            finished.fail("the evaluation gave no metrics")
        elif epochs is not None:
            finished.point(epochs, metrics)
            if not is_last(self.job.evaluate, epochs):
                finished.stopped = self.job.watch(finished)
                if not finished.stopped:
                    actor.answer = actor.handle.next.remote()
                    return None
        return self._ended(actor)

    def _lost(self, actor: _Actor, why: str) -> Finished:
        self.ray.kill(actor.handle)
        actor.handle, actor.ready = self._new(), False
        if actor.busy is not None:
            actor.busy.fail(why)
        return self._ended(actor)

    def _ended(self, actor: _Actor) -> Finished:
        finished, actor.busy, actor.answer = actor.busy, None, None
        assert finished is not None, "only what runs can end"
        finished.end = self.clock
        return finished


class _Evaluating:
    """The actor: runs an evaluation point by point. Each answer is (epochs, metrics, failure)."""

    def __init__(self, evaluate: Any, needed: tuple[str, ...]) -> None:
        self.evaluate, self.needed = evaluate, needed

    def ready(self) -> tuple[int | None, dict[str, float], str]:
        """Return an empty answer, once the actor has started."""
        return None, {}, ""

    def begin(self, architecture: Architecture, seed: int) -> tuple[int | None, dict[str, float], str]:
        """Start an evaluation and return its first point."""
        self._points = points(self.evaluate, architecture, seed)
        return self.next()

    def next(self) -> tuple[int | None, dict[str, float], str]:
        """Return the next point; epochs is None if there is none."""
        try:
            for epochs, metrics in self._points:
                return epochs, checked(metrics, self.needed), ""
        except Exception as error:  # whatever the user's evaluation raises is reported, and the search continues
            return None, {}, failure_of(error)
        return None, {}, ""
