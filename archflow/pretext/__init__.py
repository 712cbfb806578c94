"""Pretext tasks: what an encoder learns from architectures without labels."""

from archflow.pretext.base import MASK, PRETEXT_TASKS, EmbeddingTask, PretextSettings, PretextTask
from archflow.pretext.fgp import FGP
from archflow.pretext.flow_reconstruction import FlowReconstruction
from archflow.pretext.joint import JointTask
from archflow.pretext.named import make_task, reads_proxies, vocabulary_for
from archflow.pretext.pretrain import PretrainSettings, pretrain
from archflow.pretext.proxy_ranking import ProxyRanking

__all__ = [
    "FGP",
    "MASK",
    "PRETEXT_TASKS",
    "EmbeddingTask",
    "FlowReconstruction",
    "JointTask",
    "PretextSettings",
    "PretextTask",
    "PretrainSettings",
    "ProxyRanking",
    "make_task",
    "pretrain",
    "reads_proxies",
    "vocabulary_for",
]
