"""Weights by a rule, so that a comparison with released code needs no stored weights."""

import math

import torch
from torch import Tensor, nn


@torch.no_grad()
def fill(module: nn.Module) -> None:
    """Set all floating-point parameters and buffers, in the order of `state_dict`.

    Their entries, in rows, are numbered k = 0, 1, ... through all tensors together, and s = sin(k^2) (k squared:
    with sin(k) every matrix would have rank two). An entry becomes

        s / sqrt(n)   in a tensor of three or more axes, n the last but one: (K, in, out) keeps activations in size;
        s / 5         in a tensor of fewer axes, a bias or a mean;
        1 + s / 2     in a tensor that is all ones before: a scale or a variance.
    """
    first = 0
    for tensor in module.state_dict().values():
        if not tensor.is_floating_point():
            continue
        waves = torch.arange(first, first + tensor.numel(), dtype=torch.float64).square().sin().view(tensor.shape)
        tensor.copy_(_scaled(waves, starts_at_one=bool((tensor == 1).all())))
        first += tensor.numel()


def _scaled(waves: Tensor, *, starts_at_one: bool) -> Tensor:
    if starts_at_one:
        return 1 + waves / 2
    return waves / (math.sqrt(waves.shape[-2]) if waves.ndim > 2 else 5)
