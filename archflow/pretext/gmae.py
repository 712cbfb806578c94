"""GMAE: predict hidden operations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.base import PRETEXT_TASKS, PretextTask, Targets, mask_id


@PRETEXT_TASKS.register("gmae")
class GMAETask(PretextTask):
    """Masked graph autoencoder of GMAE-NAS.

    Of every architecture's n operations, input and output included, max(1, round(mask_ratio n)) random ones are hidden
    in every batch; the encoder sees `MASK` in their place, and a linear decoder predicts them from the nodes'
    embeddings h:

        loss = mean over hidden nodes v of  -log softmax(W h_v + b)[op_v]

    Published: 10,000 steps of batches of 2,048 or 4,096, AdamW at 1e-4 (1e-3 for NAS-Bench-301). There every node of a
    batch is hidden with probability `mask_ratio`; archflow hides the same number in expectation, up to rounding, and at
    least one operation of every architecture. The released code represents a hidden operation by zeros, where archflow
    uses an operation with its own features, which every encoder supports; it also averages over classes, which divides
    the loss by |O|.

    Args:
        mask_ratio: Fraction of the operations that are hidden; 0.75, 0.15 and 0.05 for NAS-Bench-101, -201 and -301
            (released code).

    Raises:
        ArchflowError: If `mask_ratio` is not in (0, 1].

    Source: Jing et al. (GMAE-NAS), IJCAI 2022.
    """

    masks = True

    def __init__(self, encoder: Encoder, mask_ratio: float = 0.15) -> None:
        super().__init__()
        if not 0 < mask_ratio <= 1:
            raise ArchflowError(f"gmae: mask_ratio {mask_ratio:g} must be a fraction of the nodes, above 0 and up to 1")
        self.mask_ratio = mask_ratio
        self.decoder = nn.Linear(encoder.dim, encoder.n_ops)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """gmae_hidden: (N,) number of operations to hide in every architecture."""
        mask_id(architectures)  # raises before the first epoch if the vocabulary has no mask
        hidden = np.rint(self.mask_ratio * architectures.node_counts).astype(np.int64)
        return {"gmae_hidden": torch.from_numpy(hidden.clip(1))}

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        hidden = draw_nodes(batch, targets["gmae_hidden"])
        seen = batch.with_ops(batch.op.index_fill(0, hidden, mask_id(batch.architectures)), hidden)
        return {"gmae": F.cross_entropy(self.decoder(encoder(seen)[hidden]), batch.op[hidden])}


def draw_nodes(batch: Batch, counts: Tensor) -> Tensor:
    """(M,) node rows, counts (B,) of every architecture, drawn without replacement."""
    shuffled = torch.randperm(len(batch.op), device=batch.device)
    # Stable: within an architecture the nodes stay shuffled.
    by_graph = shuffled[torch.argsort(batch.graph[shuffled], stable=True)]
    place = torch.arange(len(by_graph), device=batch.device) - batch.node_ptr[batch.graph]
    return by_graph[place < counts[batch.graph]]
