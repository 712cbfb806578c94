"""Networks that are recorded: the graphs are those of `torch.export`, and what cannot be recorded is refused."""

import pytest
import torch
from torch import nn

from archflow.importers import torch_export
from archflow.importers.torch_export import from_module, without_weights
from archflow.importers.torch_record import UntracedError, recorded
from tests.importers.networks import NETWORKS


@pytest.mark.parametrize("name", ["two_inputs", "shared"])
def test_graphs_are_those_of_an_export(name, monkeypatch):
    case = NETWORKS[name]
    network, inputs = case.build(), case.inputs()
    found = from_module(network, inputs)
    monkeypatch.setattr(torch_export, "recorded", None)  # so that calling it fails
    exported = from_module(network, inputs)
    assert found.architecture == exported.architecture
    assert found.columns == exported.columns


def test_most_networks_need_no_export(monkeypatch):
    monkeypatch.setattr(torch.export, "export", None)
    assert from_module(nn.Linear(4, 3), (torch.zeros(1, 4),)).architecture.ops == ("input", "linear", "output")


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, x):
        first, second = (self.inner(x) + torch.arange(4)).split(2, -1)
        return {"sum": first + second}


def test_operators_know_their_module_and_what_they_compute():
    nodes = list(recorded(without_weights(Nested()), (torch.zeros(1, 4, device="meta"),), {}).nodes)
    called = [node for node in nodes if node.op == "call_function"]
    names = [getattr(node.target, "__name__", "").partition(".")[0] for node in called]
    assert [name for name in names if name != "detach"] == [
        *("linear", "relu", "arange", "add", "split", "getitem", "getitem", "add"),
    ]
    modules = [next(iter(node.meta["nn_module_stack"].values()))[0] for node in called]
    assert modules[:3] == ["inner.0", "inner.1", ""]
    assert called[-1].meta["val"].shape == (1, 2)
    assert nodes[-1].args[0] == [called[-1]]


class Elsewhere(nn.Module):
    """Reads an array that is no buffer."""

    def __init__(self):
        super().__init__()
        self.table = [torch.zeros(4, device="meta")]

    def forward(self, x):
        return x + self.table[0]


class Wrapped(nn.Module):
    def forward(self, x):
        return object()


@pytest.mark.parametrize(
    ("network", "message"), [(Elsewhere(), "an array of unknown origin"), (Wrapped(), "it gives a object")]
)
def test_what_cannot_be_recorded_is_refused(network, message):
    with pytest.raises(UntracedError, match=message):
        recorded(network, (torch.zeros(1, 4, device="meta"),), {})


def test_hooks_are_removed():
    network = without_weights(nn.Sequential(nn.Linear(4, 3)))
    with pytest.raises(RuntimeError):
        recorded(network, (torch.zeros(1, 5, device="meta"),), {})
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in network.modules())
