"""GATES against its equations, node by node."""

import pytest
import torch
from torch import Tensor

from archflow.encoders import GATES
from archflow.encoders.gates import GatedPass, Start
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.table import read_table
from archflow.seeding import seeded
from archflow.testing import random_architectures
from tests.encoders.plain_torch import linear


def predecessors(architecture: Architecture, node: int) -> list[int]:
    return [source for source, target in architecture.edges if target == node]


def reference_start(start: Start, architecture: Architecture) -> Tensor:
    """One learned vector where nothing flows in, another elsewhere."""
    rows = [int(bool(predecessors(architecture, node))) for node in range(len(architecture.ops))]
    return linear(start.map, start.nodes[0])[rows]


def reference_pass(flow: GatedPass, x: Tensor, operation: Tensor, architecture: Architecture) -> Tensor:
    """y_i = sigmoid(o_i W_o + b_o) * sum_j x_j W + x_i W + b over the predecessors j; ReLU between layers."""
    for depth, layer in enumerate(flow.layers):
        message = linear(layer.message, torch.relu(x) if depth else x)  # type: ignore[arg-type]
        x = torch.zeros_like(message)
        for node in range(len(x)):
            heard = sum((message[j] for j in predecessors(architecture, node)), torch.zeros(x.shape[1]))
            gate = torch.sigmoid(linear(layer.gate, operation[node]))  # type: ignore[arg-type]
            x[node] = gate * heard + message[node] + layer.bias[0]  # type: ignore[index]
    return x


def reference_readout(x: Tensor, architecture: Architecture, readout: str) -> Tensor:
    targets, sources = ({edge[end] for edge in architecture.edges} for end in (1, 0))
    nodes = range(len(architecture.ops))
    chosen = [node for node in nodes if (node in targets if readout == "nodes" else node not in sources)]
    return torch.stack([x[node] for node in chosen or nodes]).mean(0)


def ids(architecture: Architecture, architectures: ArchitectureSet) -> list[int]:
    return [architectures.vocabulary.index(op) for op in architecture.ops]


def biases_moved(encoder: torch.nn.Module) -> None:
    """As after training, so that a forgotten one is seen."""
    with torch.no_grad():
        for name, value in encoder.named_parameters():
            if name.endswith("bias"):
                value.copy_(torch.rand_like(value) - 0.5)


def agrees_with_its_equations(architectures: ArchitectureSet, readout: str) -> None:
    with seeded(3):
        encoder = GATES(len(architectures.vocabulary), 16, 3, op_width=6, node_width=5, hidden=7, readout=readout)
        biases_moved(encoder)
    batch = Batch(architectures)
    with torch.no_grad():
        nodes = [
            reference_pass(
                encoder.flow, reference_start(encoder.start, a), encoder.operations[0][ids(a, architectures)], a
            )
            for a in architectures
        ]
        whole = [reference_readout(x, a, readout) for x, a in zip(nodes, architectures, strict=True)]
        torch.testing.assert_close(encoder(batch), torch.cat(nodes), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(encoder.embed(batch), torch.stack(whole), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("readout", ["nodes", "outputs"])
def test_the_whole_encoder_is_its_equations(readout):
    agrees_with_its_equations(random_architectures(24, seed=1), readout)


def test_it_is_on_real_cells_too(data_folder):
    cells = read_table(data_folder / "nasbench101.parquet").architectures
    agrees_with_its_equations(cells.select(range(0, len(cells), 2000)), "nodes")


def test_on_nodes_it_is_the_formula_on_edges():
    """Four vertices with an operation between each two, as in NAS-Bench-201: without the ReLU, and a node's own message
    taken off, states of the nodes are the gated messages on the edges."""
    vertices = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    ops = ("conv1x1", "conv3x3", "pool", "conv3x3", "pool", "conv1x1")
    follows = [(a, b) for a, (_, end) in enumerate(vertices) for b, (begin, _) in enumerate(vertices) if end == begin]
    some = ArchitectureSet.from_architectures(
        [
            Architecture(
                ("input", *ops),
                tuple(
                    [(0, 1 + i) for i, (begin, _) in enumerate(vertices) if begin == 0]
                    + [(1 + a, 1 + b) for a, b in follows]
                ),
            )
        ]
    )
    with seeded(0):
        encoder = GATES(len(some.vocabulary), 8, 1, hidden=8)
    layer = encoder.flow.layers[0]
    batch = Batch(some)
    with torch.no_grad():
        layer.bias.zero_()  # type: ignore[operator]
        x = encoder.start(batch).values
        state = encoder(batch) - linear(layer.message, x)  # type: ignore[arg-type]
        gate = torch.sigmoid(linear(layer.gate, encoder.operations[0][batch.op]))  # type: ignore[arg-type]
        for i, (begin, _) in enumerate(vertices):
            vertex = x[[0]] if begin == 0 else x[[1 + k for k, (_, end) in enumerate(vertices) if end == begin]]
            message = gate[1 + i] * linear(layer.message, vertex.sum(0))  # type: ignore[arg-type]
            torch.testing.assert_close(state[1 + i], message)


def test_an_unknown_readout_is_refused():
    with pytest.raises(
        ArchflowError, match="unknown readout 'all'; choose one of mean, sum, log_sum, outputs, attention, nodes"
    ):
        GATES(5, readout="all")
