"""Encoders: a batch of architectures in, an embedding of every node and every architecture out."""

from archflow.encoders.base import ENCODERS, Encoder
from archflow.encoders.flowerformer import FlowerFormer
from archflow.encoders.gated_gcn import GatedGCN
from archflow.encoders.gin import GIN
from archflow.encoders.members import stack, unstack
from archflow.encoders.nn_former import NNFormer
from archflow.encoders.operation_mlp import OperationMLP
from archflow.encoders.pinat import PINAT
from archflow.encoders.saved import load_encoder, save_encoder
from archflow.encoders.transformer import Transformer

__all__ = [
    "ENCODERS",
    "GIN",
    "PINAT",
    "Encoder",
    "FlowerFormer",
    "GatedGCN",
    "NNFormer",
    "OperationMLP",
    "Transformer",
    "load_encoder",
    "save_encoder",
    "stack",
    "unstack",
]
