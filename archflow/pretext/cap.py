"""Context prediction: which surroundings a part of an architecture has."""

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
    """CAP (Ji et al., IJCAI 2024), context prediction as for molecules (Hu et al., ICLR 2020). Around a random centre
    the encoder sees the sub-graph up to K hops away, edges in either direction; h is what it makes of the centre. An
    auxiliary GIN of two layers sees the context, the sub-graph from K to R hops away, and c is the mean of what it
    makes of the nodes K hops away, which both have:

        L = mean of -log sigmoid(h . c) + mean of -log(1 - sigmoid(h . c'))

    c' being the context of the next architecture of the batch. Published: (K, R) = (1, 2), (1, 3) and (2, 3) for
    NAS-Bench-101, -201 and DARTS; an auxiliary GIN 128 wide; 300 epochs of batches of 1,024,
    AdamW with weight decay 1e-4. An architecture whose centre has no context counts nowhere.

    Differences. Centres are drawn anew in every epoch; the released code draws them once, lets the context begin at the
    centre, and compares node by node. A linear layer takes the auxiliary GIN's layers to the encoder's width: an
    encoder that ends in a ReLU could not say no to a context that does, too. The next architecture is no negative if
    it is isomorphic. An encoder that reads pairs of cells sees the other cell whole.

    Args:
        hops: (K, R): how far a sub-graph reaches, and how far its context.
        width: Width of a layer of the auxiliary GIN.

    Raises:
        ArchflowError: Unless 1 <= K < R.
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
        # Something has to stand where there is no context.
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
    """The loss of centres (M, d) and contexts (M, d) whose architectures are of these classes (M,)."""
    other = (classes != classes.roll(-1)).to(h.dtype)
    own = F.softplus(-(h * c).sum(1)).sum() / max(len(h), 1)
    return own + (F.softplus((h * c.roll(-1, 0)).sum(1)) * other).sum() / other.sum().clamp(min=1)


def _other_cells(architectures: ArchitectureSet, centre: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(V,) marks the cells of which the centre (N,) is no node; all of an architecture whose centre has no edge."""
    owner = owners(architectures.node_ptr)
    alone = architectures.undirected.degree[centre] == 0
    return (architectures.cells != architectures.cells[centre][owner]) | alone[owner]
