"""The message passing layers give the numbers of torch-geometric's, on the same weights."""

import numpy as np
import pytest
import torch
from torch import nn

from archflow.encoders.gated_gcn import GatedConvolution, GatedGCN
from archflow.encoders.gin import IsomorphismConvolution
from archflow.encoders.inputs import LookedUp
from archflow.graph.batch import Batch
from archflow.graph.table import read_table
from archflow.testing import random_architectures

reference = pytest.importorskip("torch_geometric.nn", reason="torch-geometric, the reference, is not installed")


@pytest.fixture(params=["random", "nasbench101", "nasbench201"])
def batch(request) -> Batch:
    if request.param == "random":
        return Batch(random_architectures(40, seed=1))
    cells = read_table(request.getfixturevalue("data_folder") / f"{request.param}.parquet").architectures
    return Batch(cells, np.random.default_rng(0).choice(len(cells), 40, replace=False))


def both_directions(batch: Batch) -> torch.Tensor:
    """(2, E) edges as torch-geometric takes them, from the directed edges alone."""
    there = torch.stack([batch.edges.source, batch.edges.target])
    return torch.cat([there, there.flip(0)], 1)


def as_torch(weight: torch.Tensor, bias: torch.Tensor | None, layer: nn.Linear) -> None:
    with torch.no_grad():
        layer.weight.copy_(weight.T)
        if bias is not None:
            layer.bias.copy_(bias)


def test_gated_convolution_is_resgatedgraphconv(batch):
    dim = 12
    ours = GatedConvolution(dim)
    with torch.no_grad():
        ours.projections.bias.normal_()  # type: ignore[union-attr]
        skip_bias = ours.projections.bias[0, :dim].clone()  # type: ignore[index]
    theirs = reference.ResGatedGraphConv(dim, dim)
    weights = ours.projections.weight[0].chunk(4, 1)
    biases = ours.projections.bias[0].chunk(4)  # type: ignore[index]
    for i, layer in ((1, theirs.lin_key), (2, theirs.lin_query), (3, theirs.lin_value)):
        as_torch(weights[i], biases[i], layer)
    as_torch(weights[0], None, theirs.lin_skip)
    with torch.no_grad():
        theirs.bias.copy_(skip_bias)
    x = torch.randn(len(batch.op), dim)
    torch.testing.assert_close(ours(x, batch), theirs(x, both_directions(batch)), rtol=1e-5, atol=1e-5)


def test_isomorphism_convolution_is_ginconv(batch):
    ours = IsomorphismConvolution(5, 12)
    perceptron = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 12))
    theirs = reference.GINConv(perceptron)  # draws the weights of its perceptron anew
    for layer, linear in ((ours.hidden, perceptron[0]), (ours.out, perceptron[2])):
        as_torch(layer.weight[0], layer.bias[0], linear)  # type: ignore[index,arg-type]
    x = torch.randn(len(batch.op), 5)
    torch.testing.assert_close(ours(x, batch), theirs(x, both_directions(batch)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_ops", [7, 200])
def test_looking_operations_up_is_the_general_convolution(batch, n_ops):
    dim = 12
    convolution = GatedConvolution(dim)
    table = torch.randn(1, n_ops, dim, requires_grad=True)
    looked_up = convolution.of_inputs(LookedUp(table, batch.rows_of(table), batch))
    general = convolution(table[0][batch.op], batch)
    torch.testing.assert_close(looked_up, general, rtol=1e-5, atol=1e-5)
    weights = torch.randn_like(general)
    inputs = [table, *convolution.parameters()]
    first, second = (torch.autograd.grad((y * weights).sum(), inputs) for y in (looked_up, general))
    for ours, theirs in zip(first, second, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_whole_network_is_that_of_the_released_code(batch):
    """Linear, then three times 0.2 x0 + 0.8 conv, ReLU; mean over nodes."""
    n_ops = 7
    encoder = GatedGCN(n_ops, width=12).eval()
    x0 = nn.functional.one_hot(batch.op, n_ops).float() @ encoder.operations.weight[0] + encoder.operations.bias[0]  # type: ignore[index]
    x = x0
    for convolution in encoder.convolutions:
        x = torch.relu(0.2 * x0 + 0.8 * convolution(x, batch))
    torch.testing.assert_close(encoder(batch), x, rtol=1e-5, atol=1e-5)
    pooled = reference.global_mean_pool(x, batch.graph)
    torch.testing.assert_close(encoder.embed(batch), pooled, rtol=1e-5, atol=1e-5)
