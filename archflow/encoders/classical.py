"""The classical encodings of an architecture, adjacency and paths, each with a multilayer perceptron."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import accumulate

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.inputs import attribute_features
from archflow.encoders.layers import Linear
from archflow.encoders.readout import Readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch

MOST_FEATURES = 1_000_000


@dataclass(frozen=True)
class Features:
    """Non-zero entries of the vectors of a batch, grouped by architecture.

    Attributes:
        entry: (M,) indices of the entries.
        bounds: (B+1,) boundaries of the architectures' entries.
        values: (M,) values of the entries, or None if all are 1.
    """

    entry: Tensor
    bounds: Tensor
    values: Tensor | None = None


class FeatureMLP(Encoder):
    """A perceptron on a vector that describes the whole architecture and is mostly zeros.

    The first layer adds up the weight rows of the non-zero entries. The encoding has no node states: every node gets
    the embedding of its architecture.
    """

    stackable = True

    def __init__(self, n_features: int, width: int, depth: int, dropout: float, readout: str) -> None:
        super().__init__()
        if readout != "whole":
            raise ArchflowError(f"readout {readout!r}: this encoding has no node states; leave readout at its default")
        self.readout = Whole()
        self.dropout = dropout
        self.first = Linear(n_features, width)
        self.layers = nn.ModuleList(Linear(width, width) for _ in range(depth - 1))

    @abstractmethod
    def features(self, batch: Batch) -> list[Features]:
        """The non-zero entries of the vectors; in several parts, if these are easier to compute."""

    def encode(self, batch: Batch) -> Tensor:
        """(B, d) outputs of the perceptron."""
        weight, bias = self.first.weight, self.first.bias
        assert bias is not None
        table = weight.view(-1, self.dim)
        y = bias.repeat_interleave(len(batch) // batch.members, 0)
        for features in self.features(batch):
            entry, bounds, values = features.entry, features.bounds, features.values
            if batch.members > 1:  # without it a small batch takes a third less time
                first_row = weight.shape[1] * torch.arange(batch.members, device=table.device)
                entry = entry + first_row.repeat_interleave(bounds.diff().view(batch.members, -1).sum(1))
            y.add_(
                F.embedding_bag(entry, table, bounds, mode="sum", include_last_offset=True, per_sample_weights=values)
            )
        x = relu_dropout(y.view(batch.members, -1, self.dim), self.dropout, self.training)
        for layer in self.layers:
            x = relu_dropout(layer(x), self.dropout, self.training)
        return x.view(len(batch), self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) the embedding of every node's architecture."""
        return self.encode(batch)[batch.graph]


class Whole(Readout):
    """The embedding of the whole architecture, without pooling."""

    def forward(self, encoder: FeatureMLP, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings."""
        return encoder.encode(batch)


@ENCODERS.register("adjacency_mlp")
class AdjacencyMLP(FeatureMLP):
    """The one-hot adjacency encoding (White et al., NeurIPS 2020).

    It has a bit for every pair of nodes a < b, set if an edge leads from a to b, and |O| bits for every node. Node
    attributes, if any, follow the bits, node by node. Nodes are numbered by topological level, with ties in the given
    order, so the embedding reads positions.

    Raises:
        ArchflowError: When called, for an architecture of more than `max_nodes` nodes.
    """

    reads_positions = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        max_nodes: int = 32,
        n_attributes: int = 0,
        readout: str = "whole",
    ) -> None:
        super().__init__(max_nodes * (max_nodes + n_ops + 2 * n_attributes), width, depth, dropout, readout)
        self.max_nodes = max_nodes

    def features(self, batch: Batch) -> list[Features]:
        """See `FeatureMLP.features`: first the pairs, row by row, then operations and attributes, node by node."""
        largest = batch.padded.shape[1]
        if largest > self.max_nodes:
            raise ArchflowError(
                f"adjacency_mlp: an architecture has {largest} nodes, the encoder can number {self.max_nodes}; "
                "build it with a larger max_nodes, or use an encoder without node numbers, such as gated_gcn or gin"
            )
        edges, rank = batch.edges, batch.rank
        pairs = rank[edges.source] * self.max_nodes + rank[edges.target]
        operations = self.max_nodes**2 + rank * self.n_ops + batch.op
        found = [Features(pairs, edges.ptr[batch.node_ptr]), Features(operations, batch.node_ptr)]
        if self.n_attributes:
            values = attribute_features(batch, self.n_attributes, self.first.weight.dtype)
            column = torch.arange(values.shape[1], device=values.device)
            first = self.max_nodes * (self.max_nodes + self.n_ops)
            entry = first + rank[:, None] * values.shape[1] + column
            found.append(Features(entry.flatten(), values.shape[1] * batch.node_ptr, values.flatten()))
        return found


@ENCODERS.register("path_mlp")
class PathMLP(FeatureMLP):
    """The truncated path encoding (White et al., NeurIPS 2020).

    It has a bit for every sequence of operations along which data can pass from a source to a sink, set if the
    architecture has such a path. A sequence has the source's operation and up to `longest` more; the sink's operation,
    the same in every space, is left out (unless a node is both source and sink). Sequences are numbered by length, then
    by operation ids in the order of the vocabulary, the source's first. Longer paths are ignored: with `longest` 3 the
    encoding is complete for NAS-Bench-201, with 5 for NAS-Bench-101. Attributes enter as their mean over an
    architecture's nodes.

    Raises:
        ArchflowError: If there are more than a million sequences.
    """

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        longest: int = 3,
        n_attributes: int = 0,
        readout: str = "whole",
    ) -> None:
        *offsets, n_features = accumulate((n_ops**length for length in range(1, longest + 2)), initial=0)
        if n_features > MOST_FEATURES:
            raise ArchflowError(
                f"path_mlp: {n_ops} operations make {n_features:,} paths of up to {longest} further operations; "
                "choose a smaller longest"
            )
        super().__init__(n_features + 2 * n_attributes, width, depth, dropout, readout)
        self.offsets, self.n_paths = offsets, n_features

    def features(self, batch: Batch) -> list[Features]:
        """See `FeatureMLP.features`."""
        n_features = self.n_paths
        edges, is_sink = batch.edges, batch.edges.source_ptr.diff() == 0
        # Unfinished paths: the last node, and the operations up to it as a number in base |O|.
        node = batch.sources.node
        code = batch.op[node]
        alone = is_sink[node]
        found = [batch.graph[node[alone]] * n_features + code[alone]]
        for length, offset in enumerate(self.offsets, 1):
            out_degree = edges.source_ptr[node + 1] - edges.source_ptr[node]
            path = torch.repeat_interleave(out_degree)
            within = torch.arange(len(path), device=path.device) - (out_degree.cumsum(0) - out_degree)[path]
            target = edges.target[edges.by_source[edges.source_ptr[node[path]] + within]]
            code, ends = code[path], is_sink[target]
            found.append(batch.graph[target[ends]] * n_features + offset + code[ends])
            longer = code[~ends] * self.n_ops + batch.op[target[~ends]]
            # Paths with the same operations so far are merged.
            size = self.n_ops ** (length + 1)
            together = torch.unique(target[~ends] * size + longer)
            node, code = together // size, together % size
        ones = torch.unique(torch.cat(found))
        bounds = torch.searchsorted(ones, n_features * torch.arange(len(batch) + 1, device=ones.device))
        return [Features(ones % n_features, bounds), *self._attributes(batch)]

    def _attributes(self, batch: Batch) -> list[Features]:
        if not self.n_attributes:
            return []
        values = attribute_features(batch, self.n_attributes, self.first.weight.dtype) / batch.sizes[batch.graph, None]
        entry = self.n_paths + torch.arange(values.shape[1], device=values.device)
        return [Features(entry.repeat(len(values)), values.shape[1] * batch.node_ptr, values.flatten())]
