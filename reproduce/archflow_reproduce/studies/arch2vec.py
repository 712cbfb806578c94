"""arch2vec by its paper's measures: reconstruction of architectures, and validity of random codes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.data.benchmarks import Benchmark
from archflow.encoders import ENCODERS, Embedder, Encoder
from archflow.encoders.layers import mean_pool
from archflow.encoders.preparation import Preparation
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.table import Table
from archflow.pretext import PretrainSettings, VariationalGraphAutoEncoder, pretrain
from archflow.recipes.presets import preset_of
from archflow.report.projection import principal_components
from archflow.search.decoder import valid_of
from archflow.seeding import seeded
from archflow.spaces import SPACES, SearchSpace
from archflow_reproduce.speed.machine import machine

TRAIN_SHARE = 0.9
PUBLISHED_EPOCHS = {"nasbench101": 8}
"""Published numbers of epochs that are not 10."""

_BATCH_SIZE = 1024


@dataclass(frozen=True)
class Protocol:
    """What to measure, by default as published.

    Attributes:
        data: The table's name.
        benchmark: The benchmark of the table.
        metric: Colours the map; has no other effect.
        samples: Number of codes to draw.
        batch_size, learning_rate: Of pre-training; weight decay is 0, so that AdamW equals the published Adam.
        whole_space: Use all architectures of the search space, not only those of the table.
    """

    data: str
    benchmark: Benchmark
    encoder: str = "arch2vec"
    metric: str = ""
    epochs: int = 10
    samples: int = 10_000
    seed: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-3
    whole_space: bool = False

    @property
    def config(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "benchmark"}

    @property
    def pretraining(self) -> PretrainSettings:
        return PretrainSettings(self.epochs, self.batch_size, self.learning_rate, 0.0, self.seed)


def published_arch2vec(
    data: str, benchmark: Benchmark | None, encoder: str, *, metric: str | None, epochs: int | None, **others: Any
) -> Protocol:
    """The protocol with the published settings, unless overridden by an argument.

    Args:
        data: The table's name.
        benchmark: The benchmark of the table.
        encoder: The registered name of the encoder.
        metric: The metric that colours the map; None for the benchmark's own.
        epochs: The number of epochs of pre-training; None for the published one.
        others: Further fields of `Protocol`.

    Raises:
        ArchflowError: If the table is not a benchmark.
    """
    if benchmark is None:
        raise ArchflowError(f"{data}: not a named benchmark, so its search space is unknown; see `archflow data list`")
    epochs = PUBLISHED_EPOCHS.get(benchmark.name, 10) if epochs is None else epochs
    return Protocol(benchmark.name, benchmark, encoder, metric or benchmark.metric, epochs, **others)


@dataclass(frozen=True)
class LatentMap:
    """All N architectures of a table on the first two principal components of their embeddings.

    Attributes:
        places: (N, 2) coordinates.
        shares: (2,) fractions of the variance.
        metric: (N,) measured values, NaN where not measured.
        architectures: The N architectures.
    """

    places: NDArray[np.float64]
    shares: NDArray[np.float64]
    metric: NDArray[np.float64]
    architectures: ArchitectureSet


def run_arch2vec(
    protocol: Protocol,
    table: Table,
    checkpoint: Path | None = None,
    on_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> tuple[dict[str, Any], LatentMap]:
    """Pre-train on 90 % of the rows, evaluate on the others and on samples, and embed all.

    The seed determines the held-out rows. The released code holds out the last tenth of tables whose order is
    arbitrary; archflow's tables may be sorted, by size or by a metric.

    Args:
        protocol: What to measure.
        table: The table.
        checkpoint: As in `pretrain`; the same call resumes from it.
        on_epoch: As in `pretrain`.

    Returns:
        The result as JSON values, and the map. `epoch_cpu_seconds` is the median over the epochs of this call, None if
        there was nothing left to train.

    Raises:
        ArchflowError: If the table has fewer than ten rows or lacks the metric, or the benchmark's search space is
            unknown or, if all of it is requested, too large.
    """
    space = SPACES.get(protocol.benchmark.space)()
    if protocol.whole_space:
        table = whole_space(table, space)
    architectures, metric = table.architectures, table.metric(protocol.metric or protocol.benchmark.metric)
    first = int(TRAIN_SHARE * len(table))
    if first == len(table) or first == 0 or len(table) < 10:
        raise ArchflowError(f"{protocol.data}: {len(table)} architectures are too few to hold a tenth out; give 10")
    order = np.random.default_rng(protocol.seed).permutation(len(table))
    train, held_out = architectures.select(order[:first]), architectures.select(order[first:])
    with seeded(protocol.seed):
        config = preset_of(protocol.benchmark).published(protocol.encoder).config
        encoder = ENCODERS.get(protocol.encoder)(n_ops=len(architectures.vocabulary), **config)
        task = VariationalGraphAutoEncoder(encoder)
    ends: list[float] = []

    def timed(epoch: int, losses: dict[str, float]) -> None:
        ends.append(time.process_time())
        if on_epoch is not None:
            on_epoch(epoch, losses)

    embedder = Embedder(encoder, Preparation(architectures.vocabulary))
    trained = pretrain(embedder, task, train, settings=protocol.pretraining, checkpoint=checkpoint, on_epoch=timed)
    task.eval()
    samples = task.sample(encoder, train, protocol.samples, np.random.default_rng(protocol.seed))
    places, shares = principal_components(latent_vectors(encoder, task, architectures))
    result = {
        "data": protocol.data,
        "space": space.name,
        "encoder": protocol.encoder,
        "metric": protocol.metric or protocol.benchmark.metric,
        "whole_space": protocol.whole_space,
        "train": len(train),
        "held_out": len(held_out),
        "epochs": protocol.epochs,
        "batch_size": protocol.batch_size,
        "learning_rate": protocol.learning_rate,
        "seed": protocol.seed,
        "losses": trained.history["losses"],
        "reconstruction": reconstruction(encoder, task, held_out),
        "samples": sample_quality(space, samples),
        "epoch_cpu_seconds": round(float(np.median(np.diff(ends))), 3) if len(ends) > 1 else None,
        "config": {**protocol.config, "encoder_config": encoder.config},
        "machine": machine(),
    }
    return result, LatentMap(places, shares, metric, architectures)


def whole_space(table: Table, space: SearchSpace) -> Table:
    """All architectures of a space that can be enumerated, with the metrics of the table's architectures.

    Isomorphic architectures count as one, and the first of their rows is used. Raises ArchflowError if the space is too
    large.
    """
    everything = space.enumerate()
    hashes, first = np.unique(table.architectures.hashes, return_index=True)
    place = np.searchsorted(hashes, everything.hashes).clip(max=len(hashes) - 1)
    known = hashes[place] == everything.hashes
    return Table(everything, {name: np.where(known, v[first[place]], np.nan) for name, v in table.metrics.items()})


@torch.no_grad()
def reconstruction(
    encoder: Encoder, task: VariationalGraphAutoEncoder, architectures: ArchitectureSet
) -> dict[str, float | None]:
    """How well the architectures can be reconstructed from their mean codes.

    `operation_accuracy`: fraction of nodes whose most likely operation is correct. `adjacency_accuracy`: fraction of
    unordered pairs of nodes for which the presence of an edge is predicted correctly, at probability 1/2.
    `edge_probability`, `non_edge_probability`: mean probability of an edge on pairs with and without one; None if there
    is no such pair. Padding is excluded; the released code counts it as nodes of the first operation and pairs without
    edge.
    """
    sums = np.zeros(
        7
    )  # nodes, correct; correct pairs; pairs with an edge, sum of their p; pairs without, sum of theirs
    for batch in _batches(architectures):
        operations, p = task.reconstruct(encoder, batch)
        there = batch.padded.mask
        pairs = (there[:, :, None] & there[:, None]).triu(1)
        joined = (batch.dense_edges | batch.dense_edges.transpose(1, 2)) & pairs
        others = pairs & ~joined
        right = (p > 0.5) == joined
        sums += [
            len(batch.op),
            int((operations.argmax(1) == batch.op).sum()),
            int((right & pairs).sum()),
            int(joined.sum()),
            float(p[joined].double().sum()),
            int(others.sum()),
            float(p[others].double().sum()),
        ]
    nodes, operations_right, pairs_right, edges, on_edges, gaps, on_gaps = sums.tolist()
    return {
        "operation_accuracy": _share(operations_right, nodes),
        "adjacency_accuracy": _share(pairs_right, edges + gaps),
        "edge_probability": _share(on_edges, edges),
        "non_edge_probability": _share(on_gaps, gaps),
    }


def sample_quality(space: SearchSpace, samples: ArchitectureSet) -> dict[str, Any]:
    """How many samples are of the space, and how many of these are distinct.

    Nodes on no path from input to output are dropped first, as in NAS-Bench-101's validity check; NAS-Bench-201 cells
    have no such nodes. `validity`: fraction of the samples that the space then contains. `uniqueness`: number of
    distinct isomorphism hashes among the valid ones, as a fraction; None if none is valid.
    """
    valid = valid_of(space, samples)
    distinct = len(np.unique(valid.hashes))
    return {
        "count": len(samples),
        "valid": len(valid),
        "distinct": distinct,
        "validity": _share(len(valid), len(samples)),
        "uniqueness": _share(distinct, len(valid)),
    }


@torch.no_grad()
def latent_vectors(
    encoder: Encoder, task: VariationalGraphAutoEncoder, architectures: ArchitectureSet
) -> NDArray[np.float32]:
    """(N, k) the mean over nodes of each architecture's mean codes."""
    parts = [mean_pool(task.code(encoder, batch)[0], batch) for batch in _batches(architectures)]
    return torch.cat(parts).numpy()


def _batches(architectures: ArchitectureSet):
    rows = np.arange(len(architectures))
    return (Batch(architectures, rows[first : first + _BATCH_SIZE]) for first in range(0, len(rows), _BATCH_SIZE))


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
