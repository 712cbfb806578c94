"""Random edits of whole sets of architectures, for tasks that compare an architecture with edited versions of it.

`count` is the number of nodes or edges to edit in every architecture: (N,), or one number for all. Draws are torch's,
so that the training loop's seeding determines them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.ragged import Ints, pointer, segment_reduce
from archflow.graph.subgraph import Mask, induced


def share_of(sizes: Ints, share: float) -> Ints:
    """(N,) the fraction `share` of every size, rounded, at least one."""
    return np.maximum(np.rint(share * sizes), 1).astype(np.int64)


def owners(bounds: Ints) -> Ints:
    """(M,) the row of each entry of a ragged array."""
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def random_nodes(architectures: ArchitectureSet) -> Ints:
    """(N,) the row of one random node of every architecture."""
    return architectures.node_ptr[:-1] + _below(architectures.node_counts)


def drop_nodes(architectures: ArchitectureSet, count: Ints | int) -> ArchitectureSet:
    """Remove `count` random nodes; at least one node remains."""
    gone = _random(architectures.node_ptr, np.minimum(count, architectures.node_counts - 1))
    return induced(architectures, ~gone)


def cut_out(architectures: ArchitectureSet, count: Ints | int) -> ArchitectureSet:
    """Keep a connected part: remove `count` nodes, or more if the part cannot grow further; at least one node remains.

    The part grows from a random node by one adjacent edge at a time, in either direction, all equally likely. It is
    computed by giving every edge an exponentially distributed length: the next edge then is uniform among the adjacent
    ones, and the part consists of the nodes reached first.
    """
    time = -np.log1p(-_uniform(2 * len(architectures.edge_src)))
    reached = distances(architectures, random_nodes(architectures), time)
    left = np.repeat(np.maximum(architectures.node_counts - count, 1), architectures.node_counts)
    return induced(architectures, (_ranks(reached, architectures.node_ptr) < left) & np.isfinite(reached))


def perturb_edges(architectures: ArchitectureSet, count: Ints | int) -> ArchitectureSet:
    """Remove `count` random edges and add as many new ones, as far as there are free pairs.

    New edges follow the topological order (`Batch.rank`), so that no cycle arises, and differ from the removed ones.
    """
    bounds, owner = architectures.edge_ptr, owners(architectures.edge_ptr)
    count = np.minimum(count, architectures.edge_counts)
    stays = ~_random(bounds, count)
    row, source, target = _new_edges(architectures, count)
    row = np.concatenate([owner[stays], row])
    order = np.argsort(row, kind="stable")
    return architectures.replaced(
        edge_src=np.concatenate([architectures.edge_src[stays], source])[order],
        edge_dst=np.concatenate([architectures.edge_dst[stays], target])[order],
        edge_ptr=pointer(np.bincount(row, minlength=len(architectures))),
    )


def hide_operations(architectures: ArchitectureSet, count: Ints | int, mask: int) -> ArchitectureSet:
    """Replace the operation by `mask`, without attributes, at `count` random nodes; at least one node is kept."""
    hidden = _random(architectures.node_ptr, np.minimum(count, architectures.node_counts - 1))
    return architectures.with_ops(np.where(hidden, mask, architectures.op), hidden)


def replace_operations(architectures: ArchitectureSet, count: Ints | int, choices: Ints) -> ArchitectureSet:
    """Replace operations at `count` random nodes by other operations.

    Only nodes with an operation among `choices` are changed, to another one of these.
    """
    if len(choices) < 2:
        return architectures
    place = np.full(len(architectures.vocabulary), -1)
    place[choices] = np.arange(len(choices))
    open_to_it = np.flatnonzero(place[architectures.op] >= 0)
    bounds = pointer(place[architectures.op] >= 0)[architectures.node_ptr]
    nodes = open_to_it[_random(bounds, count)]
    step = 1 + _below(np.full(len(nodes), len(choices) - 1))
    op = architectures.op.copy()
    op[nodes] = choices[(place[op[nodes]] + step) % len(choices)]
    return architectures.with_ops(op)


def inner_operations(architectures: ArchitectureSet) -> Ints:
    """The operations of inner nodes, those with a predecessor and a successor, which excludes inputs and outputs."""
    found = []
    for some in architectures.pieces():
        inner = (some.adjacency.degree > 0) & (some.adjacency.out_degree > 0)
        found.append(np.unique(some.op[inner]))
    return np.unique(np.concatenate(found)).astype(np.int64)


def keeping_cells(edited: ArchitectureSet, architectures: ArchitectureSet) -> ArchitectureSet:
    """The edited architectures; those whose number of cells has changed are replaced by the originals.

    For encoders that read pairs of cells.
    """
    fine = edited.cell_counts == architectures.cell_counts
    row = np.arange(len(edited))
    return ArchitectureSet.concatenate([architectures, edited]).select(row + len(edited) * fine)


def distances(architectures: ArchitectureSet, start: Ints, length: NDArray | None = None) -> NDArray[np.float64]:
    """(V,) shortest distance from every architecture's start node (N,), along edges in either direction.

    Unreachable nodes are at infinite distance.

    Args:
        architectures: N architectures.
        start: (N,) start nodes.
        length: (2E,) lengths of the edges of `ArchitectureSet.undirected`; None for 1, which counts hops.
    """
    adjacency = architectures.undirected
    source = adjacency.source + np.repeat(architectures.node_ptr[:-1], np.diff(adjacency.edge_ptr))
    length = np.ones(len(source)) if length is None else length
    bounds = pointer(adjacency.degree)
    known = np.full(len(architectures.op), np.inf)
    known[start] = 0
    while True:
        shorter = np.minimum(known, segment_reduce(np.minimum, known[source] + length, bounds, np.inf))
        if np.array_equal(shorter, known):
            return known
        known = shorter


def _new_edges(architectures: ArchitectureSet, count: Ints) -> tuple[Ints, Ints, Ints]:
    """(M,) row, source and target of `count` random pairs without an edge, in topological order."""
    node_ptr, owner = architectures.node_ptr, owners(architectures.node_ptr)
    ordered = np.lexsort((architectures.levels, owner))  # nodes in topological order, architecture by architecture
    rank = np.empty_like(ordered)
    rank[ordered] = np.arange(len(ordered))
    size = int(architectures.node_counts.max(initial=0))
    earlier, later = np.triu_indices(size, 1)
    # Every pair of the padded matrix gets a draw; pairs that are not free come last.
    draw = _uniform(len(architectures) * len(later)).reshape(len(architectures), len(later))
    draw[later >= architectures.node_counts[:, None]] = np.inf
    row = owners(architectures.edge_ptr)
    start = node_ptr[row]
    i, j = (rank[ends + start] - start for ends in (architectures.edge_src, architectures.edge_dst))
    draw[row, i * size - i * (i + 1) // 2 + j - i - 1] = np.inf
    most = min(int(count.max(initial=0)), draw.shape[1])
    best = np.argpartition(draw, most - 1, axis=1)[:, :most] if most else np.zeros((len(draw), 0), np.int64)
    best = np.take_along_axis(best, np.argsort(np.take_along_axis(draw, best, 1), axis=1), 1)
    wanted = (np.arange(most) < count[:, None]) & np.isfinite(np.take_along_axis(draw, best, 1))
    row = np.nonzero(wanted)[0]
    start, pair = node_ptr[row], best[wanted]
    return row, ordered[start + earlier[pair]] - start, ordered[start + later[pair]] - start


def _random(bounds: Ints, count: Ints | int) -> Mask:
    """(M,) marks `count` random entries of every ragged row, or all entries of a shorter row."""
    count = np.broadcast_to(count, len(bounds) - 1)
    return _ranks(_uniform(bounds[-1]), bounds) < np.repeat(count, np.diff(bounds))


def _ranks(key: NDArray, bounds: Ints) -> Ints:
    """(M,) the rank of every entry within its row when sorted by key, from 0."""
    owner = owners(bounds)
    place = np.empty(len(owner), np.int64)
    place[np.lexsort((key, owner))] = np.arange(len(owner)) - bounds[:-1][owner]
    return place


def _uniform(count: int) -> NDArray[np.float64]:
    """(count,) draws from 0 to below 1."""
    return torch.rand(int(count), dtype=torch.float64).numpy()


def _below(sizes: Ints) -> Ints:
    """(M,) a random integer from 0 up to, but excluding, each size."""
    return (_uniform(len(sizes)) * sizes).astype(np.int64)
