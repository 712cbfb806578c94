"""DAGNN: gated recurrent units that process the nodes in topological order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.flow_gru import FlowGRU
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import Linear
from archflow.encoders.readout import Readout, make_readout
from archflow.graph.batch import Batch, NodeSubset


@ENCODERS.register("dagnn")
class DAGNN(Encoder):
    """DAGNN (Thost & Chen, ICLR 2021), "Directed Acyclic Graph Neural Networks".

        h_v^0 = one-hot(op) W
        m_v^l = sum over the predecessors u of a_uv h_u^l,  a_uv = softmax_u(w1 . h_v^(l-1) + w2 . h_u^l)
        h_v^l = GRU^l(input h_v^(l-1), hidden m_v^l),       l = 1 .. depth
        z = FC(max over the sinks v of [h_v^0 || .. || h_v^depth] || max over the sources v of the same, backwards)

    Within a layer a node receives its predecessors' new states (`archflow.encoders.flow_gru.FlowGRU`; the term with w1
    is the same for all predecessors, so the softmax cancels it). Backwards, the same happens along reversed edges with
    separate weights; `bidirectional=False` leaves that half out. A node's embedding is FC of its own states.

    The released scripts omit h^0 from the read-out and, for ENAS cells, add every node's number to the attention; ours
    follows the paper and does not depend on how nodes are numbered.

    Args:
        width: 501 for ENAS cells, 300 for source code; 128 here.
        depth: 2.
        bidirectional: False for ENAS cells.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 2,
        bidirectional: bool = True,
        n_attributes: int = 0,
        readout: str = "ends",
    ) -> None:
        super().__init__()
        self.operations, self.inputs = Linear(n_ops, width, bias=False), NodeInput(n_attributes, width)
        self.directions = nn.ModuleList(
            nn.ModuleList(FlowGRU(width) for _ in range(depth)) for _ in range(1 + bidirectional)
        )
        self.unify = Linear((1 + bidirectional) * (1 + depth) * width, width)
        self.readout = make_readout(readout, width, ends=Ends)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        states = [state for direction in self.states_by_direction(batch) for state in direction]
        return batch.leveled.scatter(self.unify(torch.cat(states, -1)))

    def states_by_direction(self, batch: Batch) -> list[list[Tensor]]:
        """The states h^0 .. h^depth of each direction, (K, S, d) each, by position of the layout by level."""
        layout = batch.leveled
        x = self.inputs(self.operations.weight, batch).leveled
        found = []
        for backward, layers in enumerate(self.directions):
            assert isinstance(layers, nn.ModuleList)
            states = [x]
            for layer in layers:
                states.append(layer(states[-1], layout, backward=bool(backward)))
            found.append(states)
        return found


class Ends(Readout):
    """DAGNN's read-out: FC of the maximum over the sinks, and of that over the sources of the backward states."""

    def forward(self, encoder: DAGNN, batch: Batch) -> Tensor:
        """(B, d) architecture embeddings."""
        ends = (batch.sinks, batch.sources)
        found = encoder.states_by_direction(batch)
        pooled = [_highest(states, end, batch) for states, end in zip(found, ends, strict=False)]
        runs = torch.cat(pooled, 1).unflatten(0, (batch.members, len(batch) // batch.members))
        return encoder.unify(runs).flatten(0, 1)


def _highest(states: Sequence[Tensor], end: NodeSubset, batch: Batch) -> Tensor:
    """(B, n d) the maximum over each architecture's chosen nodes of their n concatenated states."""
    places = batch.leveled.place[end.node]
    rows = torch.cat([state.flatten(0, 1).index_select(0, places) for state in states], 1)
    if end.padded.shape[1] <= 1:  # one node each, or no architecture
        return rows
    return end.padded.gather(rows).masked_fill(~end.padded.mask[..., None], -torch.inf).amax(1)
