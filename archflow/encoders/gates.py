"""GATES: every operation is a soft gate on the information that flows through the architecture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.layers import Linear, NeighbourSum, mean_pool, per_member, table_rows
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch, Edges

READOUTS = ("nodes", "outputs")


@dataclass(frozen=True)
class LookedUp:
    """Values of V nodes among which only few differ: what maps each of them maps the table.

    table: (K, n, d). row: (V,) row of every node in the (K n, d) table.
    """

    table: Tensor
    row: Tensor

    def through(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """(V, out) values behind a function (K, rows, d) -> (K, rows, out) of every member."""
        return F.embedding(self.row, function(self.table).flatten(0, 1))


@dataclass(frozen=True)
class OfNodes:
    """Values (V, d) of the nodes of a batch, any of which may differ."""

    values: Tensor
    batch: Batch

    def through(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """(V, out) values behind a function (K, rows, d) -> (K, rows, out) of every member."""
        return per_member(function, self.values, self.batch)


@dataclass(frozen=True)
class Flow:
    """Which way information goes through the architectures of a batch.

    edges: along which it goes. self_loops: whether a node's own message passes its gate too.
    ungated: (V, 1) nodes, 1 or 0, that keep their own message beside the gate, or None if all do.
    """

    batch: Batch
    edges: Edges
    self_loops: bool = False
    ungated: Tensor | None = None


class GatedFlow(nn.Module):
    """y_i = sigmoid(o_i W_o + b_o) * sum_j x_j W + u_i x_i W + b over the nodes j that i hears.

    o_i: embedding of i's operation. u_i: `Flow.ungated`.

    The sum runs over the edges (one segment sum), so it grows with them and not, as the padded product with a dense
    (B, L, L) adjacency, with the square of the largest graph. The gates of nodes known by their operation alone are
    looked up in a table of |O| rows.
    """

    def __init__(self, n_in: int, dim: int, op_width: int) -> None:
        super().__init__()
        self.message, self.gate = Linear(n_in, dim, bias=False), Linear(op_width, dim)
        self.bias = nn.Parameter(torch.zeros(1, dim))

    def forward(self, x: LookedUp | OfNodes, operation: LookedUp | OfNodes, flow: Flow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d)."""
        # In place, so that the sums need no memory of their own.
        own = x.through(self.message)
        heard = NeighbourSum.apply(own, flow.edges)
        if flow.self_loops:
            heard.add_(own)
        if flow.ungated is not None:
            own.mul_(flow.ungated)
        own.add_(self.bias[0] if flow.batch.members == 1 else F.embedding(flow.batch.member, self.bias))
        return own.addcmul_(operation.through(lambda o: self.gate(o).sigmoid_()), heard)


class GatedPass(nn.Module):
    """`depth` layers of gated flow, ReLU between them and none behind the last."""

    def __init__(self, n_in: int, dim: int, depth: int, op_width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(GatedFlow(dim if i else n_in, dim, op_width) for i in range(depth))

    def forward(self, x: LookedUp | OfNodes, operation: LookedUp | OfNodes, flow: Flow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d)."""
        y = self.layers[0](x, operation, flow)
        for layer in self.layers[1:]:
            y = layer(OfNodes(y.relu_(), flow.batch), operation, flow)
        return y


class Start(nn.Module):
    """What flows in: one learned vector at the nodes without predecessors, another at all others, both mapped."""

    def __init__(self, node_width: int, dim: int) -> None:
        super().__init__()
        self.nodes = nn.Parameter(torch.cat([torch.randn(1, 1, node_width), torch.zeros(1, 1, node_width)], 1))
        self.map = Linear(node_width, dim)

    def forward(self, batch: Batch) -> LookedUp:
        """(V, d), of which two rows differ in every member."""
        row = (batch.edges.ptr.diff() > 0).long()
        return LookedUp(self.map(self.nodes), row if batch.members == 1 else row + 2 * batch.member)


def read_out(x: Tensor, batch: Batch, readout: str) -> Tensor:
    """(V, d) -> (B, d): the mean over the nodes with a predecessor ("nodes"; all nodes where there is none) or over
    those without a successor ("outputs")."""
    degree = batch.edges.ptr.diff() if readout == "nodes" else batch.edges.source_ptr.diff()
    chosen = ((degree > 0) if readout == "nodes" else (degree == 0)).to(x.dtype)[:, None]
    share = mean_pool(chosen, batch)
    nowhere = (share == 0).to(x.dtype)
    return mean_pool(x * (chosen + nowhere[batch.graph]), batch) / (share + nowhere)


def check_readout(name: str, readout: str) -> None:
    """Raise ArchflowError, for the encoder of this name, unless the read-out is one of `READOUTS`."""
    if readout not in READOUTS:
        raise ArchflowError(f"{name}: unknown readout {readout!r}; choose one of {', '.join(READOUTS)}")


@ENCODERS.register("gates")
class GATES(Encoder):
    """GATES (Ning et al., ECCV 2020), "A Generic Graph-based Neural Architecture Encoding Scheme".

    `depth` layers of `GatedFlow` in which every node keeps its own message, from `Start`; the embedding is the mean
    over the nodes with a predecessor (`readout="nodes"`, as published for NAS-Bench-101) or over the outputs, those
    without a successor (`readout="outputs"`, as published for NAS-Bench-201 and -301).

    The paper has a second formula, for operations on edges: message_uv = sigmoid(o_uv W_o) * (y_u W), summed where
    edges meet. With operations on nodes, as all our graphs have them, a node's state is that message, and the first
    formula does the same but for the ReLU, which meets a message before the sum instead of behind it. There, `none`
    is shut and `skip_connect` open by definition; here both gates are learned, as those of all other operations.
    A chain of four operations needs a layer for each to bring the input's information to the output.

    width, depth: 128 and 4 for NAS-Bench-101. op_width, node_width, hidden: 48, 48, 96.

    Raises ArchflowError for an unknown read-out.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 4,
        op_width: int = 48,
        node_width: int = 48,
        hidden: int = 96,
        readout: str = "nodes",
    ) -> None:
        super().__init__()
        check_readout("gates", readout)
        self.config = {
            "n_ops": n_ops,
            "width": width,
            "depth": depth,
            "op_width": op_width,
            "node_width": node_width,
            "hidden": hidden,
            "readout": readout,
        }
        self.n_ops, self.dim, self.width, self.readout = n_ops, width, width, readout
        self.operations = nn.Parameter(torch.randn(1, n_ops, op_width))
        self.start = Start(node_width, hidden)
        self.flow = GatedPass(hidden, width, depth, op_width)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        operation = LookedUp(self.operations, table_rows(batch, self.n_ops))
        return self.flow(self.start(batch), operation, Flow(batch, batch.edges))

    def embed(self, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings."""
        return read_out(self(batch), batch, self.readout)
