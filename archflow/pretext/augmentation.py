"""Random edits of architectures, a whole set at once, for tasks that compare an architecture with edits of it.

`count` is everywhere how much of every architecture an edit touches, (N,) or one number for all.
Draws are torch's, so that the training loop's seeding decides them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet
from archflow.graph.ragged import Ints, pointer, segment_reduce
from archflow.graph.subgraph import Mask, induced


def share_of(sizes: Ints, share: float) -> Ints:
    """(N,) that share of every size, rounded, at least one."""
    return np.maximum(np.rint(share * sizes), 1).astype(np.int64)


def owners(bounds: Ints) -> Ints:
    """(M,) the row that every entry of ragged rows belongs to."""
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def random_nodes(architectures: ArchitectureSet) -> Ints:
    """(N,) the row of one random node of every architecture."""
    return architectures.node_ptr[:-1] + _below(architectures.node_counts)


def drop_nodes(architectures: ArchitectureSet, count: Ints | int) -> ArchitectureSet:
    """Without `count` random nodes; at least one node stays."""
    gone = _random(architectures.node_ptr, np.minimum(count, architectures.node_counts - 1))
    return induced(architectures, ~gone)


def cut_out(architectures: ArchitectureSet, count: Ints | int) -> ArchitectureSet:
    """A connected part without `count` nodes, or more that it cannot reach; at least one node stays. It grows from a
    random node along one edge out of it at a time, in either direction, all equally likely.

    An edge that takes an exponentially distributed time to pass is the next one with equal chances, whatever came
    before: the part is what is reached first.
    """
    time = -np.log1p(-_uniform(2 * len(architectures.edge_src)))
    reached = distances(architectures, random_nodes(architectures), time)
    left = np.repeat(np.maximum(architectures.node_counts - count, 1), architectures.node_counts)
    return induced(architectures, (_places(reached, architectures.node_ptr) < left) & np.isfinite(reached))


def perturb_edges(architectures: ArchitectureSet, count: Ints | int) -> ArchitectureSet:
    """Without `count` random edges, and with as many new ones, as far as there is room for them.

    New ones lead along the topological order (`Batch.rank`), so that no cycle arises, and are none of the old ones.
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
    """With the operation `mask`, and no attributes, at `count` random nodes; at least one node stays as it is."""
    hidden = _random(architectures.node_ptr, np.minimum(count, architectures.node_counts - 1))
    return architectures.with_ops(np.where(hidden, mask, architectures.op), hidden)


def replace_operations(architectures: ArchitectureSet, count: Ints | int, choices: Ints) -> ArchitectureSet:
    """With another one of the operations `choices` at `count` random nodes that have one of them."""
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
    """The operations of nodes between others: with a predecessor and a successor. Inputs and outputs are none."""
    adjacency = architectures.adjacency
    return np.unique(architectures.op[(adjacency.degree > 0) & (adjacency.out_degree > 0)]).astype(np.int64)


def keeping_cells(edited: ArchitectureSet, architectures: ArchitectureSet) -> ArchitectureSet:
    """The edited architectures; those that have not as many cells as before are as they were.

    For encoders that read pairs of cells.
    """
    fine = edited.cell_counts == architectures.cell_counts
    row = np.arange(len(edited))
    return ArchitectureSet.concatenate([architectures, edited]).select(row + len(edited) * fine)


def distances(architectures: ArchitectureSet, start: Ints, length: NDArray | None = None) -> NDArray[np.float64]:
    """(V,) the shortest way from every architecture's node start (N,) to its nodes, edges in either direction;
    infinite where none leads.

    length: (2E,) of the edges of `ArchitectureSet.undirected`; 1, which counts hops, if None.
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
    """(M,) row, source and target of `count` random pairs without an edge, along the topological order."""
    node_ptr, owner = architectures.node_ptr, owners(architectures.node_ptr)
    ordered = np.lexsort((architectures.levels, owner))  # nodes in topological order, architecture by architecture
    rank = np.empty_like(ordered)
    rank[ordered] = np.arange(len(ordered))
    size = int(architectures.node_counts.max(initial=0))
    earlier, later = np.triu_indices(size, 1)
    # Every pair of a rectangle gets a draw; those that are no free pair come last.
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
    """(M,) marks `count` random entries of every ragged row, all of one that has fewer."""
    count = np.broadcast_to(count, len(bounds) - 1)
    return _places(_uniform(bounds[-1]), bounds) < np.repeat(count, np.diff(bounds))


def _places(key: NDArray, bounds: Ints) -> Ints:
    """(M,) the place of every entry in its row's order by key, from 0."""
    owner = owners(bounds)
    place = np.empty(len(owner), np.int64)
    place[np.lexsort((key, owner))] = np.arange(len(owner)) - bounds[:-1][owner]
    return place


def _uniform(count: int) -> NDArray[np.float64]:
    """(count,) draws from 0 to below 1."""
    return torch.rand(int(count), dtype=torch.float64).numpy()


def _below(sizes: Ints) -> Ints:
    """(M,) a random whole number from 0 to below every size."""
    return (_uniform(len(sizes)) * sizes).astype(np.int64)
