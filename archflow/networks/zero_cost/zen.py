"""Zen score: the sensitivity of a network with Gaussian weights to a small change of Gaussian images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from archflow.networks.zero_cost.passes import PROXIES, Passes, weighted_layers
from archflow.seeding import seeded

CHANGE = 0.01
"""Weight of the second image in the changed one."""


@PROXIES.register("zen")
def zen(passes: Passes) -> float:
    """Log mean over the images of |f(x) - f(x + 0.01 y)|_1, plus the log mean deviation of every batch normalisation.

    The second term restores the magnitude that normalisation removes from the signal. x and y are standard normal
    images in number and shape of the batch; weights are standard normal, biases zero; f is the last feature map of more
    than one pixel, before the global pooling; normalisation uses the batch's statistics. A normalisation of a constant
    input, which occurs in a cell's dead ends, is omitted from the sum.

    Source: Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition", ICCV 2021. The paper divides
    by the batch's own deviations; the released code uses running averages, which after two batches from their start at
    1 contain less than a fifth of them.
    """
    network = passes.copy().train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    generator = torch.Generator().manual_seed(passes.seed)
    with torch.no_grad(), seeded(passes.seed):
        _draw_weights(network, generator)
        first, second = (torch.randn(passes.images.shape, generator=generator).to(passes.images) for _ in range(2))
        with _variances(network) as variances:
            features = _features(network, first)
        changed = _features(network, first + CHANGE * second)
    if features is None or changed is None:
        return math.nan
    difference = (features - changed).abs().flatten(1).sum(1).mean()
    scales = [variance.mean().log() / 2 for variance in variances if bool(variance.any())]
    return float(difference.log() + sum(scales))


def _draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    for layer in weighted_layers(network):
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator))
        if layer.bias is not None:
            layer.bias.zero_()
    for module in network.modules():
        if isinstance(module, _BatchNorm | nn.GroupNorm) and module.affine:
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


@contextmanager
def _variances(network: nn.Module) -> Iterator[list[Tensor]]:
    """A context that collects the variances (C,) that every batch normalisation divides by."""
    variances: list[Tensor] = []
    handles = [
        module.register_forward_pre_hook(lambda _, inputs: variances.append(_variance(inputs[0])))
        for module in network.modules()
        if isinstance(module, _BatchNorm)
    ]
    try:
        yield variances
    finally:
        for handle in handles:
            handle.remove()


def _variance(maps: Tensor) -> Tensor:
    """(B, C, ...) -> (C,), exactly zero for a constant channel. torch's own `var` takes ten times as long."""
    rows = maps.movedim(1, -1).flatten(0, -2)  # avoids a copy of maps stored with channels last
    rows = rows - rows[0]
    return (rows - rows.mean(dim=0)).square_().mean(dim=0)


def _features(network: nn.Module, images: Tensor) -> Tensor | None:
    """The last feature map (B, C, H, W) of more than one pixel that any module of the network outputs."""
    last: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[object, ...], output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[2:].numel() > 1:
            last[:] = [output]

    handles = [module.register_forward_hook(keep) for module in network.modules()]
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
    return last[0] if last else None
