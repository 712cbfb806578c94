import numpy as np
import pytest

from archflow.networks.cell_network import CellNetwork
from archflow.networks.counting import count_flops, count_parameters
from archflow.spaces.nasbench201.costs import network_costs

PAIRS = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize("size", [8, 9])
def test_costs_are_those_of_the_network_that_is_built(size):
    ops = ["nor_conv_3x3", "skip_connect", "nor_conv_1x1", "avg_pool_3x3", "none", "nor_conv_3x3"]
    cell = [(*pair, op) for pair, op in zip(PAIRS, ops, strict=True)]
    sizes = {"channels": 4, "cells_per_stage": 2, "stages": 3}
    network = CellNetwork(cell, **sizes, image_channels=3, seed=0)
    counts = {op: np.array([ops.count(op), 0]) for op in ("nor_conv_1x1", "nor_conv_3x3")}
    costs = network_costs(counts, **sizes, classes=10, image_shape=(3, size, size))
    assert costs["params"][0] == count_parameters(network)
    assert costs["flops"][0] == count_flops(network, (3, size, size))
    assert (costs["params"][1], costs["flops"][1]) < (costs["params"][0], costs["flops"][0])
