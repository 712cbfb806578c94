"""Pre-training runs side by side, one a process: on few cores they use the machine better than threads within one."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray

from archflow.encoders.saved import save_encoder
from archflow.graph import ArchitectureSet
from archflow.pretext import PRETEXT_TASKS, PretextTask, pretrain
from archflow.progress import progress_bar
from archflow.seeding import seeded

if TYPE_CHECKING:
    from archflow.bench.fgp import Protocol

TASKS = {"proxy": "proxy_ranking", "flow": "flow", "fgp": "fgp"}
"""The pretext task of every method of the protocol."""


@dataclass(frozen=True)
class PretrainingJob:
    """One encoder to pre-train by a method of the protocol with a model seed. path: where it goes when done."""

    protocol: Protocol
    method: str
    seed: int
    path: Path

    def task(self, dim: int) -> PretextTask:
        """The method's pretext task."""
        name = TASKS[self.method]
        with seeded(self.seed, 2):
            return PRETEXT_TASKS.get(name)(dim, self.protocol.pretext)


def run_jobs(
    jobs: Sequence[PretrainingJob], architectures: ArchitectureSet, proxies: Mapping[str, NDArray], processes: int
) -> None:
    """Run the jobs whose encoder is not there yet, `processes` at a time."""
    waiting = [job for job in jobs if not job.path.exists()]
    if not waiting:
        return
    processes = max(1, min(processes, len(waiting)))
    threads = max(1, (os.cpu_count() or 1) // processes)
    context = multiprocessing.get_context("spawn")
    epochs = context.Value("q", 0)
    total = sum(job.protocol.pretrain.epochs for job in jobs)
    behind = total - sum(job.protocol.pretrain.epochs for job in waiting)
    initial = (threads, epochs, architectures, dict(proxies))
    with (
        ProcessPoolExecutor(processes, context, _prepare, initial) as executor,
        progress_bar("pre-training", total, behind) as bar,
    ):
        futures = [executor.submit(_run, job) for job in waiting]
        shown = 0
        while True:
            finished = all(future.done() for future in futures)
            now = epochs.value
            bar.advance(now - shown)
            shown = now
            failed = next((f for f in futures if f.done() and f.exception()), None)
            if failed is not None:
                executor.shutdown(wait=False, cancel_futures=True)
                failed.result()
            if finished:
                return
            time.sleep(0.2)


_shared: dict[str, Any] = {}


def _prepare(threads: int, epochs: Any, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> None:
    torch.set_num_threads(threads)
    _shared.update(epochs=epochs, architectures=architectures, proxies=proxies)


def _run(job: PretrainingJob) -> None:
    from archflow.bench.fgp import fresh_encoder

    architectures, epochs = _shared["architectures"], _shared["epochs"]
    encoder = fresh_encoder(job.protocol, len(architectures.vocabulary), job.seed)
    state = job.path.with_suffix(".state")
    before = 0

    def on_epoch(epoch: int, losses: Mapping[str, float]) -> None:
        nonlocal before
        with epochs.get_lock():
            epochs.value += epoch - before
        before = epoch

    settings = replace(job.protocol.pretrain, seed=job.seed)
    losses = pretrain(
        encoder, job.task(encoder.dim), architectures, _shared["proxies"], settings, state, on_epoch=on_epoch
    )
    save_encoder(job.path, encoder, architectures.vocabulary, method=job.method, losses=losses)
    state.unlink(missing_ok=True)
