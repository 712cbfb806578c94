"""Pretext tasks: what an encoder learns from architectures without labels."""

from archflow.pretext.base import PRETEXT_TASKS, EmbeddingTask, PretextSettings, PretextTask
from archflow.pretext.fgp import FGP
from archflow.pretext.flow_reconstruction import FlowReconstruction
from archflow.pretext.pretrain import PretrainSettings, pretrain
from archflow.pretext.proxy_ranking import ProxyRanking

__all__ = [
    "FGP",
    "PRETEXT_TASKS",
    "EmbeddingTask",
    "FlowReconstruction",
    "PretextSettings",
    "PretextTask",
    "PretrainSettings",
    "ProxyRanking",
    "pretrain",
]
