from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.table import Table, read_table
from archflow.networks.counting import count_flops, count_parameters
from archflow.networks.nasbench101_network import ConvBatchNormRelu
from tests.spaces.nasbench101_cells import C1, C3, SPACE, cells


@pytest.fixture(scope="module")
def table(data_folder: Path) -> Table:
    return read_table(data_folder / "nasbench101.parquet", SPACE.vocabulary)


@settings(max_examples=25, deadline=None)
@given(
    cells,
    st.integers(4, 9),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(2, 12),
    st.tuples(st.integers(1, 3), st.integers(4, 11), st.integers(4, 11)),
)
def test_costs_agree_with_built_networks(
    cell: Architecture,
    channels: int,
    cells_per_stage: int,
    stages: int,
    classes: int,
    image_shape: tuple[int, int, int],
) -> None:
    size = {"channels": channels, "cells_per_stage": cells_per_stage, "stages": stages, "classes": classes}
    network = SPACE.build(cell, **size, image_channels=image_shape[0])
    one = ArchitectureSet.from_architectures([cell], Vocabulary.of(cell.ops))
    costs = SPACE.costs(one, **size, image_shape=image_shape)
    assert costs["params"] == [count_parameters(network)]
    assert costs["flops"] == [count_flops(network, image_shape)]


def test_too_few_channels_are_refused() -> None:
    cell = Architecture(("input", C3, C3, C1, "output"), ((0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)))
    for use in (
        SPACE.build,
        lambda one, channels: SPACE.costs(ArchitectureSet.from_architectures([one]), channels=channels),
    ):
        with pytest.raises(ArchflowError, match="give at least 3"):
            use(cell, channels=2)


def test_published_parameters(table: Table) -> None:
    """All that are listed, in the precision of the table."""
    listed = table.metric("params")
    known = ~np.isnan(listed)
    params = SPACE.costs(table.architectures)["params"]
    assert known.sum() == 30_097
    assert np.array_equal(params[known].astype(np.float32), listed[known].astype(np.float32))
    for row in np.flatnonzero(known)[::4000]:
        assert count_parameters(SPACE.build(table.architectures[int(row)])) == params[row]


def test_published_flops_count_normalisation_and_pooling_too(table: Table) -> None:
    """Three for each normalised and rectified number, one for each number that a pooling looks at, nothing else.

    Of the cells whose output three nodes share unevenly, some are listed with another numbering: those are left out.
    """
    listed = table.metric("flops_M")
    known = np.flatnonzero(~np.isnan(listed))
    flops = SPACE.costs(table.architectures.select(known))["flops"] / 1e6
    assert (flops < listed[known]).all()
    agreeing = 0
    for row, ours in zip(known[::20].tolist(), flops[::20], strict=True):
        cell = table.architectures[row]
        if sum(target == len(cell.ops) - 1 and source > 0 for source, target in cell.edges) == 3:
            continue
        assert ours + unweighted(SPACE.build(cell), (3, 32, 32)) / 1e6 == pytest.approx(listed[row], abs=1e-4)
        agreeing += 1
    assert agreeing > 5


def unweighted(network: nn.Module, image_shape: tuple[int, int, int]) -> int:
    """What the listed FLOPs count besides multiply-adds."""
    total = 0

    def add(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(module, ConvBatchNormRelu):
            total += 3 * output.numel()
        if isinstance(module, nn.MaxPool2d):
            total += int(module.kernel_size) ** 2 * output.numel()

    for module in network.eval().modules():
        module.register_forward_hook(add)
    with torch.no_grad():
        network(torch.zeros(1, *image_shape))
    return total
