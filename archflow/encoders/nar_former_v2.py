"""NAR-Former V2: a graph network in which attention weights replace the mean over neighbours."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import by_node, by_place, directions
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import dropout, relu_dropout
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear, mean_pool
from archflow.encoders.readout import make_readout
from archflow.encoders.waves import waves
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.graph.padded import Padded

WAVES = 32
"""Number of frequencies of an operation's and of a position's code."""


class NeighbourAttention(nn.Module):
    """Attention among neighbours, with a gate that depends on the degree.

    With x <- x * sigmoid(w d_v + b), d_v the number of neighbours, and s = sigmoid(W_s x):

        a_vu = A_vu (s_v . s_u) / sum over w of A_vw (s_v . s_w);   y = normalised(W_l sum_u a_vu x_u + W_r x_v)
    """

    def __init__(self, n_in: int, dim: int) -> None:
        super().__init__()
        self.degree, self.score = Linear(1, n_in), Linear(n_in, n_in)
        self.neighbours, self.own = Linear(n_in, dim), Linear(n_in, dim, bias=False)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(K, S, in), (B, L, L) -> (K, S, d)."""
        x = x * torch.sigmoid(self.degree(adjacency.sum(2).view(len(x), -1, 1)))
        state = torch.sigmoid(self.score(x)).view(*adjacency.shape[:2], x.shape[2])
        score = torch.bmm(state, state.transpose(1, 2)) * (adjacency / math.sqrt(x.shape[2]))
        share = score / (score.sum(2, keepdim=True) + 1e-6)
        attended = torch.bmm(share, x.view(state.shape)).view(x.shape)
        return F.normalize(self.neighbours(attended) + self.own(x), dim=-1)


class GroupedLinear(nn.Module):
    """A linear layer for each of G groups of entries, and a layer normalisation that they share."""

    def __init__(self, groups: int, n_in: int, n_out: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(torch.empty(1, groups, n_in, n_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(1, groups, 1, n_out))
        self.norm = LayerNorm(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(K, G, S, in) -> (K, G, S, out)."""
        y = torch.matmul(x, self.weight) + self.bias
        return self.norm(y.flatten(1, 2)).view(y.shape)


class NARFormerV2Layer(nn.Module):
    """x <- dropout(ReLU(attention(x))), then x <- x + gamma * FFN(LN(x)), a perceptron in groups (`GroupedLinear`)."""

    def __init__(self, n_in: int, dim: int, groups: int, dropout: float) -> None:
        super().__init__()
        self.groups, self.dropout = groups, dropout
        self.attention, self.norm = NeighbourAttention(n_in, dim), LayerNorm(dim)
        self.hidden = GroupedLinear(groups, dim // groups, 4 * dim // groups)
        self.out = GroupedLinear(groups, 4 * dim // groups, dim // groups)
        self.scale = nn.Parameter(torch.full((1, dim), 1e-4))

    def forward(self, x: Tensor, adjacency: Tensor, rows: Padded | None = None) -> Tensor:
        """(K, S, in) -> (K, S, d). rows: the padded layout."""
        x = relu_dropout(self.attention(x, adjacency), self.dropout, self.training, rows)
        grouped = self.norm(x).unflatten(2, (self.groups, -1)).transpose(1, 2)
        hidden = relu_dropout(self.hidden(grouped), self.dropout, self.training, rows)
        y = dropout(self.out(hidden), self.dropout, self.training, rows).transpose(1, 2).flatten(2)
        return x + self.scale[:, None] * y


@ENCODERS.register("nar_former_v2")
class NARFormerV2(Encoder):
    """NAR-Former V2 (Yi et al., NeurIPS 2023), for accuracy.

    The input has 128 entries [waves(operation id) || waves(position)], followed by `depth` layers (`NARFormerV2Layer`)
    that attend to predecessors and successors. The layers' outputs h_l are weighted:

        x_v = sum_l w_l h_lv,   w = sigmoid(W2 ReLU(W1 [mean h_1 || ... || mean h_depth]))

    As in the released code for cells, A holds every edge in both directions; only positions carry the direction. They
    follow the topological level, with ties in the given order, so the embedding reads positions.

    The published latency model is `NARFormerV2Latency`; here node attributes are mapped and added to the 128 entries.

    Args:
        width, depth: 512 and 6 for NAS-Bench-101 and -201.

    Raises:
        ArchflowError: If `groups` does not divide `width`.
    """

    stackable = True
    reads_positions = True

    def __init__(
        self,
        n_ops: int,
        width: int = 512,
        depth: int = 6,
        groups: int = 8,
        dropout: float = 0.05,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers = depth
        if width % groups:
            raise ArchflowError(f"nar_former_v2: width {width} must be a multiple of its {groups} groups")
        self.layers = nn.ModuleList(
            NARFormerV2Layer(width if i else 4 * WAVES, width, groups, dropout) for i in range(depth)
        )
        self.inputs = NodeInput(n_attributes, 4 * WAVES)
        joined = depth * width
        self.weigh_hidden, self.weigh = Linear(joined, max(joined // 4, 1)), Linear(max(joined // 4, 1), depth)
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        codes = torch.cat([waves(batch.op, WAVES), waves(batch.rank, WAVES)], 1)
        x = by_place(self.inputs.add_attributes(codes, batch), batch)
        forth, back = directions(batch, x)
        neighbours = forth + back
        layers = []
        for layer in self.layers:
            x = layer(x, neighbours, batch.padded)
            layers.append(by_node(x, batch))
        means = torch.cat([mean_pool(h, batch) for h in layers], 1).view(batch.members, -1, len(layers) * self.dim)
        weights = torch.sigmoid(self.weigh(torch.relu(self.weigh_hidden(means)))).view(len(batch), len(layers))
        return (torch.stack(layers, 1) * weights[batch.graph][..., None]).sum(1)
