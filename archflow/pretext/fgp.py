"""Flow-guided pre-training: reconstruct the flow surrogate and rank zero-cost proxies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray
from torch import Tensor

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, Targets
from archflow.pretext.flow_reconstruction import PUBLISHED, FlowReconstruction, Surrogate
from archflow.pretext.proxy_ranking import ProxyRanking


@PRETEXT_TASKS.register("fgp")
class FGP(EmbeddingTask):
    """L = flow_weight L_rec + proxy_weight L_aux.

    Args:
        proxies, margin, proxy_hidden: Settings of L_aux, as in `ProxyRanking`.
        surrogate, flow_hidden: Settings of L_rec, as in `FlowReconstruction`.
        flow_weight, proxy_weight: lambda_1 and lambda_2, tuned in the paper over {(1/2, 1/2), (1/3, 2/3), (2/3, 1/3)}.

    Source: Kim et al., "Learning to Flow from Generative Pretext Tasks for Neural Architecture Encoding", NeurIPS 2025.
    """

    proxy_settings = ("proxies",)

    def __init__(
        self,
        encoder: Encoder,
        proxies: Sequence[str] = (),
        margin: float = 0.5,
        surrogate: Surrogate = PUBLISHED,
        flow_weight: float = 0.5,
        proxy_weight: float = 0.5,
        flow_hidden: Sequence[int] = (128,),
        proxy_hidden: Sequence[int] = (64,),
    ) -> None:
        super().__init__()
        if min(flow_weight, proxy_weight) < 0:
            raise ArchflowError(f"fgp: weights {flow_weight:g} and {proxy_weight:g} must be at least 0")
        self.flow_weight, self.proxy_weight = flow_weight, proxy_weight
        self.flow = FlowReconstruction(encoder, surrogate, flow_hidden)
        self.config["surrogate"] = self.flow.config["surrogate"]
        self.ranking = ProxyRanking(encoder, proxies, margin, proxy_hidden)

    def targets(self, architectures: ArchitectureSet, proxies: Mapping[str, NDArray]) -> dict[str, Tensor]:
        return self.flow.targets(architectures, proxies) | self.ranking.targets(architectures, proxies)

    def loss_of(self, embedding: Tensor, targets: Targets) -> dict[str, Tensor]:
        return {
            "flow": self.flow_weight * self.flow.loss_of(embedding, targets)["flow"],
            "proxy": self.proxy_weight * self.ranking.loss_of(embedding, targets)["proxy"],
        }
