"""Pre-training runs side by side, one a process: on few cores they use the machine better than threads within one."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray

from archflow.encoders import Encoder
from archflow.encoders.saved import save_encoder
from archflow.graph import ArchitectureSet
from archflow.pretext import PretextTask, make_task, pretrain, vocabulary_for
from archflow.progress import progress_bar
from archflow.seeding import seeded
from archflow.workers import begin_worker

if TYPE_CHECKING:
    from archflow.bench.fgp import Protocol

_SHORT = {"proxy": "proxy_ranking"}


def task_of(method: str) -> str:
    """The pretext task of a method of the protocol: its own name, but for the short `proxy`."""
    return _SHORT.get(method, method)


def file_name(method: str) -> str:
    """The method's name as part of a file's name."""
    return method.replace("*", "x").replace(" ", "")


@dataclass(frozen=True)
class PretrainingJob:
    """One encoder to pre-train by a method of the protocol with a model seed. path: where it goes when done."""

    protocol: Protocol
    method: str
    seed: int
    path: Path

    def task(self, encoder: Encoder) -> PretextTask:
        """The method's pretext task."""
        with seeded(self.seed, 2):
            return make_task(task_of(self.method), encoder, self.protocol.pretext)


def run_jobs(
    jobs: Sequence[PretrainingJob],
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
    processes: int,
    on_wait: Callable[[], None] = lambda: None,
) -> None:
    """Run the jobs whose encoder is not there yet, `processes` at a time. on_wait: called again and again meanwhile."""
    waiting = [job for job in jobs if not job.path.exists()]
    if not waiting:
        return
    processes = max(1, min(processes, len(waiting)))
    threads = max(1, torch.get_num_threads() // processes)
    context = multiprocessing.get_context("spawn")
    epochs, stop = context.Value("q", 0), context.Event()
    total = sum(job.protocol.pretrain.epochs for job in jobs)
    behind = total - sum(job.protocol.pretrain.epochs for job in waiting)
    initial = (threads, epochs, stop, architectures, dict(proxies))
    with (
        ProcessPoolExecutor(processes, context, _prepare, initial) as executor,
        progress_bar("pre-training", total, behind) as bar,
    ):
        futures = [executor.submit(_run, job) for job in waiting]
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
        except BaseException:  # a failed job or Ctrl-C: let the others end with their epoch, which is kept
            stop.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise


class _Stopped(Exception):
    """Another job failed, or the user pressed Ctrl-C."""


_shared: dict[str, Any] = {}


def _prepare(
    threads: int, epochs: Any, stop: Any, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]
) -> None:
    begin_worker()
    torch.set_num_threads(threads)
    _shared.update(epochs=epochs, stop=stop, architectures=architectures, proxies=proxies)


def _run(job: PretrainingJob) -> None:
    from archflow.bench.fgp import fresh_encoder

    architectures, epochs = _shared["architectures"], _shared["epochs"]
    vocabulary = vocabulary_for(task_of(job.method), architectures.vocabulary)
    encoder = fresh_encoder(job.protocol, len(vocabulary), job.seed)
    state = job.path.with_suffix(".state")
    before = 0

    ends = [time.perf_counter()]

    def on_epoch(epoch: int, losses: Mapping[str, float]) -> None:
        nonlocal before
        ends.append(time.perf_counter())
        with epochs.get_lock():
            epochs.value += epoch - before
        before = epoch
        if _shared["stop"].is_set():
            raise _Stopped

    settings = replace(job.protocol.pretrain, seed=job.seed)
    task, known = job.task(encoder), architectures.recoded(vocabulary)
    losses = pretrain(encoder, task, known, _shared["proxies"], settings, state, on_epoch=on_epoch)
    # The first interval holds the targets, and of a run that goes on the restored epochs.
    seconds = statistics.median([b - a for a, b in pairwise(ends)][1:] or [ends[-1] - ends[0]])
    save_encoder(job.path, encoder, vocabulary, method=job.method, losses=losses, epoch_s=round(seconds, 3))
    state.unlink(missing_ok=True)
