"""archflow: machine learning on neural architectures.

The names below are imported when they are first used, so that `import archflow` stays fast.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if os.name != "posix":
    raise ImportError("archflow runs on POSIX systems (Linux, macOS): it locks files with fcntl, which this one lacks")

_HOMES = {
    "archflow.data": ("load",),
    "archflow.encoders": (
        *("GIN", "Embedder", "Encoder", "GatedGCN", "OperationMLP", "Transformer"),
        *("create", "list_encoders"),
    ),
    "archflow.errors": ("ArchflowError",),
    "archflow.flow": ("FlowSurrogate",),
    "archflow.graph": ("Architecture", "ArchitectureSet", "Vocabulary"),
    "archflow.graph.table": ("Table", "read_table"),
    "archflow.predict.load": ("load_predictor",),
    "archflow.predict": ("FineTuneSettings", "NetworkPredictor", "Objective", "Predictor"),
    "archflow.pretext": (
        "CAP",
        "DCLP",
        "FGP",
        "CATETask",
        "FlowReconstruction",
        "GMAETask",
        "GraphCL",
        "PretrainSettings",
        "ProxyRanking",
        "VariationalGraphAutoEncoder",
        "make_task",
        "pretrain",
        "proxies_for",
        "vocabulary_for",
    ),
    "archflow.recipes.estimator": ("ArchitectureRegressor",),
    "archflow.recipes.ranking.stream": ("rank_space",),
    "archflow.spaces": ("NASBench201", "SearchSpace"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from archflow.data import load as load
    from archflow.encoders import GIN as GIN
    from archflow.encoders import Embedder as Embedder
    from archflow.encoders import Encoder as Encoder
    from archflow.encoders import GatedGCN as GatedGCN
    from archflow.encoders import OperationMLP as OperationMLP
    from archflow.encoders import Transformer as Transformer
    from archflow.encoders import create as create
    from archflow.encoders import list_encoders as list_encoders
    from archflow.errors import ArchflowError as ArchflowError
    from archflow.flow import FlowSurrogate as FlowSurrogate
    from archflow.graph import Architecture as Architecture
    from archflow.graph import ArchitectureSet as ArchitectureSet
    from archflow.graph import Vocabulary as Vocabulary
    from archflow.graph.table import Table as Table
    from archflow.graph.table import read_table as read_table
    from archflow.predict import FineTuneSettings as FineTuneSettings
    from archflow.predict import NetworkPredictor as NetworkPredictor
    from archflow.predict import Objective as Objective
    from archflow.predict import Predictor as Predictor
    from archflow.predict.load import load_predictor as load_predictor
    from archflow.pretext import CAP as CAP
    from archflow.pretext import DCLP as DCLP
    from archflow.pretext import FGP as FGP
    from archflow.pretext import CATETask as CATETask
    from archflow.pretext import FlowReconstruction as FlowReconstruction
    from archflow.pretext import GMAETask as GMAETask
    from archflow.pretext import GraphCL as GraphCL
    from archflow.pretext import PretrainSettings as PretrainSettings
    from archflow.pretext import ProxyRanking as ProxyRanking
    from archflow.pretext import VariationalGraphAutoEncoder as VariationalGraphAutoEncoder
    from archflow.pretext import make_task as make_task
    from archflow.pretext import pretrain as pretrain
    from archflow.pretext import proxies_for as proxies_for
    from archflow.pretext import vocabulary_for as vocabulary_for
    from archflow.recipes.estimator import ArchitectureRegressor as ArchitectureRegressor
    from archflow.recipes.ranking.stream import rank_space as rank_space
    from archflow.spaces import NASBench201 as NASBench201
    from archflow.spaces import SearchSpace as SearchSpace


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _installed_version()
    if name not in _HOME_OF:
        raise AttributeError(f"module 'archflow' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__, "__version__"]


def _installed_version() -> str:
    """The version of the installed package, which its build takes from the tag; "0+unknown" if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("archflow")
    except PackageNotFoundError:
        return "0+unknown"
