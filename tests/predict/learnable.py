"""A learnable target, an encoder that cannot be stacked, and small predictors, for the tests of prediction."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import GIN, Embedder, Encoder
from archflow.encoders.preparation import Preparation
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict import NetworkPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.ranking_model import RankingModel
from archflow.seeding import seeded

QUICK = FineTuneSettings(epochs=4)
N = 60
FINE = np.arange(float(N))
"""Labels of the 60 `architectures`, all different."""


def target(architectures: ArchitectureSet) -> NDArray[np.float64]:
    """(N,) a score that depends on operations and wiring, without noise."""
    share = architectures.op_counts / architectures.node_counts[:, None]
    return 3 * share[:, 2] - share[:, 3] + 0.4 * architectures.edge_counts / architectures.node_counts


def models(architectures: ArchitectureSet, count: int, n_metrics: int = 1, encoder=GIN, **config) -> list[RankingModel]:
    """Fresh models, the same at every call; different from one another."""
    made = []
    for k in range(count):
        with seeded(k):
            made.append(RankingModel(encoder(len(architectures.vocabulary), width=8, **config), n_metrics))
    return made


class PlainEncoder(Encoder):
    """Operations through an ordinary torch layer: not stackable."""

    def __init__(self, n_ops: int, width: int = 8) -> None:
        super().__init__()
        self.config = {"n_ops": n_ops, "width": width}
        self.n_ops, self.dim, self.width = n_ops, width, width
        self.layer = nn.Linear(n_ops, width)

    def forward(self, batch: Batch) -> Tensor:
        return torch.relu(self.layer(nn.functional.one_hot(batch.op, self.n_ops).float()))


def predictor(architectures, members: int = 1, encoder=GIN, settings=QUICK, **options) -> NetworkPredictor:
    """A predictor of networks of width 8, not fitted."""
    with seeded(0):
        embedder = Embedder(encoder(len(architectures.vocabulary), width=8), Preparation(architectures.vocabulary))
    return NetworkPredictor(embedder, members=members, settings=settings, **options)
