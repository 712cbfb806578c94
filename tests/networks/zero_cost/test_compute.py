"""All proxies of a network at once: names, seeds, dead networks, bad input."""

import math

import pytest
import torch
from torch import nn

from archflow.errors import ArchflowError
from archflow.networks.zero_cost import PROXIES, zero_cost
from tests.networks.zero_cost.small import CELL, NAMES, batch, network_of, tiny, value


def test_the_proxies_are_there() -> None:
    assert PROXIES.names() == NAMES


def test_finite_and_decided_by_the_seed() -> None:
    network, (images, labels) = network_of(CELL), batch()
    first, again = zero_cost(network, images, labels, seed=5), zero_cost(network, images, labels, seed=5)
    assert list(first) == NAMES
    assert all(math.isfinite(value) for value in first.values())
    assert first == again
    other = zero_cost(network, images, labels, seed=6)
    assert other["zen"] != first["zen"]
    assert {name for name in NAMES if other[name] != first[name]} == {"zen"}


@pytest.mark.parametrize("name", NAMES)
def test_a_proxy_alone_is_the_proxy_in_company(name: str) -> None:
    network, (images, labels) = network_of(CELL), batch()
    assert value(name, network, images, labels) == pytest.approx(zero_cost(network, images, labels)[name], rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_network_is_last_or_missing(name: str) -> None:
    images, labels = batch()
    dead = value(name, network_of(["none"] * 6), images, labels)
    alive = [value(name, network_of(cell), images, labels) for cell in (CELL, ["nor_conv_3x3"] * 6)]
    assert math.isnan(dead) or dead < min(alive)


def test_a_value_that_is_not_finite_is_missing() -> None:
    network, (images, labels) = tiny().float(), batch(size=4, channels=2)
    with torch.no_grad():
        network[3].weight.fill_(float("inf"))
    found = zero_cost(network, images, labels, ["snip", "l2_norm", "synflow", "params"])
    assert math.isnan(found["snip"])
    assert math.isnan(found["l2_norm"])
    assert found["params"] == 2 * 3 * 9 + 3 + 48 * 4 + 4


IMAGES, LABELS = batch()


@pytest.mark.parametrize(
    ("network", "images", "labels", "names", "message"),
    [
        (network_of(CELL), IMAGES[0], LABELS, ["snip"], "images are (3, 8, 8)"),
        (network_of(CELL), IMAGES[:1], LABELS[:1], ["snip"], "at least two images"),
        (network_of(CELL), IMAGES.long(), LABELS, ["snip"], "give floats"),
        (network_of(CELL), IMAGES, LABELS[:3], ["snip"], "each of the 12 images"),
        (network_of(CELL), IMAGES, LABELS.float(), ["snip"], "torch.float32"),
        (network_of(CELL), IMAGES, LABELS - 1, ["snip"], "an integer from 0"),
        (network_of(CELL), IMAGES, LABELS + 9, ["snip"], "label 12, but the network has 10 classes"),
        (network_of(CELL), IMAGES, LABELS, ["synflov"], "did you mean 'synflow'"),
        (nn.Flatten(), IMAGES, LABELS, ["snip"], "no parameters"),
        (nn.Conv2d(3, 2, 3), IMAGES, LABELS, ["snip"], "gives (12, 2, 6, 6)"),
    ],
)
def test_bad_input_is_told(network, images, labels, names, message) -> None:
    with pytest.raises(ArchflowError) as error:
        zero_cost(network, images, labels, names)
    assert message in str(error.value)
