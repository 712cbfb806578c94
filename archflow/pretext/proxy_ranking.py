"""Rank architectures by a zero-cost proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, PretextSettings, Targets, decoder
from archflow.pretext.ranking_loss import pairwise_hinge


@PRETEXT_TASKS.register("proxy_ranking")
class ProxyRanking(EmbeddingTask):
    """L_aux: the pairwise hinge loss on a zero-cost proxy (FGP, eq. of L_aux; alone the ZC-Proxy baseline).

    Architectures whose proxy is missing take part in no pair.

    dim: d of the encoder. hidden: widths of the decoder's inner layers.

    Raises ArchflowError if the settings name no proxy.
    """

    def __init__(self, dim: int, settings: PretextSettings, hidden: Sequence[int] = (64,)) -> None:
        super().__init__(settings)
        if settings.proxy is None:
            raise ArchflowError("proxy ranking: no proxy is named; give one, or pre-train on the flow alone")
        self.proxy, self.margin = settings.proxy, settings.margin
        self.decoder = decoder(dim, hidden, 1)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        if self.proxy not in proxies:
            raise ArchflowError(f"no proxy {self.proxy!r}; there are: {', '.join(proxies) or 'none'}")
        values = np.asarray(proxies[self.proxy], np.float64)
        if values.shape != (len(architectures),):
            raise ArchflowError(f"proxy {self.proxy!r} has {values.size} values for {len(architectures)} architectures")
        present = np.isfinite(values)
        if len(np.unique(values[present])) < 2:
            raise ArchflowError(f"proxy {self.proxy!r} has fewer than two different values: nothing to rank")
        # Ranks order like the values and survive float32; infinite values (a broken proxy) count as missing.
        ranks = np.full(len(values), np.nan)
        ranks[present] = np.unique(values[present], return_inverse=True)[1]
        return {"proxy": torch.from_numpy(ranks.astype(np.float32))}

    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        return {"proxy": pairwise_hinge(self.decoder(embedding)[:, 0], targets["proxy"], self.margin)}
