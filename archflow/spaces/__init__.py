"""Search spaces: one module or package per space."""

from archflow.spaces.base import SPACES, NetworkSpace, SearchSpace
from archflow.spaces.chain import ChainSpace, Stage
from archflow.spaces.darts import DARTS
from archflow.spaces.fbnet import FBNet
from archflow.spaces.hierarchical import Hierarchical
from archflow.spaces.motif import Motif
from archflow.spaces.nasbench101 import NASBench101
from archflow.spaces.nasbench201 import NASBench201
from archflow.spaces.nasbench_graph import NASBenchGraph
from archflow.spaces.nasbench_macro import NASBenchMacro
from archflow.spaces.nasbench_nlp import NASBenchNLP
from archflow.spaces.nats_size import NATSSize
from archflow.spaces.ofa_mobilenetv3 import OFAMobileNetV3
from archflow.spaces.sampling import sample_classes
from archflow.spaces.table_space import TableSpace

__all__ = [
    "DARTS",
    "SPACES",
    "ChainSpace",
    "FBNet",
    "Hierarchical",
    "Motif",
    "NASBench101",
    "NASBench201",
    "NASBenchGraph",
    "NASBenchMacro",
    "NASBenchNLP",
    "NATSSize",
    "NetworkSpace",
    "OFAMobileNetV3",
    "SearchSpace",
    "Stage",
    "TableSpace",
    "sample_classes",
]
