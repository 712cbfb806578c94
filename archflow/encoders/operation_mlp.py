"""A multilayer perceptron on the operations, the simplest encoder."""

from __future__ import annotations

from torch import Tensor, nn

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.dropout import relu_dropout
from archflow.encoders.inputs import one_hot
from archflow.encoders.layers import Linear, per_member
from archflow.encoders.readout import make_readout
from archflow.graph.batch import Batch


@ENCODERS.register("mlp")
class OperationMLP(Encoder):
    """The MLP of FGP's table 13: every node's operation through a perceptron; the mean over nodes is the embedding.

    It sees which operations an architecture has and how often, not how they are wired.
    """

    stackable = True

    def __init__(
        self,
        n_ops: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        n_attributes: int = 0,
        readout: str = "mean",
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.layers = nn.ModuleList(Linear(width if i else n_ops + 2 * n_attributes, width) for i in range(depth))
        self.readout = make_readout(readout, self.dim)

    def forward(self, batch: Batch) -> Tensor:
        """(V, d) node embeddings."""
        x = one_hot(batch, self.n_ops, self.n_attributes, self.layers[0].weight.dtype)  # type: ignore[arg-type]
        for layer in self.layers:
            x = relu_dropout(per_member(layer, x, batch), self.dropout, self.training, batch)
        return x
