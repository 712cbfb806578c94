"""FLAN against its equations, node by node."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archflow.encoders import FLAN
from archflow.encoders.flan import SLOPE, FlowAttention
from archflow.encoders.gates import GatedPass
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.table import read_table
from archflow.seeding import seeded
from archflow.testing import check_encoder, random_architectures
from tests.encoders.plain_torch import layer_norm, linear, norms_moved
from tests.encoders.test_gates import biases_moved, ids, predecessors, reference_readout, reference_start


def made(architectures: ArchitectureSet, **options) -> FLAN:
    with seeded(3):
        encoder = FLAN(len(architectures.vocabulary), 16, 2, op_width=6, node_width=5, hidden=7, **options)
        biases_moved(norms_moved(encoder))
    return encoder.eval()


def reference_layer(
    layer: FlowAttention, x: Tensor, operation: Tensor, heard: dict[int, list[int]], attends_to_all: bool
) -> Tensor:
    """The mean of a gated sum and of a softmax over those whom a node hears, or over all."""
    flow, y = layer.flow, []
    own, told = linear(flow.message, x), linear(layer.message, x)
    for node, others in heard.items():
        told_to_node = sum((own[j] for j in others), torch.zeros(own.shape[1]))
        gated = torch.sigmoid(linear(flow.gate, operation[node])) * told_to_node + own[node] + flow.bias[0]
        attended, scores = torch.zeros(own.shape[1]), torch.zeros(len(x))
        if layer.score is not None:
            scores = F.leaky_relu((layer.score[0] * told[node] * told).sum(1), SLOPE)
        scores = scores * torch.tensor([float(j in others) for j in heard])
        among = list(heard) if attends_to_all else others
        for share, j in zip(torch.softmax(scores[among], 0), among, strict=True):
            attended = attended + share * told[j]
        attended = layer_norm(layer.norm, torch.sigmoid(linear(layer.gate, operation[node])) * attended)
        y.append((gated + attended) / 2)
    return torch.stack(y)


def reference_pass(
    flow: GatedPass, x: Tensor, operation: Tensor, heard: dict[int, list[int]], attends_to_all: bool
) -> Tensor:
    for depth, layer in enumerate(flow.layers):
        assert isinstance(layer, FlowAttention)
        x = reference_layer(layer, torch.relu(x) if depth else x, operation, heard, attends_to_all)
    return x


def reference(encoder: FLAN, architecture: Architecture, op: list[int]) -> Tensor:
    forth = {node: predecessors(architecture, node) for node in range(len(op))}
    back = {node: [target for source, target in architecture.edges if source == node] for node in forth}
    x, operation = reference_start(encoder.start, architecture), encoder.operations[0][op]
    y = reference_pass(encoder.flow, x, operation, forth, encoder.attends_to_all)
    for _ in range(encoder.timesteps - 1):
        between = encoder.between
        assert between is not None
        outputs = torch.tensor([[float(not back[node])] for node in back])
        z = outputs * linear(between.turn, torch.relu(linear(between.turn_hidden, y)))
        b = reference_pass(between.flow, z, operation, back, encoder.attends_to_all)
        hidden = torch.relu(linear(between.update_hidden, torch.cat([operation.detach(), y.detach(), b], 1)))
        operation = operation + 0.1 * linear(between.update, hidden)
        y = reference_pass(encoder.flow, x, operation, forth, encoder.attends_to_all)
    return y


def agrees_with_its_equations(architectures: ArchitectureSet, **options) -> None:
    encoder, batch = made(architectures, **options), Batch(architectures)
    nodes = [reference(encoder, a, ids(a, architectures)) for a in architectures]
    expected = torch.cat(nodes)
    found = encoder(batch)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    whole = []
    for x, a in zip(nodes, architectures, strict=True):
        sounding = torch.tensor([[float(o not in encoder.silent)] for o in ids(a, architectures)])
        whole.append(reference_readout(x * sounding, a, "nodes"))
    torch.testing.assert_close(encoder.embed(batch), torch.stack(whole), rtol=1e-5, atol=1e-5)
    weights = torch.linspace(-1, 1, expected.numel()).view_as(expected)
    parameters = list(encoder.parameters())
    ours, theirs = (torch.autograd.grad((y * weights).sum(), parameters) for y in (found, expected))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "options",
    [{}, {"timesteps": 1}, {"timesteps": 3}, {"silent": [0, 2]}, {"attends_to_all": True}],
    ids=["default", "one step", "three steps", "silent operations", "attention to all"],
)
def test_the_whole_encoder_is_its_equations(options):
    agrees_with_its_equations(random_architectures(12, seed=1), **options)


@pytest.mark.parametrize("benchmark", ["nasbench101", "nasbench201"])
def test_it_is_on_real_cells_too(benchmark, data_folder):
    cells = read_table(data_folder / f"{benchmark}.parquet").architectures
    agrees_with_its_equations(cells.select(range(0, len(cells), len(cells) // 8)))


@pytest.mark.parametrize("options", [{"silent": [1]}, {"timesteps": 1}, {"attends_to_all": True}])
def test_its_options_keep_the_contract(options):
    architectures = random_architectures(20, seed=9)
    check_encoder(FLAN(len(architectures.vocabulary), 16, **options), architectures)


def test_silent_operations_still_pass_messages():
    chain = ArchitectureSet.from_architectures([Architecture(("in", "none", "out"), ((0, 1), (1, 2)))])
    silent = made(chain, silent=[chain.vocabulary.index("none")])
    with torch.no_grad():
        x = silent(Batch(chain))
        torch.testing.assert_close(silent.embed(Batch(chain))[0], x[2] / 2)
        cut = ArchitectureSet.from_architectures([Architecture(("in", "none", "out"), ((0, 1),))], chain.vocabulary)
        assert not torch.allclose(silent(Batch(cut))[2], x[2], atol=1e-3)


def test_a_node_attends_to_nobody_but_those_it_hears():
    """Two components in one architecture: neither changes the other's nodes."""
    one = Architecture(("in", "a", "out"), ((0, 1), (1, 2)))
    both = Architecture(("in", "a", "out", "in", "b"), ((0, 1), (1, 2), (3, 4)))
    some = ArchitectureSet.from_architectures([one, both])
    encoder = made(some)
    with torch.no_grad():
        x = encoder(Batch(some))
    torch.testing.assert_close(x[:3], x[3:6], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timesteps": 0}, "FLAN: timesteps must be a whole number of at least 1"),
        ({"silent": [5]}, r"flan: silent \[5\] must be ids of the 5 operations"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ArchflowError, match=message):
        FLAN(5, **options)
