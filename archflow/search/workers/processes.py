"""Workers that are processes on this machine: one that hangs or dies loses its evaluation, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.search.evaluators.base import SearchEvaluator, checked, failure_of, points
from archflow.search.workers.base import Finished, Job, Workers, is_last
from archflow.workers import begin_worker, interrupts_held_back

GRACE = 5.0
"""Grace period in seconds for an evaluator that enforces the time limit itself."""

_NOT_SENT = "the evaluator cannot be sent to another process ({}); take a function of a module, or workers=0"
_NOT_STARTED = (
    'worker processes cannot start: begin a script\'s work under `if __name__ == "__main__":` and take the '
    "evaluator from a module, or workers=0"
)


class _Process:
    """A process, and the evaluation it is running."""

    def __init__(self, place: int, job: Job, evaluate: Any) -> None:
        self.place, self.job, self.evaluate = place, job, evaluate
        self.busy: Finished | None = None
        self._spawn()

    def _spawn(self) -> None:
        context = get_context("spawn")
        self.connection, other = context.Pipe()
        arguments = (other, self.evaluate, self.job.needed)
        self.process: BaseProcess = context.Process(target=_serve, args=arguments)
        try:
            with interrupts_held_back():
                self.process.start()
        except Exception as error:  # pickling raises many kinds of error
            raise ArchflowError(_NOT_SENT.format(failure_of(error))) from None
        finally:
            other.close()
        self.ready, self.since = False, 0.0

    def send(self, content: object) -> None:
        with suppress(OSError):  # it has died, which `wait` reports
            self.connection.send(content)

    def end(self, *, at_once: bool) -> None:
        """Stop the process, and give it a moment to stop its child processes."""
        self.connection.close()
        if not at_once:
            self.process.terminate()
            self.process.join(2)
        self.process.kill()
        self.process.join()

    def renew(self, *, at_once: bool = False) -> None:
        """Replace the process by a new one."""
        self.end(at_once=at_once)
        self._spawn()


class ProcessWorkers(Workers):
    """A fixed number of processes, each with a copy of the evaluator.

    Args:
        job: What the workers do.
        count: Number of processes.
        elapsed: Seconds that the search took before this run.

    Raises:
        ArchflowError: If the evaluator cannot be sent to other processes.
    """

    def __init__(self, job: Job, count: int, elapsed: float = 0.0) -> None:
        self.job, self._begin = job, time.monotonic() - elapsed
        evaluate, self._limit = job.evaluate, job.timeout
        if job.timeout is not None and isinstance(evaluate, SearchEvaluator):
            limited = evaluate.limited(job.timeout)
            self._limit = job.timeout + (GRACE if limited is not evaluate else 0.0)
            evaluate = limited
        self._processes: list[_Process] = []
        try:
            for place in range(count):
                self._processes.append(_Process(place, job, evaluate))
        except BaseException:
            self.close()
            raise

    @property
    def clock(self) -> float:
        return time.monotonic() - self._begin

    @property
    def free(self) -> int:
        return sum(each.busy is None for each in self._processes)

    def start(self, number: int, architecture: Architecture, seed: int) -> None:
        process = next(each for each in self._processes if each.busy is None)
        process.busy = Finished(number, process.place, self.clock)
        process.since = time.monotonic()
        process.send((architecture, seed))

    def wait(self) -> Sequence[Finished]:
        known = {each.connection: each for each in self._processes}
        ready = wait(list(known), self._patience())
        ended = [finished for connection in ready if (finished := self._received(known[connection])) is not None]  # type: ignore[index]
        ended += [finished for each in self._processes if (finished := self._late(each)) is not None]
        return ended

    def close(self) -> None:
        for each in self._processes:
            each.end(at_once=False)

    def _patience(self) -> float | None:
        if self._limit is None:
            return None
        left = [each.since + self._limit - time.monotonic() for each in self._processes if each.busy and each.ready]
        return max(min(left, default=60.0), 0.0) + 0.01

    def _received(self, process: _Process) -> Finished | None:
        try:
            kind, *content = process.connection.recv()
        except (EOFError, OSError):
            return self._died(process)
        if kind == "ready":
            process.ready, process.since = True, time.monotonic()
            return None
        finished = process.busy
        assert finished is not None, "an answer to what was not asked"
        if kind == "point":
            finished.point(*content)
            last = is_last(self.job.evaluate, finished.epochs)
            finished.stopped = not last and self.job.watch(finished)
            process.send(not finished.stopped)
            return None
        (failure,) = content
        if failure or not finished.curve:
            finished.fail(failure or "the evaluation gave no metrics")
        return self._ended(process)

    def _died(self, process: _Process) -> Finished | None:
        process.process.join(2)
        code = process.process.exitcode
        if not process.ready:
            raise ArchflowError(_NOT_STARTED)
        process.renew(at_once=True)
        if process.busy is None:
            return None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        why = ", perhaps for lack of memory" if code == -signal.SIGKILL else ""
        process.busy.fail(f"its worker process died ({how}){why}")
        return self._ended(process)

    def _late(self, process: _Process) -> Finished | None:
        late = self._limit is not None and time.monotonic() > process.since + self._limit
        if not (late and process.busy is not None and process.ready) or process.connection.poll():
            return None
        process.busy.fail(f"no result after {self.job.timeout:g} s")
        process.renew()
        return self._ended(process)

    def _ended(self, process: _Process) -> Finished:
        finished, process.busy = process.busy, None
        assert finished is not None, "only what runs can end"
        finished.end = self.clock
        return finished


class _Ended(SystemExit):
    """Raised on SIGTERM, so that the evaluation's child processes are stopped too."""


def _end(*_: object) -> None:
    raise _Ended


def _serve(connection: Connection, evaluate: Any, needed: tuple[str, ...]) -> None:
    """The main loop of a worker process: evaluate until the parent exits or closes the connection."""
    signal.signal(signal.SIGTERM, _end)
    begin_worker(grace=2.0)
    os.dup2(2, 1)  # the evaluation's output must not mix with the command's
    with suppress(_Ended, EOFError, OSError):
        connection.send(("ready",))
        while True:
            architecture, seed = connection.recv()
            connection.send(("done", _evaluated(connection, evaluate, needed, architecture, seed)))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is running


def _evaluated(
    connection: Connection, evaluate: Any, needed: tuple[str, ...], architecture: Architecture, seed: int
) -> str:
    """Evaluate and send every point to the parent; returns why it failed, or ""."""
    try:
        for epochs, metrics in points(evaluate, architecture, seed):
            connection.send(("point", epochs, checked(metrics, needed)))
            if not connection.recv():
                break
    except _Ended:
        raise
    except (
        Exception,
        SystemExit,
    ) as error:  # whatever the user's evaluation raises is reported, and the search continues
        return failure_of(error)
    return ""
