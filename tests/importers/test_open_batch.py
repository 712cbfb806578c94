"""Networks traced for a batch of any size."""

import math

import pytest
import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.importers.base import import_models
from archflow.importers.open_batch import with_open_batch
from archflow.importers.torch_export import from_module
from tests.importers.networks import NETWORKS


@pytest.mark.parametrize("name", ["residual", "vision_transformer", "decoder", "two_inputs"])
def test_costs_are_those_of_one_example(name):
    case = NETWORKS[name]
    network, inputs = case.build(), case.inputs()
    several = [each.new_empty((6, *each.shape[1:])) for each in inputs]
    found, one = from_module(network, several, per_example=True), from_module(network, inputs)
    assert not found.notes
    assert math.isnan(found.columns["batch"])
    assert {**found.columns, "batch": 1} == one.columns
    assert found.architecture == one.architecture


class Fixed(nn.Module):
    def forward(self, x):
        return x.view(4, -1) * 2


def test_a_network_that_fixes_its_batch_is_traced_with_it():
    found = from_module(Fixed(), (torch.zeros(4, 3),), per_example=True)
    assert found.columns["batch"] == 4
    (note,) = found.notes
    assert note.startswith("its batch cannot be left open, costs are of the whole batch (")
    assert "\n" not in note


def test_a_network_without_inputs():
    class Nothing(nn.Module):
        def forward(self):
            return torch.zeros(3) + 1

    assert "no input has an axis" in from_module(Nothing(), (), per_example=True).notes[0]


def test_other_axes_stay():
    images, words, scale = (
        torch.zeros(1, 3, device="meta"),
        torch.zeros(7, device="meta"),
        torch.zeros((), device="meta"),
    )
    found = with_open_batch((images, words), {"scale": scale, "name": 3})
    assert found.arguments[0].shape == (2, 3)
    assert found.arguments[1] is words
    assert found.keywords == {"scale": scale, "name": 3}


def test_a_file_states_its_batch():
    with pytest.raises(ArchflowError, match="a batch size of its own"):
        list(import_models(["model.param"], per_example=True))
