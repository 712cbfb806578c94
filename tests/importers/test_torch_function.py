"""Networks that a function of the user's builds."""

import sys

import pytest

from archflow.errors import ArchflowError
from archflow.importers import Source
from archflow.importers.torch_function import TorchImporter
from archflow.testing import check_importer

MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)
    def forward(self, x, *, scale=None):
        y = self.second(torch.relu(self.first(x)))
        return y if scale is None else y * scale

network = Net()
def looks_at_numbers():
    assert torch.linspace(0, 1, 3)[1].item() == 0.5
    return Net()
def one(): return torch.zeros(3, 4)
def several(): return (torch.zeros(3, 4),)
def named(): return {"x": torch.zeros(3, 4), "scale": torch.zeros(3, 2)}
def wrong(): return torch.zeros(3, 5)
def no_network(): return 7
def fails(): raise ValueError("not\\ntoday")
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_nets.py").write_text(MODULE)
    yield
    sys.modules.pop("my_nets", None)


@pytest.mark.parametrize("build", ["Net", "network", "looks_at_numbers"])
@pytest.mark.parametrize("inputs", ["one", "several", "named"])
def test_ways_to_give_a_network_and_its_inputs(build, inputs):
    (model,) = TorchImporter().models(Source(f"my_nets:{build}", f"my_nets:{inputs}"))
    assert model.name == f"my_nets:{build}"
    assert model.columns["params"] == 58
    assert model.columns["macs"] == 3 * 48
    assert ("mul" in model.architecture.ops) == (inputs == "named")


def test_contract():
    damaged = ["my_nets:no_network", "my_nets:fails", "my_nets:absent", "absent:absent"]
    check_importer(TorchImporter, "my_nets:Net", damaged, inputs="my_nets:one")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [(None, "--inputs is missing"), ("my_nets:wrong", "cannot be exported"), ("my_nets:fails", "ValueError: not")],
)
def test_inputs_that_do_not_fit_are_one_line(inputs, message):
    with pytest.raises(ArchflowError, match=message) as error:
        list(TorchImporter().models(Source("my_nets:Net", inputs)))
    assert "\n" not in str(error.value)
