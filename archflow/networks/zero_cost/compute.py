"""Computing the proxies of one network."""

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
    """Compute proxies of an untrained classifier; the proxies of one call share the passes that they need.

    The computation runs on the network's device and leaves the network unchanged: weights, buffers, gradients, modes,
    and torch's random state.

    Args:
        network: Images (B, C, H, W) -> scores (B, classes).
        images: (B, C, H, W) floats, B at least 2.
        labels: (B,) integers from 0.
        names: Names in `PROXIES`; all of them by default.
        seed: Seed of all random draws. Requesting other proxies too changes a value at most by rounding.

    Returns:
        A value for every name; NaN if it is not finite, which means that the network has no such proxy.

    Raises:
        ArchflowError: If a name is unknown, images or labels have the wrong shape, or the network is not a classifier.
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
