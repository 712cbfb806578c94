"""Networks in torch: parameters and multiply-adds as counted otherwise, no weights, and what cannot be exported."""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

from archflow.errors import ArchflowError
from archflow.importers.torch_export import from_module, without_weights
from tests.importers.networks import NETWORKS, Residual

LAYERS = ("conv1d", "conv2d", "conv_transpose2d", "linear")


def counted(network, inputs):
    """Multiply-adds of convolutions and linear layers, by hooks on a real run."""
    total = 0

    def add(module, given, result):
        nonlocal total
        positions = given[0] if isinstance(module, nn.ConvTranspose2d) else result
        total += positions.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.ConvTranspose2d):
            module.register_forward_hook(add)
    with torch.no_grad():
        network.eval()(*inputs)
    return total


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_multiply_adds(name):
    case = NETWORKS[name]
    network, inputs = case.build(), case.inputs()
    found = from_module(network, inputs)
    assert found.columns["params"] == sum(parameter.numel() for parameter in network.parameters())
    graph = found.architecture
    macs = sum(n for n, op in zip(graph.attributes["macs"], graph.ops, strict=True) if op in LAYERS)
    assert macs == pytest.approx(counted(copy.deepcopy(network), inputs), rel=0.01)
    assert found.columns["macs"] >= macs
    assert not found.opaque
    assert not found.notes


def test_attributes_of_a_convolution():
    network = nn.Sequential(nn.Conv2d(8, 12, (3, 5), stride=(1, 2), padding=4, dilation=2, groups=4, bias=False))
    found = from_module(network, (torch.zeros(2, 8, 9, 16),))
    attributes = {name: values[1] for name, values in found.architecture.attributes.items()}
    shape = network(torch.zeros(2, 8, 9, 16)).shape
    size = shape.numel()
    expected = {
        **{"kernel_height": 3, "kernel_width": 5, "stride": 2, "dilation": 2, "groups": 4},
        **{"channels_in": 8, "channels_out": 12, "params": 12 * 2 * 15, "macs": size * 2 * 15},
        **{f"shape_{axis}": value for axis, value in enumerate(shape)},
        "bytes": 4 * (2 * 8 * 9 * 16 + 12 * 2 * 15 + size),
    }
    assert attributes == expected
    assert (found.columns["batch"], found.columns["resolution"]) == (2, 16)


def test_a_network_without_memory_is_imported_as_one_with():
    with torch.device("meta"):
        large = nn.Sequential(nn.Linear(1 << 20, 1 << 16), nn.ReLU(), nn.Linear(1 << 16, 10))
    found = from_module(large, (torch.zeros(1, 1 << 20, device="meta"),))
    assert found.columns["params"] == sum(parameter.numel() for parameter in large.parameters())
    assert found.architecture.ops == ("input", "linear", "relu", "linear", "output")


def test_a_copy_has_no_weights_shares_what_was_shared_and_leaves_the_network_alone():
    network = NETWORKS["shared"].build()
    before = copy.deepcopy(network.state_dict())
    blank = without_weights(network)
    assert {each.device.type for each in (*blank.parameters(), *blank.buffers())} == {"meta"}
    assert blank.second.weight is blank.first.weight
    from_module(network, NETWORKS["shared"].inputs())
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_evaluation_is_what_is_imported():
    found = from_module(nn.Sequential(nn.Dropout(), nn.Linear(4, 4), nn.Identity()), (torch.zeros(1, 4),))
    assert found.architecture.ops == ("input", "linear", "output")


class Data(nn.Module):
    """Looks at numbers."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x):
        return self.layer(x) if x.sum().item() > 0 else x * 2


class Around(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(4, 6), Data(), nn.Linear(6, 3)

    def forward(self, x):
        return self.last(functional.relu(self.inner(self.first(x))))


def test_a_part_that_cannot_be_traced_is_one_node():
    network = Around()
    found = from_module(network, (torch.zeros(2, 4),))
    assert found.architecture.ops == ("input", "linear", "Data", "relu", "linear", "output")
    assert found.opaque == {"Data": 1}
    assert found.columns["params"] == sum(parameter.numel() for parameter in network.parameters())
    assert found.architecture.attributes["params"][2] == 42
    assert found.architecture.attributes["shape_1"][2] == 6
    (note,) = found.notes
    assert note.startswith("sub-module inner (Data) cannot be traced and is one node: ")
    assert "\n" not in note
    assert "forward" not in vars(network.inner)


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = nn.Linear(4, 4)

    def forward(self, x):
        raise KeyError("no such thing")


@pytest.mark.parametrize(
    ("network", "inputs", "message"),
    [
        (Data(), (torch.zeros(1, 6),), "Data: the network cannot be exported"),
        (Broken(), (torch.zeros(1, 4),), "KeyError: 'no such thing'"),
        (Residual(), (torch.zeros(1, 5, 32, 32),), "cannot be exported .*channels"),
        (Residual(), (), "cannot be exported"),
        ("no network", (), "is no torch.nn.Module but a str"),
    ],
)
def test_what_cannot_be_exported_is_one_line(network, inputs, message, capsys):
    with pytest.raises(ArchflowError, match=message) as error:
        from_module(network, inputs)
    assert "\n" not in str(error.value)
    assert capsys.readouterr() == ("", "")


class Warns(nn.Module):
    def forward(self, x):
        warnings.warn("a line of the user's own", stacklevel=1)
        return x * 2


def test_warnings_of_a_network_reach_the_user():
    with pytest.warns(UserWarning, match="the user's own"):
        assert from_module(Warns(), (torch.zeros(1, 4),)).architecture.ops == ("input", "mul", "output")


class Speaks(nn.Module):
    def forward(self, x):
        print("layer of the user's")
        return x * 2


def test_what_a_network_prints_is_no_output_of_a_command(capsys):
    from_module(Speaks(), (torch.zeros(1, 4),))
    assert capsys.readouterr() == ("", "layer of the user's\n")
