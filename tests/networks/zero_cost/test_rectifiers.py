"""Rectifiers are seen as modules and as functions."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from archflow.networks.zero_cost import zero_cost
from tests.networks.zero_cost.small import batch, tiny, value


class Functional(nn.Module):
    """The tiny network with functions in place of modules."""

    def __init__(self, relu) -> None:
        super().__init__()
        self.layers = nn.ModuleList([tiny()[0], tiny()[3]])
        self.relu = relu

    def forward(self, images: Tensor) -> Tensor:
        return self.layers[1](self.relu(self.layers[0](images)).flatten(1))


@pytest.mark.parametrize(
    "relu", [functional.relu, torch.relu, torch.relu_, functional.relu6, nn.ReLU(inplace=True), nn.ReLU6()]
)
def test_rectifiers_are_seen_as_modules_and_as_functions(relu) -> None:
    images, labels = batch(size=4, channels=2)
    expected = zero_cost(tiny(), images.double(), labels, ["nwot", "snip", "fisher"])
    assert zero_cost(Functional(relu), images.double(), labels, ["nwot", "snip", "fisher"]) == pytest.approx(expected)


def test_without_rectifiers_nwot_is_missing() -> None:
    images, labels = batch(size=4, channels=2)
    assert math.isnan(value("nwot", Functional(torch.tanh), images.double(), labels))
