"""Tables whose labels an encoder can tell exactly, and models that do: what they must score is known."""

import numpy as np
import torch

from archflow.encoders import Encoder
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.table import Table
from archflow.predict.ranking_model import RankingModel
from archflow.spaces import NASBench201

_PLACES = 7.0 ** np.arange(8)


def true_labels(architectures: ArchitectureSet) -> np.ndarray:
    """(N,) a number that no two different cells of NAS-Bench-201 share: their operations read as digits."""
    return architectures.op.reshape(-1, 8) @ _PLACES / _PLACES[-1]


def known_table(count: int, seed: int = 0) -> Table:
    """So many different cells with their `score` = `true_labels`."""
    space = NASBench201()
    cells = space.enumerate().select(np.random.default_rng(seed).permutation(15625)[:count])
    return Table(cells, {"score": true_labels(cells)})


class OracleEncoder(Encoder):
    """Embeds a cell of NAS-Bench-201 as its label, d = 1. Not stackable."""

    def __init__(self) -> None:
        super().__init__()
        self.n_ops, self.dim, self.width = 7, 1, 1

    def forward(self, batch: Batch) -> torch.Tensor:
        return batch.op.double()[:, None]

    def embed(self, batch: Batch) -> torch.Tensor:
        """(B, 1)."""
        return batch.op.view(-1, 8).double() @ torch.from_numpy(_PLACES / _PLACES[-1])[:, None]


class Oracle(RankingModel):
    """Scores a cell by a factor times its label."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__(OracleEncoder())
        self.factor = factor

    def forward(self, batch: Batch) -> torch.Tensor:
        """(B, 1)."""
        return self.factor * self.encoder.embed(batch)
