"""Rank architectures by zero-cost proxies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.near import alternatives
from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, Targets, decoder
from archflow.pretext.ranking_loss import pairwise_hinge


@PRETEXT_TASKS.register("proxy_ranking")
class ProxyRanking(EmbeddingTask):
    """L_aux: the pairwise hinge loss on a zero-cost proxy (FGP, eq. of L_aux; on its own the ZC-Proxy baseline).

    With several proxies, each has its own score, and the loss is their mean. An architecture whose proxy is missing is
    excluded from all pairs of that proxy.

    Args:
        proxies: Names of the proxies, at least one.
        margin: Required lead of the better score: 0.5 for NAS-Bench-101 and -201, 0.1 for -301 (FGP's released code).
        hidden: Widths of the decoder's hidden layers.
    """

    proxy_settings = ("proxies",)

    def __init__(
        self, encoder: Encoder, proxies: Sequence[str] = (), margin: float = 0.5, hidden: Sequence[int] = (64,)
    ) -> None:
        super().__init__()
        if margin < 0:
            raise ArchflowError(f"proxy_ranking: margin {margin:g} must be at least 0")
        self.margin = margin
        self.decoder = decoder(encoder.dim, hidden, len(self.proxies))

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        ranks = [proxy_ranks(name, proxies, len(architectures)) for name in self.proxies]
        return {"proxy": torch.from_numpy(np.stack(ranks, 1))}

    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        scores, ranks = self.decoder(embedding).T, targets["proxy"].T
        return {"proxy": pairwise_hinge(scores, ranks, self.margin).mean()}


def proxy_ranks(name: str, proxies: Mapping[str, NDArray], count: int) -> NDArray[np.float32]:
    """(N,) rank of every value of a proxy among its distinct values, NaN where it is missing or infinite.

    Ranks have the order of the values and are exact in float32.

    Raises:
        ArchflowError: If the proxy does not exist, does not have `count` values, or has fewer than two distinct values.
    """
    if name not in proxies:
        raise ArchflowError(f"no proxy {name!r}; {alternatives(name, proxies)}")
    values = np.asarray(proxies[name], np.float64)
    if values.shape != (count,):
        raise ArchflowError(f"proxy {name!r} has {values.size} values for {count} architectures")
    present = np.isfinite(values)
    if len(np.unique(values[present])) < 2:
        raise ArchflowError(f"proxy {name!r} has fewer than two different values: nothing to rank")
    ranks = np.full(count, np.nan, np.float32)
    ranks[present] = np.unique(values[present], return_inverse=True)[1]
    return ranks
