"""What the slow references of several encoders need: one graph at a time, in plain torch."""

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archflow.encoders.attention import AttentionHeads, Perceptron, TransformerLayer
from archflow.encoders.described_operations import DescribedOperations
from archflow.encoders.layers import BatchNorm, LayerNorm, Linear
from archflow.graph import Architecture, ArchitectureSet

Module = TypeVar("Module", bound=nn.Module)


def adjacency(architecture: Architecture) -> Tensor:
    """(n, n) 1 where an edge leads from the row's node to the column's."""
    edges = torch.zeros(len(architecture.ops), len(architecture.ops))
    for source, target in architecture.edges:
        edges[source, target] = 1
    return edges


def operations(encoder: DescribedOperations) -> Tensor:
    """(|O|, d) learned embeddings, or those of the descriptions."""
    return encoder.described[0] @ encoder.operations.weight[0] if encoder.text else encoder.operations.weight[0]


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


def reaches(architecture: Architecture) -> Tensor:
    """(n, n) bool: whether a path of at least one edge leads from the row's node to the column's."""
    paths = adjacency(architecture) > 0
    for middle in range(len(paths)):
        paths |= paths[:, middle, None] & paths[None, middle]
    return paths


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int, hears: Tensor | None = None) -> Tensor:
    """(q, e), (n, e), (n, e) -> (q, e), head by head."""
    parts = []
    for q, k, v in zip(query.chunk(heads, 1), key.chunk(heads, 1), value.chunk(heads, 1), strict=True):
        scores = q @ k.T / math.sqrt(q.shape[1])
        if hears is not None:
            scores = scores.masked_fill(~hears, -torch.inf)
        parts.append(torch.softmax(scores, 1) @ v)
    return torch.cat(parts, 1)


def self_attend(layer: AttentionHeads, x: Tensor, hears: Tensor | None = None) -> Tensor:
    query, key, value = linear(layer.query_key_value, x).chunk(3, 1)
    return attend(query, key, value, layer.heads, hears)


def perceptron(layer: Perceptron, x: Tensor) -> Tensor:
    return linear(layer.out, torch.relu(linear(layer.hidden, x)))


def transformer_layer(layer: TransformerLayer, x: Tensor, hears: Tensor | None = None) -> Tensor:
    x = x + linear(layer.mix, self_attend(layer.attention, layer_norm(layer.before_attention, x), hears))
    return x + perceptron(layer.perceptron, layer_norm(layer.before_perceptron, x))


def batch_norm(layer: BatchNorm, x: Tensor) -> Tensor:
    """As in evaluation."""
    scaled = (x - layer.running_mean[0]) / torch.sqrt(layer.running_var[0] + 1e-5)
    return scaled * layer.weight[0] + layer.bias[0]


def graph_by_graph(architectures: ArchitectureSet, reference: Callable[[Tensor, Architecture], Tensor]) -> Tensor:
    """What reference(operation ids (n,), architecture) gives for each, one below the other."""
    ids = torch.from_numpy(architectures.op.astype(np.int64)).split(architectures.node_counts.tolist())
    with torch.no_grad():
        return torch.cat([reference(i, a) for i, a in zip(ids, architectures, strict=True)])
