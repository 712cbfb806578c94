"""Pre-training runs in parallel, one per process: on few cores this is faster than threads within one run."""

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

from archflow.encoders import create
from archflow.encoders.embedder import Embedder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.pretext.named import Settings, vocabulary_for
from archflow.pretext.pretrain import OnEpoch, PretrainSettings, pretrain
from archflow.progress import LOGGER, Progress, progress_bar
from archflow.workers import begin_worker, ended_on_failure, interrupts_held_back


@dataclass(frozen=True)
class PretrainingJob:
    """One encoder to pre-train.

    Attributes:
        encoder: Its registered name.
        config: Its arguments other than `n_ops` and `n_attributes`.
        task: A task's name; see `make_task`.
        tasks: Settings by task that differ from the defaults.
        settings: The settings of the training, with the seed of weights, decoders and order.
        path: Where the encoder is written.
        view: The form in which the encoder sees architectures (`archflow.graph.effective.VIEWS`).
        positions: Whether it also reads position attributes (`archflow.graph.positions`).
        device: Where to compute.
    """

    encoder: str
    config: Mapping[str, Any]
    task: str
    tasks: Settings
    settings: PretrainSettings
    path: Path
    view: str = "whole"
    positions: bool = False
    device: str = "cpu"

    @property
    def state(self) -> Path:
        """The file that holds the state of the unfinished training."""
        return state_of(self.path)

    def run(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray], on_epoch: OnEpoch) -> Embedder:
        """Train the encoder and return it without writing it.

        The state is written after every epoch; the same call resumes from it.

        Args:
            architectures, proxies, on_epoch: See `pretrain`.
        """
        known = architectures.recoded(vocabulary_for(self.task, architectures.vocabulary))
        shown = {"view": self.view, "positions": self.positions}
        embedder = create(self.encoder, known, **shown, seed=self.settings.seed, **self.config)
        return pretrain(
            *(embedder, self.task, known, proxies, self.settings),
            tasks=self.tasks,
            checkpoint=self.state,
            device=self.device,
            on_epoch=on_epoch,
        )


def state_of(path: Path) -> Path:
    """Path of the training state of the encoder at `path`; unique per encoder."""
    return path.with_name(f"{path.name}.state")


def run_jobs(
    jobs: Sequence[PretrainingJob],
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
    processes: int,
    on_wait: Callable[[], None] = lambda: None,
) -> None:
    """Run all jobs whose encoder does not exist yet, `processes` at a time.

    A single process runs the jobs in the current process. `on_wait` is called repeatedly while waiting.

    Raises:
        ArchflowError: If a worker process died.
    """
    waiting = [job for job in jobs if not job.path.exists()]
    for job in jobs:
        LOGGER.debug("%s: %s", job.path, "pre-training" if job in waiting else "there from an earlier run")
    processes = min(processes, len(waiting))
    total = sum(job.settings.epochs for job in jobs)
    behind = total - sum(job.settings.epochs for job in waiting)
    if waiting:
        with progress_bar("pre-training", total, behind, jobs[0].path.parent) as bar:
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
    """Run jobs in worker processes."""
    context = multiprocessing.get_context("spawn")
    epochs = context.Value("q", 0)
    initial = (max(1, torch.get_num_threads() // processes), epochs)
    with ProcessPoolExecutor(processes, context, _prepare, initial) as executor, ended_on_failure():
        # The architectures are sent with each job: if a large message is sent while a process starts, the parent blocks
        # forever when the process dies, as in a script without a main guard.
        with interrupts_held_back():
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
        except BrokenProcessPool as error:
            raise ArchflowError(
                "pre-training: a worker process died, for lack of memory or because the script that called has no "
                '`if __name__ == "__main__":`; add that, or ask for one process: finished epochs are kept'
            ) from error


_shared: dict[str, Any] = {}


def _prepare(threads: int, epochs: Any) -> None:
    begin_worker()
    torch.set_num_threads(threads)
    _shared.update(epochs=epochs)


def _run_in_worker(job: PretrainingJob, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> None:
    epochs = _shared["epochs"]

    def advance(count: int) -> None:
        with epochs.get_lock():
            epochs.value += count

    _run(job, architectures, proxies, advance)


def _run(
    job: PretrainingJob,
    architectures: ArchitectureSet,
    proxies: Mapping[str, NDArray],
    advance: Callable[[int], None],
) -> None:
    """Train one encoder and write it; `advance` is called with the number of epochs completed."""
    done = 0
    ends = [time.perf_counter()]

    def on_epoch(epoch: int, losses: Mapping[str, float]) -> None:
        nonlocal done
        ends.append(time.perf_counter())
        done, before = epoch, done
        advance(epoch - before)

    trained = job.run(architectures, proxies, on_epoch)
    # The first interval includes computing the targets and, in a resumed run, the restored epochs.
    seconds = statistics.median([b - a for a, b in pairwise(ends)][1:] or [ends[-1] - ends[0]])
    trained.with_history(epoch_s=round(seconds, 3)).save(job.path)
    job.state.unlink(missing_ok=True)
