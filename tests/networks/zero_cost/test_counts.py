"""Proxies that are counts, and the size of the weights."""

import pytest

from archflow.networks.counting import count_flops, count_parameters
from archflow.networks.zero_cost.counts import flops, l2_norm, params
from archflow.networks.zero_cost.passes import Passes
from tests.networks.zero_cost.small import batch, tiny


def test_counts_are_of_the_network_and_one_image() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    passes = Passes(network, images.double(), labels, 0, second_order=False)
    assert params(passes) == count_parameters(network) == 2 * 3 * 9 + 3 + 48 * 4 + 4
    assert flops(passes) == count_flops(tiny().float(), (2, 4, 4)) == 2 * 3 * 9 * 16 + 48 * 4
    norms = [float(each.weight.detach().norm()) for each in (network[0], network[3])]
    assert l2_norm(passes) == pytest.approx(sum(norms))
