import numpy as np
import pytest
import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.networks.counting import count_parameters
from archflow.networks.nasbench101_channels import vertex_channels
from archflow.networks.nasbench101_network import ConvBatchNormRelu, NASBench101Cell, NASBench101Network

C3, C1, POOL = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"
Edges = list[tuple[int, int]]


def channels_of(nodes: int, edges: Edges, channels: int) -> list[int]:
    adjacency = np.zeros((1, nodes, nodes), bool)
    adjacency[0, [a for a, _ in edges], [b for _, b in edges]] = True
    return vertex_channels(adjacency, np.array([nodes]), channels)[0].tolist()


@pytest.mark.parametrize(
    ("nodes", "edges", "channels", "expected"),
    [
        (2, [(0, 1)], 128, [0, 0]),
        (3, [(0, 1), (1, 2)], 128, [0, 128, 0]),
        (5, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)], 128, [0, 43, 43, 42, 0]),
        (5, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)], 256, [0, 86, 85, 85, 0]),
        # Input -> output takes no share; node 1 is as wide as the wider of nodes 3 and 4.
        (6, [(0, 1), (0, 2), (0, 5), (1, 4), (1, 3), (2, 5), (3, 5), (4, 5)], 128, [0, 43, 43, 43, 42, 0]),
        (6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], 7, [0, 7, 7, 7, 7, 0]),
    ],
)
def test_channels_are_shared(nodes: int, edges: Edges, channels: int, expected: list[int]) -> None:
    assert channels_of(nodes, edges, channels) == expected


def test_channels_of_many_cells_are_those_of_each() -> None:
    cells: list[tuple[int, Edges]] = [
        (2, [(0, 1)]),
        (4, [(0, 1), (1, 2), (0, 2), (2, 3), (1, 3)]),
        (5, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]),
    ]
    adjacency = np.zeros((3, 5, 5), bool)
    for row, (_, edges) in enumerate(cells):
        adjacency[row, [a for a, _ in edges], [b for _, b in edges]] = True
    together = vertex_channels(adjacency, np.array([nodes for nodes, _ in cells]), 11)
    for row, (nodes, edges) in enumerate(cells):
        assert together[row].tolist() == channels_of(nodes, edges, 11) + [0] * (5 - nodes)


def test_too_few_channels_are_refused() -> None:
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)]
    assert channels_of(5, edges, 3) == [0, 1, 1, 1, 0]
    with pytest.raises(ArchflowError, match=r"3 nodes .* divide 2 channels: give at least 3"):
        NASBench101Network(["input", C1, C3, POOL, "output"], edges, channels=2)


def test_a_cell_computes_what_its_graph_says() -> None:
    """Three nodes share 7 channels (3, 2, 2), so what node 1 sends to node 2 is cut off to two channels."""
    ops = ["input", POOL, C3, C1, "output"]
    edges = [(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 4), (3, 4)]
    cell = NASBench101Cell(ops, edges, 5, 7)
    x = torch.randn(2, 5, 6, 4)
    pool, conv3, conv1 = cell.operations
    first = pool(cell.projections["1"](x))
    second = conv3(first[:, :2])
    third = conv1(first[:, :2] + cell.projections["3"](x))
    expected = torch.cat([first, second, third], dim=1) + cell.projections["4"](x)
    assert expected.shape == (2, 7, 6, 4)
    torch.testing.assert_close(cell(x), expected)
    assert sorted(cell.projections) == ["1", "3", "4"]
    assert [m.kernel_size for m in cell.modules() if isinstance(m, nn.MaxPool2d)] == [3]


def test_a_cell_without_operations_projects_its_input() -> None:
    cell = NASBench101Cell(["input", "output"], [(0, 1)], 3, 4)
    x = torch.randn(2, 3, 5, 5)
    torch.testing.assert_close(cell(x), cell.projections["1"](x))
    assert count_parameters(cell) == 3 * 4 + 2 * 4


def test_normalisation_is_the_published_one() -> None:
    conv, normalisation, activation = ConvBatchNormRelu(3, 4, 3)
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is None
    assert isinstance(normalisation, nn.BatchNorm2d)
    assert (normalisation.eps, normalisation.momentum) == (1e-5, pytest.approx(1 - 0.997))
    assert isinstance(activation, nn.ReLU)
    assert ConvBatchNormRelu(3, 4, 3)(torch.randn(2, 3, 5, 7)).shape == (2, 4, 5, 7)


def test_stages_double_the_channels_and_halve_the_image() -> None:
    network = NASBench101Network(["input", C1, "output"], [(0, 1), (1, 2)], 4, 2, 3, 7, image_channels=1).eval()
    shapes = []
    for layer in network.features:
        layer.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape)))
    assert network(torch.randn(2, 1, 9, 6)).shape == (2, 7)
    cells = [shape for shape, layer in zip(shapes, network.features, strict=True) if isinstance(layer, NASBench101Cell)]
    assert shapes[0] == (2, 4, 9, 6)
    assert cells == [(2, 4, 9, 6)] * 2 + [(2, 8, 5, 3)] * 2 + [(2, 16, 3, 2)] * 2


def test_parameters_of_the_published_network() -> None:
    # By hand: stem, nine projections into the node and nine 1x1 convolutions, classifier.
    entering = (128 + 2 * 128) * 128 + (128 + 2 * 256) * 256 + (256 + 2 * 512) * 512
    inside = 3 * (128**2 + 256**2 + 512**2)
    normalisations = 2 * 2 * 3 * (128 + 256 + 512)
    expected = 27 * 128 + 2 * 128 + entering + inside + normalisations + 512 * 10 + 10
    assert count_parameters(NASBench101Network(["input", C1, "output"], [(0, 1), (1, 2)])) == expected


def test_seed_decides_the_weights_and_nothing_else_moves() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = (
        NASBench101Network(["input", C3, "output"], [(0, 1), (1, 2)], 4, 1, seed=seed) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


def test_gradients_reach_every_weight() -> None:
    edges = [(0, 1), (0, 2), (0, 4), (1, 3), (2, 3), (3, 4), (1, 4)]
    network = NASBench101Network(["input", C3, POOL, C1, "output"], edges, 6, 1, 2)
    network(torch.randn(8, 3, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_wrong_networks_are_refused() -> None:
    with pytest.raises(ArchflowError, match="'conv5x5'"):
        NASBench101Network(["input", "conv5x5", "output"], [(0, 1), (1, 2)], 4, 1)
    with pytest.raises(ArchflowError, match="0 stages"):
        NASBench101Network(["input", C3, "output"], [(0, 1), (1, 2)], stages=0)
