"""Imported models as blocks."""

import numpy as np
import pytest
import torch
from torch import nn

from archflow.graph import ArchitectureSet
from archflow.importers.coarse import block_sums, coarse
from archflow.importers.torch_export import from_module
from archflow.importers.views import fused
from archflow.testing import random_architectures
from tests.importers.networks import NETWORKS


@pytest.fixture(scope="module")
def models():
    return ArchitectureSet.from_architectures(
        [from_module(case.build(), case.inputs()).architecture for case in NETWORKS.values()]
    )


def test_a_block_is_one_node_with_the_sums():
    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.inner = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)

        def forward(self, x):
            x = self.stem(x).relu()
            return (x + self.inner(x)).relu()

    model = from_module(Skip(), (torch.zeros(2, 3, 4, 4),))
    (found,) = coarse(ArchitectureSet.from_architectures([model.architecture]))
    assert found.ops == ("input", "block:conv2d", "block:conv2d", "output")
    assert found.edges == ((0, 1), (1, 2), (2, 3))
    assert found.attributes["operations"] == (1, 2, 3, 1)
    assert found.attributes["params"] == (0, 224, 584, 0)
    assert found.attributes["macs"][1] == 2 * 16 * 8 * 27
    assert sum(found.attributes["macs"]) == model.columns["macs"]
    assert sum(found.attributes["bytes"]) == model.columns["bytes"]
    assert [found.attributes[f"shape_{axis}"][2] for axis in range(4)] == [2, 8, 4, 4]
    assert "stride" not in found.attributes


@pytest.mark.parametrize(
    "view", [fused, coarse, lambda models: coarse(models, 2), lambda models: coarse(fused(models))]
)
def test_totals_stay_and_numbering_does_not_count(models, view):
    found = view(models)
    assert len(found.op) < len(models.op)
    for name in ("params", "macs"):
        before, after = (np.add.reduceat(each.attribute(name), each.node_ptr[:-1]) for each in (models, found))
        np.testing.assert_allclose(before, after)
    generator = np.random.default_rng(0)
    others = [each.relabelled(generator.permutation(len(each.ops)).tolist()) for each in models]
    assert (view(ArchitectureSet.from_architectures(others)).hashes == found.hashes).all()


def test_what_is_not_known_stays_so():
    nan = float("nan")
    model = from_module(nn.Linear(3, 4), (torch.zeros(1, 3),)).blocks()
    assert np.isnan(block_sums([nan, nan, 1.0], model)).tolist() == [True, True, False]


def test_other_graphs_and_empty_sets():
    cells = random_architectures(20, seed=3)
    assert len(coarse(cells)) == 20
    assert len(coarse(cells.select([]))) == 0
