"""What the slow references of several encoders need: one graph at a time, in plain torch."""

from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.layers import BatchNorm, LayerNorm, Linear
from archflow.graph import Architecture

Module = TypeVar("Module", bound=nn.Module)


def adjacency(architecture: Architecture) -> Tensor:
    """(n, n) 1 where an edge leads from the row's node to the column's."""
    edges = torch.zeros(len(architecture.ops), len(architecture.ops))
    for source, target in architecture.edges:
        edges[source, target] = 1
    return edges


def linear(layer: Linear, x: Tensor) -> Tensor:
    bias = None if layer.bias is None else layer.bias[0]
    return F.linear(x, layer.weight[0].T, bias)


def layer_norm(layer: LayerNorm, x: Tensor) -> Tensor:
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * layer.weight[0] + layer.bias[0]


def norms_moved(module: Module) -> Module:
    """Normalisations as after training, so that a forgotten one is seen."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, LayerNorm | BatchNorm):
                for value in part.state_dict().values():
                    value.copy_(torch.rand_like(value) + 0.5)
    return module


def topological_numbers(architecture: Architecture) -> list[int]:
    """Number of every node by topological level, those of one level as numbered."""
    count = len(architecture.ops)
    level = [0] * count
    for _ in range(count):
        for source, target in architecture.edges:
            level[target] = max(level[target], level[source] + 1)
    order = sorted(range(count), key=lambda node: (level[node], node))
    return [order.index(node) for node in range(count)]
