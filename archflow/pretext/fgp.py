"""Flow-guided pre-training: the flow surrogate and a zero-cost proxy together."""

from __future__ import annotations

from collections.abc import Mapping

from numpy.typing import NDArray
from torch import Tensor

from archflow.graph import ArchitectureSet
from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, PretextSettings, Targets
from archflow.pretext.flow_reconstruction import FlowReconstruction
from archflow.pretext.proxy_ranking import ProxyRanking


@PRETEXT_TASKS.register("fgp")
class FGP(EmbeddingTask):
    """L = flow_weight L_rec + proxy_weight L_aux ("Learning to Flow from Generative Pretext Tasks", NeurIPS 2025)."""

    def __init__(self, dim: int, settings: PretextSettings) -> None:
        super().__init__(settings)
        self.flow, self.ranking = FlowReconstruction(dim, settings), ProxyRanking(dim, settings)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        return {**self.flow.targets(architectures, proxies), **self.ranking.targets(architectures, proxies)}

    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        flow, proxy = self.flow.loss_of(embedding, targets)["flow"], self.ranking.loss_of(embedding, targets)["proxy"]
        return {"flow": self.settings.flow_weight * flow, "proxy": self.settings.proxy_weight * proxy}
