"""Copies of networks are what `copy.deepcopy` gives."""

import copy
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from archflow.networks.zero_cost.copying import copied
from archflow.spaces import NASBench101, NASBench201
from archflow.spaces.base import network_space

CELL = (
    '{"module_adjacency": [[0,1,1,0],[0,0,1,1],[0,0,0,1],[0,0,0,0]], '
    '"module_operations": ["input", "conv3x3-bn-relu", "maxpool3x3", "output"]}'
)


class Odd(nn.Module):
    """Keeps things of its own, and shares some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.again = self.first
        self.plain = [1, {"a": (2, [3])}, self.first]
        self.aside = torch.ones(2)
        self.register_buffer("scale", torch.full((3,), 2.0))
        self.register_buffer("nothing", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x)) * self.scale


class Own(nn.Module):
    """Says itself how it is copied."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Own":
        made = Own()
        made.mark = "copied by itself"  # pyright: ignore
        return made


def networks() -> Iterator[tuple[str, nn.Module]]:
    for space in (NASBench101(), NASBench201()):
        cell = space.enumerate().select([100])[0] if space.name == "nasbench201" else space.parse(CELL)
        yield space.name, network_space(space.name).build(cell, channels=4, cells_per_stage=1)
    yield "odd", Odd()
    yield "attention", nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    yield "parametrized", parametrizations.weight_norm(nn.Linear(3, 2))


@pytest.mark.parametrize("network", [pytest.param(network, id=name) for name, network in networks()])
def test_a_copy_has_the_same_content_and_shares_nothing(network: nn.Module) -> None:
    network.train(False)
    next(network.parameters()).requires_grad_(False)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)  # belongs to the network, not to what it is
    made = copied(network)
    assert str(made) == str(network)
    tensors = [*network.parameters(), *network.buffers()]
    for ours, theirs in zip([*made.parameters(), *made.buffers()], tensors, strict=True):
        assert type(ours) is type(theirs)
        assert torch.equal(ours, theirs)
        assert ours.data_ptr() != theirs.data_ptr()
        assert ours.requires_grad == theirs.requires_grad
        assert ours.grad is None
    assert not set(map(id, made.modules())) & set(map(id, network.modules()))
    for module, theirs in zip(made.modules(), network.modules(), strict=True):
        assert type(module) is type(theirs)
        assert not module.training
        assert module.__dict__.keys() == theirs.__dict__.keys()
        shared = [key for key, value in vars(module).items() if isinstance(value, dict) and value is vars(theirs)[key]]
        assert not shared


def test_what_is_shared_within_stays_shared() -> None:
    network = Odd()
    made = copied(network)
    assert isinstance(made, Odd)
    assert made.second.weight is made.first.weight
    assert made.again is made.first is made.plain[2]
    assert made.plain[:2] == network.plain[:2]
    assert made.plain[1] is not network.plain[1]
    assert made.aside is not network.aside
    x = torch.ones(1, 3)
    assert torch.equal(made(x), network(x))
    with torch.no_grad():
        made.first.weight.zero_()
        made.scale.zero_()  # pyright: ignore[reportCallIssue]
    assert network.first.weight.any()
    assert network.scale.any()  # pyright: ignore[reportCallIssue]


def test_hooks_are_copied_and_work_on_their_own() -> None:
    network = nn.Sequential(OrderedDict(layer=nn.Linear(2, 2)))
    network.layer.register_forward_hook(lambda *_: torch.zeros(1))  # pyright: ignore
    made = copied(network)
    assert torch.equal(made(torch.ones(1, 2)), torch.zeros(1))
    made.layer._forward_hooks.clear()  # pyright: ignore
    assert network(torch.ones(1, 2)).shape == (1,)
    assert made(torch.ones(1, 2)).shape == (1, 2)


def test_modules_that_copy_themselves_do() -> None:
    made = copied(nn.Sequential(Own()))
    assert made[0].mark == "copied by itself"  # pyright: ignore


def test_a_module_of_itself_ends() -> None:
    network = nn.Sequential(nn.Linear(1, 1))
    network.__dict__["own"] = [network]
    made = copied(network)
    assert made.own[0] is made  # pyright: ignore
    assert copy.deepcopy(network).own[0] is not network  # pyright: ignore
