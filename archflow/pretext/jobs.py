"""Pre-training runs side by side, one a process: on few cores they use the machine better than threads within one."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from archflow.encoders import ENCODERS, Encoder
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.pretext.base import PretextSettings, PretextTask
from archflow.pretext.named import make_task, vocabulary_for
from archflow.pretext.pretrain import PretrainSettings, pretrain
from archflow.progress import Progress, progress_bar
from archflow.seeding import seeded
from archflow.workers import begin_worker


@dataclass(frozen=True)
class PretrainingJob:
    """One encoder to pre-train.

    encoder: its registered name. config: its arguments besides n_ops. task: as `make_task` reads it. settings: with the
    seed of weights, decoders and order. path: where the encoder goes when done; the state of an unfinished one lies
    beside. view: the form in which the encoder sees architectures (`archflow.graph.effective.VIEWS`).
    """

    encoder: str
    config: Mapping[str, Any]
    task: str
    pretext: PretextSettings
    settings: PretrainSettings
    path: Path
    view: str = "whole"

    def fresh(self, n_ops: int) -> tuple[Encoder, PretextTask]:
        """The untrained encoder, and its task."""
        with seeded(self.settings.seed):
            encoder = ENCODERS.get(self.encoder)(n_ops=n_ops, **self.config)
        with seeded(self.settings.seed, 2):
            return encoder, make_task(self.task, encoder, self.pretext)


def run_jobs(
    jobs: Sequence[PretrainingJob],
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
    processes: int,
    on_wait: Callable[[], None] = lambda: None,
) -> None:
    """Run the jobs whose encoder is not there yet, `processes` at a time; a single one needs no process but this one.
    on_wait: called again and again meanwhile.

    Raises ArchflowError if a worker process dies.
    """
    waiting = [job for job in jobs if not job.path.exists()]
    processes = min(processes, len(waiting))
    total = sum(job.settings.epochs for job in jobs)
    behind = total - sum(job.settings.epochs for job in waiting)
    if waiting:
        with progress_bar("pre-training", total, behind) as bar:
            if processes > 1:
                _run_beside(waiting, architectures, proxies, processes, bar, on_wait)
                return

            def advance(epochs: int) -> None:
                bar.advance(epochs)
                on_wait()

            for job in waiting:
                _run(job, architectures, proxies, advance)


def _run_beside(
    jobs: Sequence[PretrainingJob],
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
    processes: int,
    bar: Progress,
    on_wait: Callable[[], None],
) -> None:
    """The same in worker processes."""
    context = multiprocessing.get_context("spawn")
    epochs, stop = context.Value("q", 0), context.Event()
    initial = (max(1, torch.get_num_threads() // processes), epochs, stop)
    with ProcessPoolExecutor(processes, context, _prepare, initial) as executor:
        # The architectures go with each job: a process that is sent much while it starts blocks its parent for good if
        # it dies of what a script without a guard does then.
        futures = [executor.submit(_run_in_worker, job, architectures, dict(proxies)) for job in jobs]
        shown = 0
        try:
            while futures:
                bar.advance(epochs.value - shown)
                shown = epochs.value
                done = [future for future in futures if future.done()]
                for future in done:
                    future.result()
                    futures.remove(future)
                on_wait()
                time.sleep(0.2)
        except BaseException as error:  # a failed job or Ctrl-C: let the others end with their epoch, which is kept
            stop.set()
            executor.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, BrokenProcessPool):
                raise ArchflowError(
                    "pre-training: a worker process died, for lack of memory or because the script that called has no "
                    '`if __name__ == "__main__":`; add that, or ask for one process: finished epochs are kept'
                ) from error
            raise


class _Stopped(Exception):
    """Another job failed, or the user pressed Ctrl-C."""


_shared: dict[str, Any] = {}


def _prepare(threads: int, epochs: Any, stop: Any) -> None:
    begin_worker()
    torch.set_num_threads(threads)
    _shared.update(epochs=epochs, stop=stop)


def _run_in_worker(job: PretrainingJob, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> None:
    epochs = _shared["epochs"]

    def advance(count: int) -> None:
        with epochs.get_lock():
            epochs.value += count
        if _shared["stop"].is_set():
            raise _Stopped

    _run(job, architectures, proxies, advance)


def _run(
    job: PretrainingJob,
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
    advance: Callable[[int], None],
) -> None:
    """Train one encoder and write it. advance: told how many epochs came to an end."""
    vocabulary = vocabulary_for(job.task, architectures.vocabulary)
    encoder, task = job.fresh(len(vocabulary))
    state = job.path.with_suffix(".state")
    before = 0
    ends = [time.perf_counter()]

    def on_epoch(epoch: int, losses: Mapping[str, float]) -> None:
        nonlocal before
        ends.append(time.perf_counter())
        before, passed = epoch, epoch - before
        advance(passed)

    embedder = Embedder(encoder, Preparation(vocabulary, job.view))
    known = embedder.prepare(architectures)
    losses = pretrain(encoder, task, known, proxies, job.settings, state, on_epoch=on_epoch)
    # The first interval holds the targets, and of a run that goes on the restored epochs.
    seconds = statistics.median([b - a for a, b in pairwise(ends)][1:] or [ends[-1] - ends[0]])
    embedder.with_history(task=job.task, losses=losses, epoch_s=round(seconds, 3)).save(job.path)
    state.unlink(missing_ok=True)
