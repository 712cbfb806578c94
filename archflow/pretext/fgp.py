"""Flow-guided pre-training: the flow surrogate and zero-cost proxies together."""

from archflow.encoders import Encoder
from archflow.pretext.base import PRETEXT_TASKS, PretextSettings
from archflow.pretext.flow_reconstruction import FlowReconstruction
from archflow.pretext.joint import JointTask
from archflow.pretext.proxy_ranking import ProxyRanking


@PRETEXT_TASKS.register("fgp")
class FGP(JointTask):
    """L = flow_weight L_rec + proxy_weight L_aux ("Learning to Flow from Generative Pretext Tasks", NeurIPS 2025)."""

    @staticmethod
    def proxies(settings: PretextSettings) -> tuple[str, ...]:
        return settings.proxies

    def __init__(self, encoder: Encoder, settings: PretextSettings) -> None:
        flow, ranking = FlowReconstruction(encoder, settings), ProxyRanking(encoder, settings)
        super().__init__(
            settings, {"flow": (flow, settings.flow_weight), "proxy_ranking": (ranking, settings.proxy_weight)}
        )
