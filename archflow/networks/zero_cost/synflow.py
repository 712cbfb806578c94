"""Synaptic flow: the signal that flows through the absolute weights from an image of ones."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from archflow.networks.zero_cost.passes import PROXIES, Passes, weighted_layers


@PROXIES.register("synflow")
def synflow(passes: Passes) -> float:
    """Natural logarithm of sum |weight x dR/dweight|.

    R is the sum of the scores for an image of ones in a network of absolute weights without batch normalisation, in
    double precision. The logarithm is taken because the sums of deep networks exceed the range of float32.

    Source: Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow", NeurIPS
    2020; summed as in Abdelfattah et al.
    """
    network = passes.copy().double().eval()
    _leave_out_batch_norm(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    weights = [layer.weight.requires_grad_(True) for layer in weighted_layers(network)]
    flow = network(torch.ones_like(passes.images[:1], dtype=torch.float64)).sum()
    gradients = torch.autograd.grad(flow, weights, materialize_grads=True)
    total = torch.stack([(weight * grad).abs().sum() for weight, grad in zip(weights, gradients, strict=True)]).sum()
    return float(total.detach().log())


def _leave_out_batch_norm(network: nn.Module) -> None:
    for parent in network.modules():
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm):
                setattr(parent, name, nn.Identity())
