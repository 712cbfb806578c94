"""Sub-modules that cannot be traced."""

import pytest
import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.importers.opaque_modules import OpaqueModules, innermost
from archflow.importers.torch_export import from_module
from tests.importers.test_torch_export import Data


class Several(nn.Module):
    """Two that look at numbers, one of which gives more than one array and is called by name."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = Data(), Pair(), nn.Linear(3, 2)

    def forward(self, x):
        result = self.second(image=self.first(x))
        return self.last(result["a"]) + result["b"][0]


class Pair(nn.Module):
    def forward(self, image):
        size = 3 if image.sum() >= 0 else 2
        return {"a": image[:, :size], "b": (image[:, :2],)}


def test_several_parts_and_several_results():
    found = from_module(Several(), (torch.zeros(2, 6),))
    assert found.architecture.ops == ("input", "Data", "Pair", "linear", "add", "output")
    assert found.architecture.edges == ((0, 1), (1, 2), (2, 3), (2, 4), (3, 4), (4, 5))
    assert found.architecture.attributes["shape_1"][2] == 3
    assert found.opaque == {"Data": 1, "Pair": 1}
    assert len(found.notes) == 2


class Fails(nn.Module):
    def forward(self, x):
        raise RuntimeError("it never works\nand says so at length")


def test_a_part_that_does_not_run_either_is_an_error():
    with pytest.raises(ArchflowError, match="RuntimeError: it never works") as error:
        from_module(nn.Sequential(nn.Linear(2, 2), Fails()), (torch.zeros(1, 2),))
    assert "\n" not in str(error.value)


def test_the_innermost_module_is_one_of_the_network():
    network = nn.Sequential(nn.Linear(2, 2), Fails())
    with pytest.raises(RuntimeError) as error:
        network(torch.zeros(1, 2))
    assert innermost(error.value, network) is network[1]
    assert innermost(ValueError(), network) is None
    with OpaqueModules(network) as opaque:
        assert not opaque.resolve(ValueError())
