"""GATES: every operation is a soft gate on the information that flows through the architecture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.inputs import LookedUp, NodeInput, NodeValues, OfNodes
from archflow.encoders.layers import Linear, NeighbourSum, by_member
from archflow.encoders.readout import WithPredecessor, make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch, Edges

PLACES = ("nodes", "edges")  # where operations lie


@dataclass(frozen=True)
class Flow:
    """The direction in which information flows through the architectures of a batch.

    edges: the edges that carry messages. self_loops: whether a node's own message passes its gate too.
    ungated: (V, 1) nodes, 1 or 0, that also keep their own message without a gate; None if all do.
    """

    batch: Batch
    edges: Edges
    self_loops: bool = False
    ungated: Tensor | None = None

    def arrived(self, y: Tensor) -> Tensor:
        """(V, d) outputs of a layer -> (V, d) states at the nodes, which are the same."""
        return y


@dataclass(frozen=True, kw_only=True)
class EdgeFlow(Flow):
    """A flow between vertices with operations on the edges; each of our nodes is such an edge.

    learned: (V, 1) 1 where the gate is learned. open: (V, 1) 1 where it is always open, as at the start of the flow.
    """

    learned: Tensor
    open: Tensor

    @classmethod
    def along(
        cls, edges: Edges, batch: Batch, open_ops: Sequence[int], shut_ops: Sequence[int], dtype: torch.dtype
    ) -> EdgeFlow:
        """The flow along some edges.

        Args:
            edges: The edges that carry messages.
            batch: Their batch.
            open_ops, shut_ops: Ids of the operations whose gates are always open, or always shut.
            dtype: The type of the masks.
        """
        begins = edges.ptr.diff() == 0
        opened, shut = (
            torch.isin(batch.op, torch.tensor(list(ops), dtype=batch.op.dtype, device=batch.op.device))
            for ops in (open_ops, shut_ops)
        )
        ungated, learned, opened = (
            chosen.to(dtype)[:, None] for chosen in (begins, ~(begins | opened | shut), begins | opened)
        )
        return cls(batch, edges, ungated=ungated, learned=learned, open=opened)

    def arrived(self, y: Tensor) -> Tensor:
        """(V, d) messages that the nodes send -> (V, d) states at the vertices where the nodes begin, as edges.

        The state is the sum over a node's neighbours, or its own message at the start of the flow. Nodes with the same
        neighbours are edges that leave the same vertex.
        """
        assert self.ungated is not None
        return torch.addcmul(NeighbourSum.apply(y, self.edges), y, self.ungated)


class GatedFlow(nn.Module):
    """y_i = sigmoid(o_i W_o + b_o) * sum_j x_j W + u_i x_i W + b over the neighbours j of i.

    o_i: embedding of i's operation. u_i: `Flow.ungated`.

    The sum is a segment sum over the edges, so its cost is linear in them; a padded product with a dense (B, L, L)
    adjacency would cost the square of the largest graph. The gates of nodes without attributes are looked up in a table
    of |O| rows.
    """

    def __init__(self, n_in: int, dim: int, op_width: int) -> None:
        super().__init__()
        self.message, self.gate = Linear(n_in, dim, bias=False), Linear(op_width, dim)
        self.bias = nn.Parameter(torch.zeros(1, dim))

    def forward(self, x: NodeValues, operation: NodeValues, flow: Flow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d)."""
        # In place, so that the sums need no memory of their own.
        own = x.map(self.message).values
        received = NeighbourSum.apply(own, flow.edges)
        if flow.self_loops:
            received.add_(own)
        if flow.ungated is not None:
            own.mul_(flow.ungated)
        own.add_(by_member(self.bias, flow.batch))
        return own.addcmul_(operation.map(lambda o: self.gate(o).sigmoid_()).values, received)


class SenderGate(nn.Module):
    """m_i = g_i * x_i W,  g_i = sigmoid(o_i W_o + b_o) where it is learned: the message that i sends, given x_i."""

    def __init__(self, n_in: int, dim: int, op_width: int) -> None:
        super().__init__()
        self.message, self.gate = Linear(n_in, dim, bias=False), Linear(op_width, dim)

    def forward(self, x: NodeValues, operation: NodeValues, flow: EdgeFlow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d)."""
        gate = operation.map(lambda o: torch.sigmoid(self.gate(o))).values
        return torch.addcmul(flow.open, gate, flow.learned) * x.map(self.message).values


class GatedPass(nn.Module):
    """A sequence of gated layers such as `GatedFlow`: x_i <- ReLU(state that the previous layer produced at i)."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: NodeValues, operation: NodeValues, flow: Flow) -> Tensor:
        """(V, in) states and (V, o) operations of the nodes -> (V, d) outputs of the last layer, without a ReLU."""
        y = self.layers[0](x, operation, flow)
        for layer in self.layers[1:]:
            y = layer(OfNodes(flow.arrived(y).relu_(), flow.batch), operation, flow)
        return y


Layer = TypeVar("Layer", bound=nn.Module)


def gated_layers(kind: Callable[[int, int, int], Layer], n_in: int, dim: int, depth: int, op_width: int) -> list[Layer]:
    """`depth` layers for a `GatedPass`."""
    return [kind(dim if i else n_in, dim, op_width) for i in range(depth)]


class Start(nn.Module):
    """Inputs of the first layer: a mapped learned vector for nodes without predecessors, another for all others.

    on_edges: whether operations lie on edges; those that leave the first vertex then get the first vector too.
    """

    def __init__(self, node_width: int, dim: int, on_edges: bool = False) -> None:
        super().__init__()
        self.on_edges = on_edges
        nodes = torch.zeros(1, 2, node_width)
        nodes[:, :1] = torch.randn(1, 1, node_width)
        self.nodes = nn.Parameter(nodes)
        self.map = Linear(node_width, dim)

    def forward(self, batch: Batch) -> LookedUp:
        """(V, d); every member has only two different rows."""
        later = batch.edges.ptr.diff() > 0
        if self.on_edges:
            first = (~later).to(self.nodes.dtype)[:, None]
            later &= NeighbourSum.apply(first, batch.edges)[:, 0] == 0
        return LookedUp(self.map(self.nodes), batch.rows_of(self.nodes, later.long()), batch)


def check_settings(
    name: str, readout: str, places: str, n_ops: int, open_ops: Sequence[int], shut_ops: Sequence[int]
) -> None:
    """Raise ArchflowError, for the encoder of this name, unless its settings of operations fit together.

    Operations lie on one of `PLACES`; operations on edges need a read-out at the outputs; only gates on edges can be
    fixed.
    """
    if places not in PLACES:
        raise ArchflowError(f"{name}: unknown operations_on {places!r}; choose one of {', '.join(PLACES)}")
    if places == "edges" and readout != "outputs":
        raise ArchflowError(f"{name}: operations on edges have no mean over nodes; use readout='outputs'")
    fixed = [*open_ops, *shut_ops]
    if places == "nodes" and fixed:
        raise ArchflowError(f"{name}: open_ops and shut_ops are for operations_on='edges'")
    if len(set(fixed) & set(range(n_ops))) < len(fixed):
        raise ArchflowError(f"{name}: open_ops and shut_ops {fixed} must be different ids of the {n_ops} operations")


@ENCODERS.register("gates")
class GATES(Encoder):
    """GATES (Ning et al., ECCV 2020), "A Generic Graph-based Neural Architecture Encoding Scheme".

    `depth` layers of `GatedFlow`, after `Start`, in which every node also keeps its own message. The embedding is the
    mean over the nodes with a predecessor (`readout="nodes"`, as published for NAS-Bench-101) or over the outputs,
    those without a successor (`readout="outputs"`, as published for NAS-Bench-201 and -301).

    operations_on="edges" is the paper's second formula, for vertices u, v with operations between them:

        y_v <- sum_u g_uv * (y_u W),  g_uv = sigmoid(o_uv W_o + b_o)        y_v <- y_v W where the flow begins

    `shut_ops` (`none`, as published) have g = 0, `open_ops` (`skip_connect`, as published with TA-GATES) g = 1. On our
    graphs, whose nodes are the operations, this is `SenderGate`: forward gives the messages g_uv * (y_u W) that the
    nodes send, and the embedding is their sum at the outputs, y of the last vertex. With "nodes", on such graphs, the
    ReLU is applied to a message before the sum instead of after it, and a chain of three operations needs one more
    layer.

    Node attributes are added to the operation's embedding o, so they control the gates.

    Args:
        width, depth: 128 and 4 for NAS-Bench-101; 128 and 5 for NAS-Bench-201, as released, with
            `operations_on="edges"`, `readout="outputs"` and `none` in `shut_ops`.
        op_width, node_width, hidden: 48, 48, 96.

    Raises:
        ArchflowError: For an unknown read-out, or settings of operations that do not fit together.
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
        operations_on: str = "nodes",
        open_ops: Sequence[int] = (),
        shut_ops: Sequence[int] = (),
        n_attributes: int = 0,
    ) -> None:
        super().__init__()
        check_settings("gates", readout, operations_on, n_ops, open_ops, shut_ops)
        self.open_ops, self.shut_ops = list(open_ops), list(shut_ops)
        self.operations, self.inputs = nn.Parameter(torch.randn(1, n_ops, op_width)), NodeInput(n_attributes, op_width)
        self.on_edges = operations_on == "edges"
        self.start = Start(node_width, hidden, self.on_edges)
        layer = SenderGate if self.on_edges else GatedFlow
        self.flow = GatedPass(gated_layers(layer, hidden, width, depth, op_width))
        self.readout = make_readout(readout, width, nodes=WithPredecessor)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings; with operations on edges, the messages that the nodes send."""
        return self._pass(batch)[0]

    def states(self, batch: Batch) -> Tensor:
        """(V, d) states that the flow produced at the nodes."""
        sent, flow = self._pass(batch)
        return flow.arrived(sent)

    def _pass(self, batch: Batch) -> tuple[Tensor, Flow]:
        """(V, d) outputs of the last layer, and the flow."""
        flow = Flow(batch, batch.edges)
        if self.on_edges:
            flow = EdgeFlow.along(batch.edges, batch, self.open_ops, self.shut_ops, self.operations.dtype)
        return self.flow(self.start(batch), self.inputs(self.operations, batch), flow), flow
