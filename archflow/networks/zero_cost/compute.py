"""The proxies of one network."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from archflow.errors import ArchflowError
from archflow.networks.zero_cost.passes import PROXIES, Passes


def zero_cost(
    network: nn.Module, images: Tensor, labels: Tensor, names: Iterable[str] | None = None, seed: int = 0
) -> dict[str, float]:
    """Proxies by name of an untrained classifier; those of one call share the passes that they need.

    It runs on the network's device and leaves the network as it was: weights, buffers, gradients, modes, and torch's
    random numbers.

    Args:
        network: images (B, C, H, W) -> scores (B, classes).
        images: (B, C, H, W) floats, B at least 2.
        labels: (B,) integers from 0.
        names: of `PROXIES`; all of them by default.
        seed: of all random draws. Which other proxies are asked for changes a value by rounding at most.

    Returns:
        A value for every name, NaN where it is not finite: such a network has no such proxy.

    Raises:
        ArchflowError: an unknown name, images or labels of the wrong shape, or a network that is no classifier.
    """
    proxies = {name: PROXIES.get(name) for name in (PROXIES.names() if names is None else names)}
    _check(images, labels)
    parameter = next(network.parameters(), None)
    if parameter is None:
        raise ArchflowError("zero-cost proxies: the network has no parameters: there is nothing to judge")
    with torch.enable_grad():
        passes = Passes(
            network,
            images.to(parameter),
            labels.to(parameter.device, torch.int64),
            seed,
            second_order="grasp" in proxies,
        )
        values = {name: float(proxy(passes)) for name, proxy in proxies.items()}
    return {name: value if math.isfinite(value) else math.nan for name, value in values.items()}


def _check(images: Tensor, labels: Tensor) -> None:
    if images.ndim != 4 or len(images) < 2 or not images.is_floating_point():
        raise ArchflowError(
            f"zero-cost proxies: images are {tuple(images.shape)} {images.dtype}: "
            "give floats (B, C, H, W), at least two images"
        )
    whole = not (labels.is_floating_point() or labels.is_complex())
    if labels.shape != images.shape[:1] or not whole or int(labels.min()) < 0:
        raise ArchflowError(
            f"zero-cost proxies: labels are {tuple(labels.shape)} {labels.dtype}: "
            f"give an integer from 0 for each of the {len(images)} images"
        )
