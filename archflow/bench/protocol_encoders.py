"""The encoders that a protocol compares: untrained, and pre-trained by each of its methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from archflow.data.joined import Unlabelled
from archflow.encoders import ENCODERS, Encoder
from archflow.encoders.saved import load_encoder
from archflow.pretext import PretextSettings, proxies_for
from archflow.pretext.jobs import PretrainingJob, run_jobs
from archflow.seeding import seeded

if TYPE_CHECKING:
    from archflow.bench.fgp import Protocol


def task_of(method: str) -> str:
    """The pretext task of a method of the protocol: its own name, but for the short `proxy`."""
    return "proxy_ranking" if method == "proxy" else method


def proxies_of_methods(methods: Sequence[str], pretext: PretextSettings) -> list[str]:
    """The proxies that methods of the protocol look at. Raises ArchflowError for one that is no task."""
    tasks = [task_of(method) for method in methods if method != "supervised"]
    return list(dict.fromkeys(name for task in tasks for name in proxies_for(task, pretext)))


def file_name(method: str) -> str:
    """The method's name as part of a file's name."""
    return method.replace("*", "x").replace(" ", "")


def fresh_encoder(protocol: Protocol, n_ops: int, seed: int) -> Encoder:
    """The untrained encoder of a model seed."""
    with seeded(seed):
        return ENCODERS.get(protocol.encoder)(n_ops=n_ops, **protocol.encoder_config)


def pretrained_encoders(
    protocol: Protocol,
    unlabelled: Unlabelled,
    seeds: Sequence[int],
    folder: Path,
    processes: int,
    on_wait: Callable[[], None],
) -> tuple[dict[str, list[Encoder]], dict[str, float]]:
    """The encoder of each model seed for all methods that pre-train, and the seconds that an epoch of that took, median
    over epochs, mean over seeds. folder: keeps them; what is there is not trained again."""
    jobs = {
        (method, seed): PretrainingJob(
            protocol.encoder,
            protocol.encoder_config,
            task_of(method),
            protocol.pretext,
            replace(protocol.pretrain, seed=seed),
            folder / f"{file_name(method)}-{seed}.encoder",
        )
        for seed in seeds
        for method in protocol.methods
        if method != "supervised"
    }
    run_jobs(list(jobs.values()), unlabelled.architectures, unlabelled.proxies, processes, on_wait)
    encoders: dict[str, list[Encoder]] = {}
    seconds: dict[str, list[float]] = {}
    for (method, _), job in jobs.items():
        encoder, _, history = load_encoder(job.path)
        encoders.setdefault(method, []).append(encoder)
        seconds.setdefault(method, []).append(history["epoch_s"])
    return encoders, {method: round(float(np.mean(each)), 3) for method, each in seconds.items()}
