"""DAGNN against its equations, node by node."""

import pytest
import torch
from torch import Tensor, nn

from archflow.encoders import DAGNN
from archflow.encoders.flow_gru import FlowGRU
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.table import read_table
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import linear


def gru_cell(unit: FlowGRU) -> nn.GRUCell:
    dim = unit.attention.shape[1]
    cell = nn.GRUCell(dim, dim)
    with torch.no_grad():
        for linear_, weight, bias in (
            (unit.input, cell.weight_ih, cell.bias_ih),
            (unit.hidden, cell.weight_hh, cell.bias_hh),
        ):
            weight.copy_(linear_.weight[0].T)
            bias.copy_(linear_.bias[0])  # type: ignore[index]
    return cell


def reference_layer(unit: FlowGRU, below: Tensor, architecture: Architecture, backward: bool) -> Tensor:
    """h_v = GRU(below_v, sum_u softmax_u(w1 . below_v + w2 . h_u) h_u), one node after the other."""
    cell, dim = gru_cell(unit), below.shape[1]
    w1 = torch.linspace(-1, 1, dim)  # that the softmax must not see
    states: dict[int, Tensor] = {}
    order = architecture.topological_order
    for node in reversed(order) if backward else order:
        heard = [edge[backward] for edge in architecture.edges if edge[not backward] == node]
        message = torch.zeros(dim)
        if heard:
            scores = torch.stack([w1 @ below[node] + unit.attention[0, :, 0] @ states[u] for u in heard])
            message = torch.softmax(scores, 0) @ torch.stack([states[u] for u in heard])
        states[node] = cell(below[node][None], message[None])[0]
    return torch.stack([states[node] for node in range(len(below))])


def reference(encoder: DAGNN, architecture: Architecture, op: Tensor) -> tuple[Tensor, Tensor]:
    """(n, d) node embeddings and (d,) the architecture's."""
    x = encoder.operations.weight[0][op]
    nodes, pooled = [], []
    for backward, units in enumerate(encoder.directions):
        states = [x]
        for unit in units:  # type: ignore[union-attr]
            states.append(reference_layer(unit, states[-1], architecture, bool(backward)))
        side_by_side = torch.cat(states, 1)
        inner = {edge[backward] for edge in architecture.edges}
        ends = [node for node in range(len(x)) if node not in inner]
        nodes.append(side_by_side)
        pooled.append(side_by_side[ends].max(0).values)
    return linear(encoder.unify, torch.cat(nodes, 1)), linear(encoder.unify, torch.cat(pooled))


def agrees_with_its_equations(architectures: ArchitectureSet, **options) -> None:
    with seeded(3):
        encoder = DAGNN(len(architectures.vocabulary), 12, **options)
    batch = Batch(architectures)
    with torch.no_grad():
        expected = [
            reference(encoder, a, op) for a, op in zip(architectures, batch.op.split(batch.sizes.tolist()), strict=True)
        ]
        nodes, whole = torch.cat([n for n, _ in expected]), torch.stack([w for _, w in expected])
        torch.testing.assert_close(encoder(batch), nodes, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(encoder.embed(batch), whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"depth": 1, "bidirectional": False}])
def test_the_whole_encoder_is_its_equations(options):
    agrees_with_its_equations(random_architectures(24, seed=1), **options)


def test_it_is_on_real_cells_too(data_folder):
    cells = read_table(data_folder / "nasbench201.parquet").architectures
    agrees_with_its_equations(cells.select(range(0, len(cells), 1500)))
