"""The encoders that a protocol compares: untrained, and pre-trained by each of its methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from archflow.checkpoint import fingerprint
from archflow.data.joined import Unlabelled
from archflow.encoders import ENCODERS, Encoder
from archflow.encoders.embedder import Embedder
from archflow.encoders.pretrained import load
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.pretext.jobs import PretrainingJob, run_jobs
from archflow.pretext.named import updated
from archflow.seeding import seeded
from archflow_reproduce.protocol.methods import LEARNED, is_encoder, pretext_of, pretrained_methods
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.runs import model_seed


def file_name(protocol: Protocol, method: str) -> str:
    """A file name for the method that also encodes settings which the protocol's folder name does not."""
    if is_encoder(method):
        return f"{Path(method).stem}-{fingerprint(*load(method).encoder.parameters())}"
    return f"{method}-{protocol.teacher.key}" if method == LEARNED else method.replace("*", "x").replace(" ", "")


def fresh_encoder(protocol: Protocol, vocabulary: Vocabulary, seed: int) -> Encoder:
    """The untrained encoder of a model seed."""
    with seeded(seed):
        encoder = ENCODERS.get(protocol.encoder)(n_ops=len(vocabulary), **protocol.encoder_config)
    encoder.describe(vocabulary)
    return encoder


def pretrained_encoders(
    protocol: Protocol,
    unlabelled: Unlabelled,
    teachers: Sequence[Path],
    folder: Path,
    processes: int,
    on_wait: Callable[[], None],
) -> tuple[dict[str, list[Encoder]], dict[str, float]]:
    """Pre-train the encoders of all methods with a pretext task. Runs of one model seed share an encoder.

    Args:
        protocol: The protocol.
        unlabelled: The architectures to pre-train on.
        teachers: Encoder files, one per run, if `LEARNED` is among the methods, which then has one encoder per run.
        folder: Cache of encoders; existing ones are not trained again.
        processes: Number of parallel trainings.
        on_wait: Called repeatedly while waiting.

    Returns:
        The encoder of each run by method, and the seconds per epoch of its pre-training, median over epochs, mean over
        encoders.
    """
    jobs = {
        method: [_job(protocol, method, run, teachers, folder) for run in range(protocol.runs)]
        for method in pretrained_methods(protocol.methods)
    }
    distinct = {job.path: job for run in zip(*jobs.values(), strict=True) for job in run}
    run_jobs(list(distinct.values()), unlabelled.architectures, unlabelled.proxies, processes, on_wait)
    trained = {path: Embedder.load(path) for path in distinct}
    seconds = {
        method: [trained[path].history["epoch_s"] for path in dict.fromkeys(job.path for job in each)]
        for method, each in jobs.items()
    }
    encoders = {method: [trained[job.path].encoder for job in each] for method, each in jobs.items()}
    return encoders, {method: round(float(np.mean(each)), 3) for method, each in seconds.items()}


def ready_encoder(method: str, architectures: ArchitectureSet) -> tuple[Encoder, ArchitectureSet]:
    """The pre-trained encoder that a method names (`is_encoder`), and the architectures in its vocabulary and view.

    Raises:
        ArchflowError: If the encoder does not know an operation.
    """
    embedder = load(method)
    return embedder.encoder, embedder.prepare(architectures)


def _job(protocol: Protocol, method: str, run: int, teachers: Sequence[Path], folder: Path) -> PretrainingJob:
    """The pre-training job of a run's encoder."""
    seed = model_seed(run)
    (task, pretext), which = pretext_of(method, protocol.proxies, protocol.pretext), f"{seed}"
    if method == LEARNED:
        pretext = updated(pretext, {task: {"surrogate": {"encoder": str(teachers[run])}}})
        which = f"{protocol.runs}-{run}"
    return PretrainingJob(
        protocol.encoder,
        protocol.encoder_config,
        task,
        pretext,
        replace(protocol.pretrain, seed=seed),
        folder / f"{file_name(protocol, method)}-{which}.encoder",
        protocol.view,
    )
