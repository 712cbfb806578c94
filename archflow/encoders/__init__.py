"""Encoders: a batch of architectures in, an embedding of every node and every architecture out."""

from archflow.encoders.arch2vec import Arch2Vec
from archflow.encoders.base import ENCODERS, Encoder, encoders_of
from archflow.encoders.carl import CARL
from archflow.encoders.cate import CATE
from archflow.encoders.classical import AdjacencyMLP, PathMLP
from archflow.encoders.create import create, list_encoders
from archflow.encoders.dagnn import DAGNN
from archflow.encoders.embedder import Embedder
from archflow.encoders.flan import FLAN
from archflow.encoders.flowerformer import FlowerFormer
from archflow.encoders.flowerformer_two_cell import FlowerFormerTwoCell
from archflow.encoders.gated_gcn import GatedGCN
from archflow.encoders.gates import GATES
from archflow.encoders.gin import GIN
from archflow.encoders.gmae import GMAE
from archflow.encoders.gps import GPS
from archflow.encoders.ledg_former import LeDGFormer
from archflow.encoders.members import stack, unstack
from archflow.encoders.nar_former import NARFormer
from archflow.encoders.nar_former_v2 import NARFormerV2
from archflow.encoders.nar_former_v2_latency import NARFormerV2Latency
from archflow.encoders.nn_former import NNFormer
from archflow.encoders.nn_former_latency import NNFormerLatency
from archflow.encoders.nnlp import NNLP
from archflow.encoders.operation_mlp import OperationMLP
from archflow.encoders.pace import PACE
from archflow.encoders.pinat import PINAT
from archflow.encoders.ta_gates import TAGATES
from archflow.encoders.tg_nas import TGNAS
from archflow.encoders.transformer import Transformer

__all__ = [
    "CARL",
    "CATE",
    "DAGNN",
    "ENCODERS",
    "FLAN",
    "GATES",
    "GIN",
    "GMAE",
    "GPS",
    "NNLP",
    "PACE",
    "PINAT",
    "TAGATES",
    "TGNAS",
    "AdjacencyMLP",
    "Arch2Vec",
    "Embedder",
    "Encoder",
    "FlowerFormer",
    "FlowerFormerTwoCell",
    "GatedGCN",
    "LeDGFormer",
    "NARFormer",
    "NARFormerV2",
    "NARFormerV2Latency",
    "NNFormer",
    "NNFormerLatency",
    "OperationMLP",
    "PathMLP",
    "Transformer",
    "create",
    "encoders_of",
    "list_encoders",
    "stack",
    "unstack",
]
