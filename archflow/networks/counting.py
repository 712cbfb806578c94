"""Parameters and multiply-adds of a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def count_parameters(network: nn.Module) -> int:
    """Number of learnt parameters, without running statistics.

    Parameters of operations without effect on the output are included.
    """
    return sum(parameter.numel() for parameter in network.parameters())


def count_flops(network: nn.Module, image_shape: tuple[int, int, int]) -> int:
    """Multiply-adds for one image of shape (C, H, W), as NAS-Bench-201 counts them.

    A convolution or linear layer counts one per weight and output position; biases, normalisation, ReLU, pooling and
    sums are not counted.
    """
    total = 0

    def add(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d | nn.Linear):
            total += output.numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(add) for module in network.modules()]
    training = network.training
    try:
        with torch.no_grad():
            network.eval()
            network(torch.zeros(1, *image_shape))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return total
