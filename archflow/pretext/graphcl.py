"""Contrastive learning with augmented architectures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.augmentation import (
    cut_out,
    drop_nodes,
    hide_operations,
    keeping_cells,
    perturb_edges,
    share_of,
)
from archflow.pretext.base import PRETEXT_TASKS, PretextTask, Targets, decoder, mask_id, positive
from archflow.pretext.contrast import graph_classes


@PRETEXT_TASKS.register("graphcl")
class GraphCL(PretextTask):
    """GraphCL: two augmented views i and j of an architecture n are similar, views of different ones dissimilar.

    With z = projector(encoder.embed(view)) and cosine similarities

        L = mean over n of -log( exp(sim(z_ni, z_nj) / T) / sum over n' != n of exp(sim(z_ni, z_n'j) / T) )

    A view is one of four edits, drawn for every view: a fifth of the nodes dropped, a fifth of the edges replaced, the
    operations of a fifth of the nodes hidden, or a connected part with four fifths of the nodes. The ratio of 0.2 and
    the projector of two layers are the paper's; the temperature is that of its released code for small graphs (its code
    for molecules has 0.1).

    Differences from the paper: at least one node or edge of every architecture is edited, since fractions of small
    graphs often round to zero. New edges keep the graph acyclic, where the paper joins any nodes and its code adds no
    edges. A hidden operation becomes `MASK`, where the paper replaces a node's features by noise. The connected part
    grows along random edges; the released random walk only looks at the first node's neighbours. Isomorphic
    architectures of a batch are not negatives of each other, and an architecture without negatives is excluded. An
    encoder that reads pairs of cells sees no edit that changes the number of cells.

    Args:
        temperature: T.
        ratio: Fraction of the nodes or edges that an edit changes.

    Source: You et al. (GraphCL), NeurIPS 2020.
    """

    masks = True

    def __init__(self, encoder: Encoder, temperature: float = 0.2, ratio: float = 0.2) -> None:
        super().__init__()
        positive("graphcl", temperature=temperature)
        if not 0 < ratio <= 1:
            raise ArchflowError(f"graphcl: ratio {ratio:g} must be a fraction of the nodes, above 0 and up to 1")
        self.temperature, self.ratio = temperature, ratio
        self.projector = decoder(encoder.dim, (encoder.dim,), encoder.dim)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """The isomorphism classes. Raises ArchflowError if the vocabulary does not contain `MASK`."""
        mask_id(architectures)
        return {"graphcl": graph_classes(architectures)}

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        chosen = batch.architectures.select(np.tile(batch.rows, 2))
        views = self.views(chosen)
        if type(encoder).reads_pairs:
            views = keeping_cells(views, chosen)
        first, second = self.projector(encoder.embed(Batch(views, device=batch.device))).chunk(2)
        return {"graphcl": contrast(first, second, targets["graphcl"], self.temperature)}

    def views(self, architectures: ArchitectureSet) -> ArchitectureSet:
        """(N,) every architecture after one random edit."""
        mask = mask_id(architectures)
        kind = torch.randint(4, (len(architectures),)).numpy()
        parts = [architectures.select(np.flatnonzero(kind == k)) for k in range(4)]
        nodes = [share_of(part.node_counts, self.ratio) for part in parts]
        edited = ArchitectureSet.concatenate(
            [
                drop_nodes(parts[0], nodes[0]),
                perturb_edges(parts[1], share_of(parts[1].edge_counts, self.ratio)),
                hide_operations(parts[2], nodes[2], mask),
                cut_out(parts[3], nodes[3]),
            ]
        )
        return edited.select(np.argsort(np.argsort(kind, kind="stable")))


def contrast(first: Tensor, second: Tensor, classes: Tensor, temperature: float) -> Tensor:
    """GraphCL's loss of two views (B, d) each; architectures of one class (B,) are not negatives of each other."""
    logits = F.normalize(first, dim=1) @ F.normalize(second, dim=1).T / temperature
    other = classes[:, None] != classes
    counts = other.any(1)
    negative = logits.masked_fill(~other, -torch.inf)[counts].logsumexp(1)
    return (negative - logits.diagonal()[counts]).sum() / counts.sum().clamp(min=1)
