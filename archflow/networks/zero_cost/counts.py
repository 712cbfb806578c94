"""Proxies that need no forward pass: parameters, multiply-adds, and the size of the weights."""

from __future__ import annotations

from archflow.networks.counting import count_flops, count_parameters
from archflow.networks.zero_cost.passes import PROXIES, Passes


@PROXIES.register("params")
def params(passes: Passes) -> float:
    """Number of learnt parameters."""
    return count_parameters(passes.network)


@PROXIES.register("flops")
def flops(passes: Passes) -> float:
    """Multiply-adds of convolutions and linear layers for one image; see `archflow.networks.counting`."""
    channels, height, width = passes.images.shape[1:]
    return count_flops(passes.copy().cpu().float(), (channels, height, width))


@PROXIES.register("l2_norm")
def l2_norm(passes: Passes) -> float:
    """Sum of the Euclidean norms of all convolutions' and linear layers' weights.

    Source: Abdelfattah et al., ICLR 2021 (released code).
    """
    return sum(float(weight.detach().double().norm()) for weight in passes.weights)
