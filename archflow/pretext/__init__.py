"""Pretext tasks: what an encoder learns from architectures without labels."""

from archflow.pretext.arch2vec import VariationalGraphAutoEncoder
from archflow.pretext.base import MASK, PRETEXT_TASKS, EmbeddingTask, PretextTask
from archflow.pretext.cap import CAP
from archflow.pretext.cate import CATETask
from archflow.pretext.dclp import DCLP
from archflow.pretext.fgp import FGP
from archflow.pretext.flow_reconstruction import FlowReconstruction
from archflow.pretext.gmae import GMAETask
from archflow.pretext.graphcl import GraphCL
from archflow.pretext.joint import JointTask
from archflow.pretext.learned_surrogate import LearnedSurrogate
from archflow.pretext.named import make_task, proxies_for, task_settings, vocabulary_for, with_proxies
from archflow.pretext.pretrain import PretrainSettings, pretrain
from archflow.pretext.proxy_ranking import ProxyRanking

__all__ = [
    "CAP",
    "DCLP",
    "FGP",
    "MASK",
    "PRETEXT_TASKS",
    "CATETask",
    "EmbeddingTask",
    "FlowReconstruction",
    "GMAETask",
    "GraphCL",
    "JointTask",
    "LearnedSurrogate",
    "PretextTask",
    "PretrainSettings",
    "ProxyRanking",
    "VariationalGraphAutoEncoder",
    "make_task",
    "pretrain",
    "proxies_for",
    "task_settings",
    "vocabulary_for",
    "with_proxies",
]
