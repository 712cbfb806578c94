"""GMAE's encoder: a deep stack of graph attention layers with dense skips."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import additive_mask, by_node, directions, weigh
from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import dropout
from archflow.encoders.inputs import NodeInput
from archflow.encoders.layers import LayerNorm, Linear
from archflow.encoders.readout import make_readout
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch


class GraphAttention(nn.Module):
    """Graph attention (Velickovic et al. 2018), with the heads concatenated.

    y_v = b + sum_u a_vu W x_u,  a_vu = softmax over v and its neighbours u of LeakyReLU(p . W x_v + q . W x_u)
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        width = dim // heads
        bound = math.sqrt(6 / (heads + width))
        self.project = Linear(dim, dim, bias=False)
        self.score = nn.Parameter(torch.empty(1, 2, heads, width).uniform_(-bound, bound))  # p and q
        self.bias = nn.Parameter(torch.zeros(1, dim))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(K, S, d) -> (K, S, d). mask: (B, L, heads, L), added to the scores of senders at receivers."""
        heads, width = self.score.shape[2:]
        values = self.project(x)
        scores = torch.einsum("kshe,kphe->kpsh", values.view(*x.shape[:2], heads, width), self.score)
        own, other = scores.transpose(0, 1).reshape(2, *mask.shape[:2], heads)
        logits = (mask + own.transpose(1, 2)[:, None]).add_(other[..., None])
        attended = weigh(
            F.leaky_relu(logits, 0.2, inplace=True), values.view(*mask.shape[:2], heads, width).transpose(1, 2)
        )
        return attended.transpose(1, 2).reshape(x.shape).add_(self.bias[:, None])


@ENCODERS.register("gmae")
class GMAE(Encoder):
    """The encoder of GMAE-NAS (Jing et al., IJCAI 2022).

    x = embedding(op), then `depth` graph attention layers among neighbours in both directions, each applied to the sum
    of all earlier outputs:

        h_0 = W x + b,   h_1 = dropout(PReLU(LN(GAT(x)))),   h_l = dropout(PReLU(LN(GAT(h_0 + ... + h_{l-1}))))

    The last h is the output. The paper does not say how its layers are connected; the sums, eight heads, layer
    normalisation, and one slope for all PReLUs are those of the released code.

    Args:
        width, depth: 32 and 16 for NAS-Bench-101, 64 and 12 for -201, 32 and 12 for -301.

    Raises:
        ArchflowError: If `heads` does not divide `width`.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 32,
        depth: int = 16,
        heads: int = 8,
        dropout: float = 0.2,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.pair_layers, self.pair_heads = depth, heads
        if width % heads:
            raise ArchflowError(f"gmae: width {width} must be a multiple of its {heads} heads")
        self.dropout = dropout
        self.operations, self.inputs = Linear(n_ops, width, bias=False), NodeInput(n_attributes, width)
        nn.init.normal_(self.operations.weight)
        self.skip = Linear(width, width)
        self.convolutions = nn.ModuleList(GraphAttention(width, heads) for _ in range(depth))
        self.norms = nn.ModuleList(LayerNorm(width) for _ in range(depth))
        self.slope = nn.Parameter(torch.full((1,), 0.25))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = self.inputs(self.operations.weight, batch).padded
        forth, back = directions(batch, x)
        attends = ((forth + back) > 0) | torch.eye(forth.shape[1], dtype=torch.bool, device=forth.device)
        mask = additive_mask(attends[:, None].expand(-1, self.config["heads"], -1, -1), x.dtype)
        total, h = self.skip(x), x
        for step, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            y = norm(convolution(total if step else x, mask))
            h = dropout(
                F.prelu(y[None], self.slope)[0], self.dropout, self.training, batch.padded
            )  # a channel is a member
            total = total + h
        return by_node(h, batch)
