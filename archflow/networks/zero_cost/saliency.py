"""Proxies from the gradient of the loss: how strongly the loss depends on each weight.

All sums run over the weights of convolutions and linear layers, not over biases and normalisation.
"""

from __future__ import annotations

import math

from torch import Tensor

from archflow.networks.zero_cost.passes import PROXIES, Passes


@PROXIES.register("grad_norm")
def grad_norm(passes: Passes) -> float:
    """Sum of the Euclidean norms of the layers' gradients.

    Source: Abdelfattah et al., ICLR 2021.
    """
    return sum(float(gradient.detach().norm()) for gradient in passes.weight_gradients)


@PROXIES.register("snip")
def snip(passes: Passes) -> float:
    """Sum of |weight x gradient|.

    Source: Lee et al., "SNIP", ICLR 2019, without its normalisation, as summed by Abdelfattah et al.
    """
    return sum(float(product.abs().sum()) for product in _products(passes, passes.weight_gradients))


@PROXIES.register("plain")
def plain(passes: Passes) -> float:
    """Sum of weight x gradient, signed. NaN if no weight has a gradient, since zero would be a valid rank.

    Source: Abdelfattah et al., ICLR 2021, after Mozer and Smolensky 1989.
    """
    return _signed_sum(_products(passes, passes.weight_gradients), passes)


@PROXIES.register("grasp")
def grasp(passes: Passes) -> float:
    """Sum of -weight x (Hessian x gradient). NaN if no weight has a gradient, as for `plain`.

    Source: Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020, at
    temperature 1 as in Abdelfattah et al.
    """
    return -_signed_sum(_products(passes, passes.hessian_gradient), passes)


@PROXIES.register("fisher")
def fisher(passes: Passes) -> float:
    """Sum over the channels of every layer's output a of mean_b (sum_hw a dL/da)^2 / 2.

    Source: Theis et al., "Faster gaze prediction with dense networks and Fisher pruning", 2018. The released code of
    Abdelfattah et al. also multiplies every channel by the number of its incoming weights; the papers do not.
    """
    pairs = zip(passes.forward.outputs, passes.output_gradients, strict=True)
    by_channel = ((output * gradient).detach().flatten(2 if output.ndim > 2 else 1) for output, gradient in pairs)
    return sum(float(_per_channel(products).square().sum()) / (2 * len(products)) for products in by_channel)


def _per_channel(products: Tensor) -> Tensor:
    """(B, C, pixels) -> (B, C); a linear layer's (B, C) is returned unchanged."""
    return products.sum(2) if products.ndim == 3 else products


def _products(passes: Passes, factors: tuple[Tensor, ...]) -> list[Tensor]:
    return [(weight * factor).detach() for weight, factor in zip(passes.weights, factors, strict=True)]


def _signed_sum(products: list[Tensor], passes: Passes) -> float:
    if not any(bool(gradient.any()) for gradient in passes.weight_gradients):
        return math.nan
    return sum(float(product.sum()) for product in products)
