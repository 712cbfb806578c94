"""What proxies compute with: the network stays as it was, shared weights count once."""

import copy

import pytest
import torch
from torch import nn

from archflow.networks.zero_cost import zero_cost
from tests.networks.zero_cost.small import CELL, batch, network_of, value


def test_the_network_and_the_random_numbers_stay_as_they_were() -> None:
    network, (images, labels) = network_of(CELL), batch()
    network.features[1].eval()  # modes differ among the modules
    network.classifier.weight.requires_grad_(False)
    network.features[0].weight.grad = torch.ones_like(network.features[0].weight)
    before = copy.deepcopy(network)
    pixels = images.clone()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with torch.no_grad():
        zero_cost(network, images, labels)
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(images, pixels)
    assert not images.requires_grad
    state = before.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    for module, old in zip(network.modules(), before.modules(), strict=True):
        assert module.training == old.training
        assert type(module) is type(old)
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    for name, parameter in network.named_parameters():
        assert parameter.requires_grad == (name != "classifier.weight")
        assert (parameter.grad is not None) == (name == "features.0.weight")


def test_shared_weights_count_once() -> None:
    shared = nn.Linear(8, 8)
    twin = nn.Linear(8, 8)
    twin.weight = shared.weight
    images, labels = batch(size=2, channels=2)
    found = value("l2_norm", nn.Sequential(nn.Flatten(), shared, nn.ReLU(), twin), images, labels)
    assert found == pytest.approx(shared.weight.norm().item())
