"""The Zen score, by a plain computation."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from archflow.networks.zero_cost.zen import _variance
from tests.networks.zero_cost.small import batch, network_of, value


def test_zen_is_the_change_of_features_and_what_normalising_took() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network.append(nn.Linear(5, 4))
    images, labels = batch()
    generator = torch.Generator().manual_seed(2)
    weight = torch.randn(5, 3, 3, 3, generator=generator)
    torch.randn(4, 5, generator=generator)  # of the classifier, which has no part in it
    first, second = (torch.randn(images.shape, generator=generator) for _ in range(2))

    def features(x: Tensor) -> Tensor:
        maps = functional.conv2d(x, weight)
        mean = maps.mean((0, 2, 3), keepdim=True)
        return functional.relu((maps - mean) / (maps.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt())

    change = (features(first) - features(first + 0.01 * second)).abs().sum((1, 2, 3)).mean()
    variances = functional.conv2d(first, weight).var((0, 2, 3), correction=0)
    expected = math.log(change) + math.log(variances.mean().sqrt())
    assert value("zen", network, images, labels, seed=2) == pytest.approx(expected, rel=1e-4)


def test_zen_leaves_out_what_normalises_nothing() -> None:
    images, labels = batch()
    with_dead_end = network_of(["none", "nor_conv_3x3", "nor_conv_1x1", "none", "nor_conv_3x3", "nor_conv_1x1"])
    assert math.isfinite(value("zen", with_dead_end, images, labels))


def test_variances_are_those_of_torch() -> None:
    maps = torch.randn(5, 4, 3, 6, generator=torch.Generator().manual_seed(0)) * 10 + 100
    maps[:, 1], maps[:, 2] = 0.1, 0
    for layout in (torch.contiguous_format, torch.channels_last):
        found = _variance(maps.to(memory_format=layout))
        torch.testing.assert_close(found, maps.var(dim=(0, 2, 3), correction=0), atol=0, rtol=1e-4)
        assert found[1:3].tolist() == [0, 0]
    torch.testing.assert_close(_variance(maps[:, :, 0, 0]), maps[:, :, 0, 0].var(dim=0, correction=0))
