"""Proxies from gradients, by the formulas written down and by finite differences."""

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from archflow.networks.zero_cost import zero_cost
from tests.networks.zero_cost.small import batch, gradients, tiny, value


def test_saliencies_are_the_formulas() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images = images.double()
    weights, grads = gradients(network, images, labels)
    found = zero_cost(network, images, labels, ["snip", "plain", "grad_norm", "l2_norm"])
    pairs = list(zip(weights, grads, strict=True))
    assert found["snip"] == pytest.approx(sum(float((w * g).abs().sum()) for w, g in pairs))
    assert found["plain"] == pytest.approx(sum(float((w * g).sum()) for w, g in pairs))
    assert found["grad_norm"] == pytest.approx(sum(float(g.square().sum()) ** 0.5 for g in grads))
    assert found["l2_norm"] == pytest.approx(sum(float(w.square().sum()) ** 0.5 for w in weights))


def test_grasp_is_the_difference_of_gradients_along_the_gradient() -> None:
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images, step = images.double(), 1e-5
    weights, grads = gradients(network, images, labels)

    def moved(sign: int) -> list[Tensor]:
        there = copy.deepcopy(network)
        with torch.no_grad():
            for layer, gradient in zip((there[0], there[3]), grads, strict=True):
                layer.weight += sign * step * gradient
        return gradients(there, images, labels)[1]

    hessian_gradient = [(ahead - behind) / (2 * step) for ahead, behind in zip(moved(1), moved(-1), strict=True)]
    expected = -sum(float((w * hg).sum()) for w, hg in zip(weights, hessian_gradient, strict=True))
    assert value("grasp", network, images, labels) == pytest.approx(expected, rel=1e-5)


def test_fisher_from_a_gate_on_every_channel() -> None:
    # The gradient by a factor on channel c of image b is the sum over its pixels of activation times gradient.
    network, (images, labels) = tiny(), batch(size=4, channels=2)
    images, count = images.double(), len(labels)
    gate = torch.ones(count, 3, 1, 1, dtype=torch.float64, requires_grad=True)
    scale = torch.ones(count, 4, dtype=torch.float64, requires_grad=True)
    features = network[2](network[1](network[0](images) * gate))
    functional.cross_entropy(network[3](features) * scale, labels).backward()
    assert gate.grad is not None
    assert scale.grad is not None
    expected = float(gate.grad.square().sum() + scale.grad.square().sum()) / (2 * count)
    assert value("fisher", network, images, labels) == pytest.approx(expected)
