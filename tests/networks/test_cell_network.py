import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.networks.cell_network import Cell, CellNetwork
from archflow.networks.counting import count_flops, count_parameters

PAIRS = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
NAMES = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]


def cell_of(names: list[str]) -> list[tuple[int, int, str]]:
    return [(source, target, name) for (source, target), name in zip(PAIRS, names, strict=True)]


@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from(NAMES), min_size=6, max_size=6))
def test_cell_is_the_sum_over_edges(names: list[str]) -> None:
    cell = Cell(cell_of(names), 4).eval()
    x = torch.randn(2, 4, 5, 5)
    modules = iter(cell.operations)
    nodes = [x]
    # The cell keeps its operations by target, then source, without the zeroized ones: so does the list of pairs.
    for node in range(1, 4):
        total = torch.zeros_like(x)
        for (source, target), name in zip(PAIRS, names, strict=True):
            if target == node and name != "none":
                total = total + next(modules)(nodes[source])
        nodes.append(total)
    torch.testing.assert_close(cell(x), nodes[3])


def test_order_of_the_edges_does_not_matter() -> None:
    edges = cell_of(["nor_conv_1x1", "none", "nor_conv_3x3", "skip_connect", "avg_pool_3x3", "nor_conv_3x3"])
    x = torch.randn(2, 1, 8, 8)
    first = CellNetwork(edges, 4, 1, image_channels=1, seed=3).eval()
    second = CellNetwork(edges[::-1], 4, 1, image_channels=1, seed=3).eval()
    torch.testing.assert_close(first(x), second(x))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("nor_conv_3x3", 1_531_546), ("nor_conv_1x1", 241_306), ("none", 73_306), ("avg_pool_3x3", 73_306)],
)
def test_published_parameter_counts(name: str, parameters: int) -> None:
    assert count_parameters(CellNetwork(cell_of([name] * 6))) == parameters


def test_flops_are_the_published_ones() -> None:
    # The densest cell at 32x32 pixels with 100 classes.
    assert round(count_flops(CellNetwork(cell_of(["nor_conv_3x3"] * 6), classes=100), (3, 32, 32)) / 1e6, 2) == 220.13


def test_counting_leaves_the_network_as_it_was() -> None:
    network = CellNetwork(cell_of(["nor_conv_1x1"] * 6), 2, 1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert count_flops(network, (3, 8, 8)) == count_flops(network, (3, 8, 8))
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_seed_decides_the_weights_and_nothing_else_moves() -> None:
    edges = cell_of(["nor_conv_3x3"] * 6)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second, other = (CellNetwork(edges, 4, 1, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.features[0].weight, other.features[0].weight)


def test_cell_without_a_path_still_runs() -> None:
    network = CellNetwork(cell_of(["none"] * 6), 4, 2, classes=7)
    scores = network(torch.randn(3, 3, 8, 8))
    assert scores.shape == (3, 7)
    assert torch.equal(scores[0], scores[1])


@pytest.mark.parametrize(
    ("edges", "message"),
    [([], "without edges"), ([(1, 0, "none")], "1->0"), ([(0, 1, "conv")], "'conv'"), ([(-1, 1, "none")], "-1->1")],
)
def test_wrong_cells_are_refused(edges: list[tuple[int, int, str]], message: str) -> None:
    with pytest.raises(ArchflowError, match=message):
        CellNetwork(edges, 4, 1)


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ArchflowError, match="0 channels"):
        CellNetwork(cell_of(["none"] * 6), channels=0)
