"""Views of imported models."""

import numpy as np
import pytest
import torch
from torch import nn

from archflow.graph import ArchitectureSet
from archflow.importers.torch_export import from_module
from archflow.importers.views import folded, folds, fused
from archflow.testing import random_architectures
from tests.importers.networks import NETWORKS


def view(network, *inputs):
    return fused(ArchitectureSet.from_architectures([from_module(network, inputs).architecture]))[0]


def test_a_convolution_with_what_is_behind_it_is_one_node():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(392, 5)
    )
    found = view(network, torch.zeros(2, 3, 16, 16))
    assert found.ops == ("input", "conv2d+batch_norm+relu", "reshape", "linear", "output")
    assert found.edges == ((0, 1), (1, 2), (2, 3), (3, 4))
    assert found.attributes["params"][1] == 216 + 16
    assert found.attributes["macs"][1] == 2 * 8 * 49 * 27
    assert found.attributes["stride"][1] == 2
    assert found.attributes["bytes"][1] == 4 * (2 * 3 * 256 + 216 + 16 + 2 * 8 * 49)


def test_moves_in_a_row_are_one_node_with_the_last_shape():
    class Turn(nn.Module):
        def forward(self, x):
            return x.flatten(2).transpose(1, 2).unsqueeze(1) + 1

    found = view(Turn(), torch.zeros(2, 3, 4, 4))
    assert found.ops == ("input", "moves", "add", "output")
    assert [found.attributes[f"shape_{axis}"][1] for axis in range(4)] == [2, 1, 16, 3]


def test_what_is_taken_elsewhere_is_not_joined():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x):
            y = self.layer(x)
            return torch.relu(y) + y

    assert view(Twice(), torch.zeros(1, 4)).ops == ("input", "linear", "relu", "add", "output")


@pytest.fixture(scope="module")
def models():
    return ArchitectureSet.from_architectures(
        [from_module(c.build(), c.inputs()).architecture for c in NETWORKS.values()]
    )


def test_costs_stay_and_graphs_are_valid(models):
    found = fused(models)
    assert len(found.op) < len(models.op)
    assert np.array_equal(fused(found).op, found.op)
    for name in ("params", "macs"):
        before, after = (np.add.reduceat(each.attribute(name), each.node_ptr[:-1]) for each in (models, found))
        np.testing.assert_allclose(before, after)
    for row in range(len(found)):
        alone = fused(models.select([row]))
        assert alone[0] == found[row]  # whose constructor validates it
        assert alone.hashes[0] == found.hashes[row]


def test_graphs_of_other_operations_and_empty_sets_stay():
    cells = random_architectures(20, seed=3)
    assert list(fused(cells)) == list(cells)
    assert len(fused(cells.select([]))) == 0


def test_normalisation_folds_into_weights_and_activations_remain():
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.BatchNorm2d(8))
    graphs = ArchitectureSet.from_architectures([from_module(network, (torch.zeros(1, 3, 8, 8),)).architecture])
    assert folds(graphs) == 1
    assert folded(graphs)[0].ops == ("input", "conv2d", "relu", "batch_norm", "output")
