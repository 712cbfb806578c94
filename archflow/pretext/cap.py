"""Context prediction: which surroundings belong to a part of an architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import GIN, Encoder
from archflow.encoders.layers import segment_sum
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.ragged import pointer
from archflow.graph.subgraph import induced
from archflow.pretext.augmentation import distances, owners, random_nodes
from archflow.pretext.base import PRETEXT_TASKS, PretextTask, Targets, positive
from archflow.pretext.contrast import graph_classes


@PRETEXT_TASKS.register("cap")
class CAP(PretextTask):
    """CAP: context prediction, adapted from molecules.

    The encoder sees the sub-graph of up to K hops around a random centre, edges in either direction; h is its embedding
    of the centre. An auxiliary GIN of two layers sees the context, the sub-graph from K to R hops around the centre; c
    is the mean of its embeddings of the nodes K hops away, which belong to both.

        L = mean of -log sigmoid(h . c) + mean of -log(1 - sigmoid(h . c'))

    where c' is the context of the next architecture of the batch. Published: (K, R) = (1, 2), (1, 3) and (2, 3) for
    NAS-Bench-101, -201 and DARTS; an auxiliary GIN of width 128; 300 epochs of batches of 1,024, AdamW with weight
    decay 1e-4. An architecture whose centre has no context is excluded from the loss.

    Differences from the released code: centres are drawn in every epoch, where the released code draws them once,
    starts the context at the centre, and compares node by node. A linear layer maps the auxiliary GIN's output to the
    encoder's width: without it, an encoder and a context that both end in a ReLU could not have a negative product.
    Isomorphic architectures are not used as negatives. An encoder that reads pairs of cells sees the whole other cell.

    Args:
        hops: (K, R), the radius of a sub-graph and of its context.
        width: Width of the auxiliary GIN.

    Raises:
        ArchflowError: Unless 1 <= K < R.

    Source: Ji et al. (CAP), IJCAI 2024; Hu et al., ICLR 2020, for molecules.
    """

    def __init__(self, encoder: Encoder, hops: Sequence[int] = (1, 3), width: int = 128) -> None:
        super().__init__()
        positive("cap", width=width)
        if len(hops) != 2 or not 1 <= hops[0] < hops[1]:
            raise ArchflowError(f"cap: hops {tuple(hops)} span no context; take (K, R) with 1 <= K < R")
        self.near, self.far = hops
        self.context_encoder = GIN(encoder.n_ops, width, depth=2)
        self.projector = nn.Linear(self.context_encoder.dim, encoder.dim)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        return {"cap": graph_classes(architectures)}

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        architectures = batch.architectures.select(batch.rows)
        centre = random_nodes(architectures)
        hops = distances(architectures, centre)
        near, far = self.near, self.far
        overlap = hops == near
        shared = np.diff(pointer(overlap)[architectures.node_ptr])
        part = hops <= near
        if type(encoder).reads_pairs:
            part |= _other_cells(architectures, centre)
        # Architectures without context need a placeholder.
        context = (hops >= near) & (hops <= far) | (hops == 0) & (shared == 0)[owners(architectures.node_ptr)]
        there = torch.from_numpy(np.flatnonzero(shared)).to(batch.device)

        at = torch.from_numpy(pointer(part)[centre]).to(batch.device)
        h = encoder(Batch(induced(architectures, part), device=batch.device))[at[there]]
        at = torch.from_numpy(pointer(context)[np.flatnonzero(overlap)]).to(batch.device)
        nodes = self.context_encoder(Batch(induced(architectures, context), device=batch.device))[at]
        counts = torch.from_numpy(shared).to(batch.device)[there]
        c = self.projector(segment_sum(nodes, F.pad(counts.cumsum(0), (1, 0))) / counts[:, None])
        classes = targets["cap"][there]
        return {"cap": context_loss(h, c, classes)}


def context_loss(h: Tensor, c: Tensor, classes: Tensor) -> Tensor:
    """The loss of centres (M, d) and contexts (M, d), with isomorphism classes (M,)."""
    other = (classes != classes.roll(-1)).to(h.dtype)
    own = F.softplus(-(h * c).sum(1)).sum() / max(len(h), 1)
    return own + (F.softplus((h * c.roll(-1, 0)).sum(1)) * other).sum() / other.sum().clamp(min=1)


def _other_cells(architectures: ArchitectureSet, centre: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(V,) marks nodes of the cells that do not contain the centre (N,), or all nodes if the centre has no edge."""
    owner = owners(architectures.node_ptr)
    alone = architectures.undirected.degree[centre] == 0
    return (architectures.cells != architectures.cells[centre][owner]) | alone[owner]
