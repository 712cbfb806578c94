"""CATE: predict the hidden operations of two computationally similar architectures, each with the help of the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from archflow.encoders import Encoder
from archflow.encoders.attention import TransformerLayer, additive_mask
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.pretext.base import PRETEXT_TASKS, PretextTask, Targets, mask_id, positive
from archflow.pretext.proxy_ranking import proxy_ranks

SELECTED = 0.2
"""Fraction of operations to be predicted."""

MASKED = 0.8
"""Fraction of those that are hidden; the others are replaced by a random operation."""


@PRETEXT_TASKS.register("cate")
class CATETask(PretextTask):
    """Masked operation modelling on pairs of architectures.

    Pairs: architectures x in the order of the proxy `cost`; partners of x are `partners` random earlier ones y whose
    proxy differs by at most `distance` times the proxy's range, drawn once (with replacement, so a single candidate is
    repeated), and one of them at each use. An architecture without partner, or without proxy, is in no pair. In every
    batch a random half of the others get a partner, so that an epoch encodes as many architectures as for any other
    task; as published, it would be four times as many.

    Corruption: every operation of both sides is selected with probability 0.2; 80 % of the selected become `MASK`, 20 %
    any operation. Then, with learnt vectors s_x and s_y,

        z = [W h_v + s_x for nodes v of x; W h_u + s_y for nodes u of y],  h = encoder(corrupted x and y)
        z <- `depth` pre-norm Transformer layers in which all nodes of both attend to each other, and LN
        p_v = softmax(W_2 dropout(tanh(W_1 z_v + b_1)) + b_2)
        loss = mean over selected v of  -0.9 log p_v[op_v] - 0.1 mean over operations o of log p_v[o]

    Published training: all pairs in 10 epochs of batches of 1,024, AdamW at 1e-3 with warm-up and linear decay. W is
    ours, since archflow's encoders differ in width from these layers. The released code spreads the smoothing's 0.1
    over the other operations only; in it, `MASK` and a convolution have the same code, and so have padding and the
    input, which is never predicted.

    Args:
        cost: The proxy that measures computational similarity.
        partners: 2 for NAS-Bench-101, 1 for -301, as published.
        distance: As a fraction of the proxy's range; published are 2e6 parameters for NAS-Bench-101, 4 % of the range,
            and 5e6 FLOPs for -301.
        width, heads, dropout: Of the Transformer layers; 64, 8, 0.1 as published, inner width 4 * 64.
        depth: Number of Transformer layers. 24 is published; the default is 4, as they are discarded after training.

    Raises:
        ArchflowError: If `heads` does not divide `width`, or a setting is out of range.

    Source: Yan et al., "CATE: Computation-aware neural architecture encoding with transformers", ICML 2021.
    """

    masks = True
    proxy_settings = ("cost",)

    def __init__(
        self,
        encoder: Encoder,
        cost: str = "params",
        partners: int = 2,
        distance: float = 0.04,
        width: int = 64,
        depth: int = 4,
        heads: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("cate", partners=partners, width=width, depth=depth, heads=heads)
        if not (distance >= 0 and 0 <= dropout < 1):
            raise ArchflowError(f"cate: distance {distance:g} must be at least 0, dropout {dropout:g} in 0 to below 1")
        if width % heads:
            raise ArchflowError(f"cate: width {width} must be a multiple of its {heads} heads")
        self.cost, self.partners, self.distance = cost, partners, distance
        self.project = nn.Linear(encoder.dim, width)
        self.side = nn.Parameter(torch.randn(2, width))
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, width // heads, 4 * width, dropout) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, encoder.n_ops)
        )

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        """cate_partners: (N, partners) rows of the set, -1 for an architecture without partners."""
        mask_id(architectures)  # raises before the first epoch if the vocabulary has no mask
        ranks = proxy_ranks(self.cost, proxies, len(architectures))
        present = np.flatnonzero(np.isfinite(ranks))
        order = present[np.argsort(ranks[present], kind="stable")]
        values = np.asarray(proxies[self.cost], np.float64)[order]
        partners = np.full((len(architectures), self.partners), -1)
        partners[order] = _earlier(order, values, self.distance * np.ptp(values), self.partners)
        return {"cate_partners": torch.from_numpy(partners)}

    def loss(self, encoder: Encoder, batch: Batch, targets: Targets) -> dict[str, Tensor]:
        pairs = self.pairs(batch, targets["cate_partners"])
        if not len(pairs):
            return {"cate": 0 * self.side.sum()}
        op, selected = corrupted(pairs)
        logits = self.logits(encoder, pairs.with_ops(op, selected), selected)
        loss = F.cross_entropy(logits, pairs.op[selected], reduction="sum", label_smoothing=0.1)
        return {"cate": loss / max(1, len(selected))}

    def pairs(self, batch: Batch, partners: Tensor) -> Batch:
        """Make a batch of 2P architectures: half of those that have a partner, then one partner of each, in order.

        partners: (B, K).
        """
        drawn = torch.randint(partners.shape[1], (len(partners), 1))
        chosen = partners.cpu().gather(1, drawn)[:, 0].numpy()
        paired = np.flatnonzero(chosen >= 0)
        half = paired[torch.randperm(len(paired))[: (len(paired) + 1) // 2].numpy()]
        return Batch(batch.architectures, np.concatenate([batch.rows[half], chosen[half]]), batch.device)

    def logits(self, encoder: Encoder, pairs: Batch, selected: Tensor) -> Tensor:
        """(M, |O|) logits for the selected node rows (M,) of `pairs`."""
        padded = pairs.padded
        shape = (2, len(pairs) // 2, padded.mask.shape[1])
        places = padded.gather(self.project(encoder(pairs))).view(*shape, -1) + self.side[:, None, None]
        z = places.transpose(0, 1).reshape(1, padded.mask.numel(), -1)
        mask = additive_mask(padded.mask.view(shape).transpose(0, 1).flatten(1)[:, None, None], z.dtype)
        for layer in self.layers:
            z = layer(z, mask)
        by_place = z.view(shape[1], 2, shape[2], -1).transpose(0, 1).flatten(0, 2)
        return self.head(self.norm(by_place[padded.flat[selected]]))


def _earlier(order: NDArray, values: NDArray, distance: float, count: int) -> NDArray[np.int64]:
    """(N, count) random entries of `order` that precede each entry, at most `distance` lower in value; -1 if none.

    values: (N,), ascending. The draw is always the same.
    """
    first = np.searchsorted(values, values - distance)
    candidates = np.arange(len(order)) - first
    uniform = np.random.default_rng(0).random((len(order), count))
    drawn = first[:, None] + (uniform * candidates[:, None]).astype(np.int64)
    return np.where(candidates[:, None] > 0, order[drawn], -1)


def corrupted(batch: Batch) -> tuple[Tensor, Tensor]:
    """(V,) operations after hiding and replacing, and (M,) the selected node rows."""
    mask = mask_id(batch.architectures)
    count = len(batch.op)
    other = torch.randint(len(batch.architectures.vocabulary) - 1, (count,), device=batch.device)
    other += other >= mask
    hidden = torch.rand(count, device=batch.device) < MASKED
    selected = torch.rand(count, device=batch.device) < SELECTED
    stand_in = other.masked_fill(hidden, mask)
    return torch.where(selected, stand_in, batch.op), selected.nonzero()[:, 0]
