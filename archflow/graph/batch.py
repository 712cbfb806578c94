"""A batch: some architectures of a set as tensors on a device."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.graph.adjacency import Adjacency
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.attributes import telling
from archflow.graph.gathered import gathered
from archflow.graph.leveled import Leveled, LeveledRows
from archflow.graph.padded import NodeSubset, Padded
from archflow.graph.ragged import Ints, pointer, positions


@dataclass(frozen=True)
class Edges:
    """E messages between the V nodes of a batch, sorted by the node that receives them.

    source, target: (E,) node rows of the batch. ptr: (V+1,) row boundaries by receiving node.
    by_source: (E,) message rows sorted by the sending node. source_ptr: (V+1,) its row boundaries by sender.
    """

    source: Tensor
    target: Tensor
    ptr: Tensor
    by_source: Tensor
    source_ptr: Tensor


class Batch:
    """B architectures with V nodes in total, as tensors.

    op: (V,) operation ids. node_ptr: (B+1,) row boundaries of nodes by architecture. attributes: (V, F), see there.
    architectures, rows: the set, and the chosen rows (B,) of it, on the host.
    members: how many encoders share the batch. With K members, the architectures form K equal runs, one for each
    member of a stacked encoder (`archflow.encoders.stack`); member k sees only run k.
    context: (B, C) numbers of each architecture's device or task, or None. No encoder reads them; heads may.

    rows: (B,) the chosen architectures of the set for one encoder, (K, B) for K stacked ones; all if None.
    context: (N, C) the numbers of all architectures of the set, if they have any.
    Raises IndexError for a row out of range, including negative rows.

    What an encoder needs beyond the operations (edges, levels, a dense view) is gathered on first use.
    """

    def __init__(
        self,
        architectures: ArchitectureSet,
        rows: NDArray | None = None,
        device: torch.device | str = "cpu",
        context: NDArray[np.float32] | None = None,
    ) -> None:
        rows = np.arange(len(architectures)) if rows is None else np.asarray(rows, np.int64)
        self.members = 1 if rows.ndim == 1 else len(rows)
        self.device = torch.device(device)
        self.architectures, self.rows = architectures, rows.ravel()
        if self.rows.min(initial=0) < 0:
            raise IndexError(f"batch: row {self.rows.min()} is negative; rows count from 0")
        self._set, self._rows = architectures.loaded(self.rows)
        counts = self._set.node_counts[self._rows]
        self._node_ptr = pointer(counts)
        self._nodes = positions(self._set.node_ptr[self._rows], counts, self._node_ptr)
        self.op = self._tensor(self._set.op[self._nodes])
        self.node_ptr = self._tensor(self._node_ptr)
        self.context = None if context is None else torch.from_numpy(context[self.rows]).to(self.device)
        self._ops_are_the_sets = True

    def __len__(self) -> int:
        return len(self.node_ptr) - 1

    def with_ops(self, op: Tensor, hidden: Tensor | None = None) -> Batch:
        """The same graphs with other operations. Whatever depends only on the edges is shared, not computed again.

        Args:
            op: (V,) operation ids.
            hidden: (M,) node rows or (V,) mask of the nodes whose attributes are hidden, since they would reveal the
                operation; positions would not, and stay.
        """
        other = copy.copy(self)
        other.op, other._ops_are_the_sets = op, False
        other.__dict__.pop("canonical_label", None)
        if hidden is not None and self.attributes is not None:
            other.attributes = self.attributes.clone()
            columns = self._tensor(telling(self.attribute_names))
            rows = torch.arange(len(op), device=self.device)[hidden]
            other.attributes[rows[:, None], columns] = torch.nan
        return other

    def rows_of(self, table: Tensor, index: Tensor | None = None) -> Tensor:
        """Find the row of each node in its member's table.

        Args:
            table: (K, n, d) the tables; rows are counted across tables, in order.
            index: (V,) row of each node in its member's table; its operation if None.

        Returns:
            (V,) rows of the (K n, d) table.
        """
        index = self.op if index is None else index
        return index if self.members == 1 else index + table.shape[1] * self.member

    @gathered
    def attributes(self) -> Tensor | None:
        """(V, F) float32 attributes of the nodes, NaN where they do not apply, or None if the set has none."""
        values = self._set.attributes
        return None if values is None else torch.from_numpy(values[self._nodes]).to(self.device)

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """The names of the F attributes."""
        return self._set.attribute_names

    @gathered
    def edges(self) -> Edges:
        """The edges as they are, from predecessor to successor."""
        return self._gather(self._set.adjacency)

    @gathered
    def undirected(self) -> Edges:
        """Every edge in both directions."""
        return self._gather(self._set.undirected)

    @gathered
    def reversed_edges(self) -> Edges:
        """The edges reversed, from successor to predecessor."""
        edges = self.edges
        rank = torch.empty_like(edges.by_source)
        rank[edges.by_source] = torch.arange(len(rank), device=self.device)
        source, target = edges.target[edges.by_source], edges.source[edges.by_source]
        return Edges(source, target, edges.source_ptr, rank, edges.ptr)

    @gathered
    def sources(self) -> NodeSubset:
        """The nodes without predecessors."""
        return self._subset(self._set.adjacency.degree[self._nodes] == 0)

    @gathered
    def sinks(self) -> NodeSubset:
        """The nodes without successors."""
        return self._subset(self._set.adjacency.out_degree[self._nodes] == 0)

    @gathered
    def cell(self) -> Tensor:
        """(V,) cell of each node, numbered within its architecture."""
        return self._tensor(self._set.cells[self._nodes])

    @gathered
    def cell_counts(self) -> Ints:
        """(B,) number of cells of each architecture, on the host."""
        return self._set.cell_counts[self._rows]

    @gathered
    def cell_ends(self) -> NodeSubset:
        """The nodes with predecessors and without successors, cell by cell."""
        adjacency = self._set.adjacency
        ends = np.flatnonzero((adjacency.degree[self._nodes] > 0) & (adjacency.out_degree[self._nodes] == 0))
        first = pointer(self.cell_counts)
        row = first[self._owner[ends]] + self._set.cells[self._nodes[ends]]
        counts = np.bincount(row, minlength=first[-1])
        return NodeSubset(self._tensor(ends[np.argsort(row, kind="stable")]), Padded(pointer(counts), self.device))

    @gathered
    def level(self) -> Tensor:
        """(V,) length of the longest path that ends at each node, in edges."""
        return self._tensor(self._set.levels[self._nodes])

    @gathered
    def canonical_label(self) -> Tensor:
        """(V,) position of each node in its architecture's canonical order; symmetric nodes share one.

        It depends on the operations and attributes of this batch, including hidden ones.
        """
        if self._ops_are_the_sets:
            return self._tensor(self._set.canonical_labels[self._nodes])
        attributes = None if self.attributes is None else self.attributes.cpu().numpy()
        seen = self._set.select(self._rows).replaced(op=self.op.cpu().numpy(), attributes=attributes)
        return self._tensor(seen.canonical_labels)

    @gathered
    def rank(self) -> Tensor:
        """(V,) rank of each node in its architecture's topological order: by level, then by index."""
        # The sort is stable, so nodes of a level stay in index order; one key sorts faster than two.
        level = self._set.levels[self._nodes]
        order = np.argsort(self._owner * (level.max(initial=0) + 1) + level, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - self._node_ptr[:-1][self._owner]
        return self._tensor(rank)

    @gathered
    def isolated(self) -> Tensor | None:
        """(V,) whether a node has no edges, or None if all have some."""
        adjacency = self._set.adjacency
        isolated = (adjacency.degree[self._nodes] == 0) & (adjacency.out_degree[self._nodes] == 0)
        return torch.from_numpy(isolated).to(self.device) if isolated.any() else None

    @gathered
    def sizes(self) -> Tensor:
        """(B,) number of nodes of each architecture."""
        return self.node_ptr.diff()

    @gathered
    def uniform_size(self) -> int | None:
        """The number of nodes that all architectures share, or None."""
        sizes = np.diff(self._node_ptr)  # on the host: asking a tensor would wait for the device
        return int(sizes[0]) if len(sizes) and (sizes == sizes[0]).all() else None

    @gathered
    def graph(self) -> Tensor:
        """(V,) architecture of each node."""
        architectures = torch.arange(len(self), device=self.device)
        return torch.repeat_interleave(architectures, self.sizes, output_size=len(self.op))

    @gathered
    def padded(self) -> Padded:
        """The dense view: each architecture as a row, padded to the longest."""
        return Padded(self._node_ptr, self.device, self.members)

    @gathered
    def member_nodes(self) -> Padded:
        """The dense view by member instead of architecture: row k holds all nodes of run k."""
        return Padded(self._node_ptr[:: max(1, len(self) // self.members)], self.device, self.members)

    @gathered
    def member(self) -> Tensor:
        """(V,) member of each node."""
        return self.graph // (len(self) // self.members)

    @gathered
    def leveled(self) -> Leveled:
        """The nodes by topological level, for encoders that propagate along the graph."""
        adjacency = self._set.adjacency
        source, target, by_source = self._local_edges(adjacency)
        level = self._set.levels[self._nodes]
        member = self._owner // (len(self) // self.members)
        return Leveled.of(level, member, self.members, source, target, by_source, self.device)

    @gathered
    def leveled_rows(self) -> LeveledRows:
        """The mapping between `leveled` and `padded`."""
        return LeveledRows.between(self.leveled, self.padded)

    @gathered
    def dense_edges(self) -> Tensor:
        """(B, L, L) bool: whether an edge leads from the first node to the second, in positions of `padded`."""
        return self.dense_edges_of(self.padded)

    def dense_edges_of(self, rows: Padded) -> Tensor:
        """(R, L, L) bool: `dense_edges`, in positions of some rows of the batch, such as one of `padded.parts`."""
        source, target, _ = self._local_edges(self._set.adjacency)
        return torch.from_numpy(rows.joined(source, target)).to(self.device)

    @gathered
    def reachable(self) -> Tensor:
        """(B, L, L) bool: whether a directed path leads from the first node to the second, in positions of `padded`.

        A node does not reach itself.
        """
        return self._paths(self.padded)

    @gathered
    def connected(self) -> Tensor:
        """(B, L, L) bool: `reachable` in either direction."""
        return self.reachable | self.reachable.transpose(1, 2)

    @gathered
    def connected_parts(self) -> list[Tensor]:
        """`connected` in positions of each of the rectangles `padded.parts`."""
        each = [self.reachable] if len(self.padded.parts) == 1 else map(self._paths, self.padded.parts)
        return [paths | paths.transpose(1, 2) for paths in each]

    def _paths(self, rows: Padded) -> Tensor:
        """(R, L, L) bool: `reachable`, in positions of some rows of the batch."""
        paths = np.zeros((*rows.shape, rows.shape[1]), bool)
        paths[rows.there] = self._set.reachability.rows(self._nodes[rows.nodes], rows.shape[1])
        return torch.from_numpy(paths).to(self.device)

    @gathered
    def _owner(self) -> Ints:
        """(V,) architecture of each node, on the host."""
        return np.repeat(np.arange(len(self)), np.diff(self._node_ptr))

    def _subset(self, chosen: NDArray[np.bool_]) -> NodeSubset:
        return NodeSubset(self._tensor(np.flatnonzero(chosen)), Padded(pointer(chosen)[self._node_ptr], self.device))

    def _gather(self, adjacency: Adjacency) -> Edges:
        source, target, by_source = self._local_edges(adjacency)
        return Edges(
            self._tensor(source),
            self._tensor(target),
            self._tensor(pointer(adjacency.degree[self._nodes])),
            self._tensor(by_source),
            self._tensor(pointer(adjacency.out_degree[self._nodes])),
        )

    def _local_edges(self, adjacency: Adjacency) -> tuple[Ints, Ints, Ints]:
        """(E,) source and target nodes of the batch's edges, sorted by target; (E,) the edges sorted by source."""
        starts = adjacency.edge_ptr[self._rows]
        counts = adjacency.edge_ptr[self._rows + 1] - starts
        edge_ptr = pointer(counts)
        edges = positions(starts, counts, edge_ptr)
        first_node = np.repeat(self._node_ptr[:-1], counts)
        by_source = adjacency.by_source[edges] + np.repeat(edge_ptr[:-1], counts)
        return adjacency.source[edges] + first_node, adjacency.target[edges] + first_node, by_source

    def _tensor(self, values: NDArray) -> Tensor:
        return torch.from_numpy(values.astype(np.int64, copy=False)).to(self.device)
