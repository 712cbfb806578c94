"""arch2vec as its paper judges it: what is rebuilt from codes, and what random codes decode to."""

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
"""Where they are not 10."""

_BATCH_SIZE = 1024


@dataclass(frozen=True)
class Protocol:
    """What to measure, by default as published.

    data: the table's name. benchmark: the one it is. metric: colours the map, and does nothing else. samples: codes
    drawn. batch_size, learning_rate: of pre-training; weight decay is 0, so that AdamW is the published Adam.
    whole_space: take all architectures of the search space, not only those of the table.
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
        """The settings as JSON keeps them."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "benchmark"}

    @property
    def pretraining(self) -> PretrainSettings:
        return PretrainSettings(self.epochs, self.batch_size, self.learning_rate, 0.0, self.seed)


def published_arch2vec(
    data: str, benchmark: Benchmark | None, encoder: str, *, metric: str | None, epochs: int | None, **others: Any
) -> Protocol:
    """The protocol with the published settings, where an argument does not say otherwise.

    Args:
        data: The table's name.
        benchmark: Which one it is.
        encoder: Registered name.
        metric: What colours the map; None for the benchmark's own.
        epochs: Of pre-training; None for the published ones.
        others: Fields of `Protocol`.

    Raises:
        ArchflowError: The table is no benchmark.
    """
    if benchmark is None:
        raise ArchflowError(f"{data}: no named benchmark, so its search space is unknown; see `archflow data list`")
    epochs = PUBLISHED_EPOCHS.get(benchmark.name, 10) if epochs is None else epochs
    return Protocol(benchmark.name, benchmark, encoder, metric or benchmark.metric, epochs, **others)


@dataclass(frozen=True)
class LatentMap:
    """All N architectures of a table on the first two principal components of their embeddings.

    places: (N, 2). shares: (2,) of the variance. metric: (N,) what was measured, NaN where nothing was.
    architectures: the N.
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
    """Pre-train on 90 % of the rows, measure on the others and on samples; embed all.

    The seed decides which rows are held out. The released code takes the last tenth of tables whose order means
    nothing; ours may be sorted, by size or by what was measured.

    checkpoint: as in `pretrain`; the same call goes on from it. The result is what JSON keeps; its
    `epoch_cpu_seconds` is the median over the epochs of this call, None if it had nothing left to train.

    Raises ArchflowError if the table has fewer than ten rows or not the metric, or the benchmark's search space is
    unknown or, where all of it is asked for, too large.
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
    """All architectures of a space that can be enumerated, with the metrics of a table for those that it has.

    Isomorphic architectures are one; of several rows the first counts. Raises ArchflowError if the space is too large.
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
    """How much of the architectures can be read from their mean codes.

    `operation_accuracy`: share of nodes whose likeliest operation is theirs. `adjacency_accuracy`: share of unordered
    pairs of nodes of which it is rightly said, at probability 1/2, whether an edge joins them. `edge_probability`,
    `non_edge_probability`: mean probability of an edge on pairs with one and without; None where there is no such pair.
    Padding counts for nothing; the released code counts it as nodes of the first operation and pairs without edge.
    """
    sums = np.zeros(7)  # nodes, right; pairs right; joined pairs, sum of their p; others, sum of theirs
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
    """How many samples are of the space, and how many of these differ.

    Nodes on no path from input to output are dropped first, as the check of NAS-Bench-101 does; a NAS-Bench-201 cell
    has none. `validity`: share of the samples that the space then contains. `uniqueness`: share of different
    isomorphism hashes among the valid; None if none is.
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
    """(N, k) the mean of an architecture's mean codes."""
    parts = [mean_pool(task.code(encoder, batch)[0], batch) for batch in _batches(architectures)]
    return torch.cat(parts).numpy()


def _batches(architectures: ArchitectureSet):
    rows = np.arange(len(architectures))
    return (Batch(architectures, rows[first : first + _BATCH_SIZE]) for first in range(0, len(rows), _BATCH_SIZE))


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
