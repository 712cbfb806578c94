"""TA-GATES: an encoding that imitates training, in which a backward flow updates the operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import normal
from archflow.encoders.gates import (
    EdgeFlow,
    Flow,
    GatedFlow,
    GatedPass,
    SenderGate,
    Start,
    check_settings,
    gated_layers,
)
from archflow.encoders.inputs import NodeInput, NodeValues, OfNodes
from archflow.encoders.layers import Linear, per_member
from archflow.encoders.readout import NodeReadout, WithPredecessor, make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch, Edges

UPDATE_SCALE = 0.1  # factor of an operation's change in a round, in all published settings


class BackwardRound(nn.Module):
    """The step between two forward passes.

        z = perceptron(y_output) at the outputs, 0 elsewhere
        b = gated flow against the edges, from z, with its own weights
        o_i <- o_i + 0.1 perceptron([o_i || y_i || b_i])

    No gradient passes through o_i and y_i inside the last bracket, as published. With operations on edges, y_output is
    the sum that arrives at the outputs, and y_i and b_i are the messages that node i sends.
    """

    def __init__(self, dim: int, op_width: int, layers: Callable[[], Iterable[nn.Module]]) -> None:
        super().__init__()
        self.turn_hidden, self.turn = Linear(dim, dim), Linear(dim, dim)
        self.flow = GatedPass(layers())
        self.update_hidden, self.update = Linear(op_width + 2 * dim, dim), Linear(dim, op_width)

    def forward(self, y: Tensor, operation: NodeValues, flow: Flow, arrived: Tensor | None = None) -> Tensor:
        """Compute the changes of the operations' embeddings.

        Args:
            y: (V, d) states after the forward pass.
            operation: (V, o) operations of the nodes.
            flow: The backward flow.
            arrived: (V, d) sums that the forward pass produced at the nodes, if these are not their states.

        Returns:
            (V, o).
        """
        batch = flow.batch
        outputs = batch.sinks.gather(y if arrived is None else arrived)  # (B, P, d)
        runs = outputs.unflatten(0, (batch.members, len(batch) // batch.members)).flatten(1, 2)
        turned = self.turn(torch.relu(self.turn_hidden(runs))).view_as(outputs)
        start = flow.arrived(batch.sinks.scatter(turned, len(y)))
        back = self.flow(OfNodes(start, batch), operation, flow)
        known = torch.cat([operation.map(torch.detach).values, y.detach(), back], 1)
        return UPDATE_SCALE * per_member(lambda x: self.update(torch.relu(self.update_hidden(x))), known, batch)


@ENCODERS.register("ta_gates")
class TAGATES(Encoder):
    """TA-GATES (Ning et al., NeurIPS 2022), "An Encoding Scheme for Neural Network Architectures".

    `rounds` forward passes of GATES, and between two of them a `BackwardRound` that changes the operations' embeddings,
    with the same weights in every round: in a trained network, operations differ by their position. In the forward pass
    only the sources also keep their own message without a gate, in the backward pass only the outputs. With
    operations_on="edges", an operation is updated by the messages that it sends forward and backward, as published for
    NAS-Bench-201.

    Breaking symmetry: equal operations in symmetric positions get the same embedding. The paper distinguishes them by
    zero-cost values of the single operations of one initialised network. No table has these values and they do not
    follow from the architecture, so this is not implemented. Instead there is `symmetry_noise`, the
    standard deviation of Gaussian noise on every node's operation in training (0.1 in the paper's comparison, off by
    default). The released code draws it in evaluation too; here an embedding depends on nothing but the architecture.

    Args:
        width, depth, rounds: 128, 5 and 3 for NAS-Bench-101, as in the released configuration (the page of the code
            says 4 rounds). NAS-Bench-201: 128, 3, 4, `operations_on="edges"`, `self_loops=False`, `readout="outputs"`,
            `skip_connect` open and `none` shut. NAS-Bench-301: 64, 5, 4, `self_loops=False`, `readout="outputs"`,
            op_width, node_width and hidden 32; published with operations on edges too, which does not fit our graphs of
            its cells, where sums and concatenation are nodes.
        operations_on, open_ops, shut_ops: As for `archflow.encoders.GATES`.
        fixed_ops: Ids of the operations that no round changes; for NAS-Bench-201 and -301 those without weights, as
            published.

    Raises:
        ArchflowError: For an unknown read-out, no round, unknown ids in `fixed_ops`, or settings of operations that do
            not fit together.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 5,
        rounds: int = 3,
        op_width: int = 48,
        node_width: int = 48,
        hidden: int = 96,
        self_loops: bool = True,
        readout: str = "nodes",
        fixed_ops: Sequence[int] = (),
        symmetry_noise: float = 0.0,
        operations_on: str = "nodes",
        open_ops: Sequence[int] = (),
        shut_ops: Sequence[int] = (),
        n_attributes: int = 0,
    ) -> None:
        super().__init__()
        check_settings("ta_gates", readout, operations_on, n_ops, open_ops, shut_ops)
        self.on_edges = on_edges = operations_on == "edges"
        if on_edges and self_loops:
            raise ArchflowError("ta_gates: operations on edges have no self_loops; take self_loops=False")
        if rounds < 1:
            raise ArchflowError(f"ta_gates: {rounds} rounds; at least one is needed for an embedding")
        if any(not 0 <= op < n_ops for op in fixed_ops):
            raise ArchflowError(f"ta_gates: fixed_ops {list(fixed_ops)} must be ids of the {n_ops} operations")
        self.rounds, self.self_loops, self.symmetry_noise = rounds, self_loops, symmetry_noise
        self.fixed_ops, self.open_ops, self.shut_ops = list(fixed_ops), list(open_ops), list(shut_ops)
        self.operations, self.inputs = nn.Parameter(torch.randn(1, n_ops, op_width)), NodeInput(n_attributes, op_width)
        self.start = Start(node_width, hidden, on_edges)
        layer = SenderGate if on_edges else GatedFlow
        self.flow = GatedPass(gated_layers(layer, hidden, width, depth, op_width))
        self.between = None
        if rounds > 1:
            self.between = BackwardRound(width, op_width, lambda: gated_layers(layer, width, width, depth, op_width))
        self.readout = make_readout(readout, width, nodes=WithPredecessor)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings after the last round; with operations on edges, the messages that the nodes send."""
        *_, (last, _) = self._rounds(batch)
        return last

    def states(self, batch: Batch) -> Tensor:
        """(V, d) states that the last round produced at the nodes."""
        *_, (_, arrived) = self._rounds(batch)
        return arrived

    def after_rounds(self, batch: Batch) -> list[Tensor]:
        """The (B, d) embedding after every round; the last one equals that of `embed`.

        This is the anytime variant, whose heads predict the accuracy at several points of training.
        """
        readout = cast(NodeReadout, self.readout)
        return [readout.pool(arrived, batch) for _, arrived in self._rounds(batch)]

    def _rounds(self, batch: Batch) -> Iterator[tuple[Tensor, Tensor]]:
        """For each round, the (V, d) outputs of the forward pass, and the (V, d) states that it produces."""
        x, operation = self.start(batch), self._operations(batch)
        forth, back = (self._flow_along(edges, batch) for edges in (batch.edges, batch.reversed_edges))
        for round_ in range(self.rounds):
            y = self.flow(x, operation, forth)
            arrived = forth.arrived(y)
            yield y, arrived
            if self.between is not None and round_ < self.rounds - 1:
                change = self.between(y, operation, back, arrived) * self._free(batch)
                operation = OfNodes(operation.values + change, batch)

    def _operations(self, batch: Batch) -> NodeValues:
        operation = self.inputs(self.operations, batch)
        if not (self.training and self.symmetry_noise > 0):
            return operation
        values = operation.values
        return OfNodes(values + self.symmetry_noise * normal(batch.member_nodes, values.shape[1], values.device), batch)

    def _flow_along(self, edges: Edges, batch: Batch) -> Flow:
        """The flow along some edges; the nodes at which it begins also keep their own message without a gate."""
        if self.on_edges:
            return EdgeFlow.along(edges, batch, self.open_ops, self.shut_ops, self.operations.dtype)
        begins = (edges.ptr.diff() == 0).to(self.operations.dtype)[:, None]
        return Flow(batch, edges, self.self_loops, begins)

    def _free(self, batch: Batch) -> Tensor:
        """(V, 1) 1 where a round may change the operation's embedding, 0 elsewhere."""
        fixed = torch.tensor(self.fixed_ops, dtype=batch.op.dtype, device=batch.op.device)
        return torch.isin(batch.op, fixed, invert=True).to(self.operations.dtype)[:, None]
