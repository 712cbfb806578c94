"""What encoders take for graphs as large as those of real models, and which refuse them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archflow.encoders import ENCODERS, Encoder
from archflow.encoders.memory import check_training
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.seeding import seeded
from archflow_reproduce.speed.timing import CLOCK, Clock, timed

SIZES = (500, 1_000, 2_000, 5_000)
"""Nodes of a graph. The median real model that was imported has some 500, the largest some 5,000."""

WIDTH = 64
BATCH = 16
"""Graphs of a training batch, of which it is asked whether an encoder would refuse it."""

REPEATS = 3
OPERATIONS = ("conv2d", "batch_norm", "relu", "add", "linear", "layer_norm", "attention", "reshape", "mul", "concat")


def model_graph(nodes: int, seed: int = 0) -> Architecture:
    """A graph such as that of a real model: a long chain, of whose nodes every fourth takes an earlier one as well."""
    generator = np.random.default_rng(seed)
    ops = ("input", *generator.choice(OPERATIONS, nodes - 2).tolist(), "output")
    edges = [(node, node + 1) for node in range(nodes - 1)]
    edges += [(node - int(generator.integers(2, 12)), node) for node in range(12, nodes - 1, 4)]
    return Architecture(ops, tuple(edges))


def run_speed_large_graphs(
    sizes: Sequence[int] = SIZES, names: Sequence[str] | None = None, clock: Clock = CLOCK
) -> dict[str, Any]:
    """Embed one graph of each size with every encoder that reads single graphs, at its default depth.

    Returns:
        `sizes`; `width`; `encoders`: by name, of those whose memory grows with nodes, `ms` of a graph by size, batch
        included, each {"min", "median"}, and `allocated_mb` by size: all that operations give, which bounds the memory
        at any moment; `pairs`: by name, of those that hold values for pairs of nodes, `gb` by size, what they say that
        a training batch of `batch` graphs takes, and `refused`, the sizes at which that is refused here; `unable`:
        by name why an encoder takes no such graph at all.
    """
    graphs = [ArchitectureSet.from_architectures([model_graph(size)]) for size in sizes]
    encoders, pairs, unable = {}, {}, {}
    for name in names or [name for name in ENCODERS.names() if not ENCODERS.get(name).reads_pairs]:
        encoder = _encoder(name, len(OPERATIONS) + 2)
        try:
            if encoder.pair_layers:
                pairs[name] = _pairs(encoder, sizes)
            else:
                encoders[name] = _measured(encoder, graphs, sizes, clock)
        except ArchflowError as error:
            unable[name] = str(error)
    return {
        "sizes": list(sizes),
        "width": WIDTH,
        "batch": BATCH,
        "encoders": encoders,
        "pairs": pairs,
        "unable": unable,
    }


def _encoder(name: str, n_ops: int) -> Encoder:
    with seeded(21):
        return ENCODERS.get(name)(n_ops=n_ops, width=WIDTH).eval()


def _measured(encoder: Encoder, graphs: Sequence[ArchitectureSet], sizes: Sequence[int], clock: Clock) -> dict:
    ms, allocated = {}, {}
    for size, graph in zip(sizes, graphs, strict=True):
        allocated[str(size)] = round(allocated_bytes(encoder, graph) / 1e6, 2)
        ms[str(size)] = timed(lambda graph=graph: embed(encoder, graph), REPEATS, clock=clock).rounded(1e3, 2)
    return {"ms": ms, "allocated_mb": allocated}


def _pairs(encoder: Encoder, sizes: Sequence[int]) -> dict[str, Any]:
    gb, refused = {}, []
    for size in sizes:
        many = np.full(BATCH, size)
        gb[str(size)] = round(encoder.memory(many, training=True) / 1e9, 2)
        try:
            check_training(encoder, many, BATCH)
        except ArchflowError:
            refused.append(size)
    return {"gb": gb, "refused": refused}


@torch.inference_mode()
def embed(encoder: Encoder, graph: ArchitectureSet) -> Tensor:
    """(1, d) the embedding of a graph, of which nothing is derived yet."""
    fresh = graph.select([0])
    return encoder.embed(Batch(fresh, np.array([0])))


class _Allocated(TorchDispatchMode):
    """Adds up the bytes of what operations give, views aside, and counts them."""

    total, calls = 0, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self.calls += 1
        if not func.is_view:
            self.total += sum(each.nbytes for each in tree_leaves(out) if isinstance(each, Tensor))
        return out


def allocated_bytes(encoder: Encoder, graph: ArchitectureSet) -> int:
    """Bytes of all that the operations of one embedding give, building the batch included."""
    with _Allocated() as counted:
        embed(encoder, graph)
    return counted.total
