"""Computations shared by the proxies of one network: a forward pass, gradients, and unmodified copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.conv import _ConvNd

from archflow.errors import ArchflowError
from archflow.networks.zero_cost.copying import copied
from archflow.networks.zero_cost.rectifiers import RectifierCodes
from archflow.registry import Registry
from archflow.seeding import seeded


class Forward(NamedTuple):
    """Results of one forward pass.

    Attributes:
        scores: (B, classes).
        outputs: (B, C, ...) outputs of convolutions and linear layers, in the order of their calls.
        codes: For every ReLU (B, units) bool, which units are active.
    """

    scores: Tensor
    outputs: list[Tensor]
    codes: list[Tensor]


class Passes:
    """One network and one batch. Derived quantities are computed once, on first use.

    The forward pass uses a copy in training mode: normalisation uses the batch's own statistics, since an untrained
    network has no others. The loss is the mean cross entropy.

    Attributes:
        network: As given by the user; proxies run a `copy`.
        images: (B, C, H, W) on the network's device.
        labels: (B,) int64.
        seed: Seed of all random draws.
    """

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor, seed: int, *, second_order: bool) -> None:
        """second_order: whether `weight_gradients` can be differentiated again, which costs memory."""
        self.network, self.images, self.labels, self.seed = network, images, labels, seed
        self._second_order = second_order
        # Convolutions are faster with channels last, second derivatives of normalisations are not.
        layout = torch.contiguous_format if second_order else torch.channels_last
        self._copy = self.copy().train().to(memory_format=layout)  # pyright: ignore[reportCallIssue]
        self._layers = weighted_layers(self._copy)
        self.weights = [layer.weight for layer in self._layers]
        """The weights of all convolutions and linear layers, over which saliencies are summed."""
        for parameter in self._copy.parameters():
            parameter.requires_grad_(False)
        for weight in self.weights:
            weight.requires_grad_(True)
        self._input = images.detach().clone(memory_format=layout).requires_grad_(True)

    def copy(self) -> nn.Module:
        """A copy of the network that the caller may modify."""
        return copied(self.network)

    @cached_property
    def forward(self) -> Forward:
        """The forward pass. Raises ArchflowError if the network is not a classifier for the labels."""
        outputs: list[Tensor] = []

        def keep(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
            outputs.append(output)

        for layer in self._layers:
            layer.register_forward_hook(keep)
        with seeded(self.seed), RectifierCodes() as rectifiers:
            scores = self._copy(self._input)
        if not isinstance(scores, Tensor) or scores.ndim != 2 or len(scores) != len(self.images):
            found = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
            raise ArchflowError(f"zero-cost proxies: the network gives {found}: give a classifier, (B, classes) scores")
        if int(self.labels.max()) >= scores.shape[1]:
            raise ArchflowError(
                f"zero-cost proxies: label {int(self.labels.max())}, but the network has {scores.shape[1]} classes: "
                "number the labels from 0"
            )
        return Forward(scores, outputs, rectifiers.codes)

    @cached_property
    def _gradients(self) -> tuple[Tensor, ...]:
        scores, outputs, _ = self.forward
        loss = functional.cross_entropy(scores, self.labels)
        return _grad(loss, [*self.weights, *outputs], create_graph=self._second_order)

    @property
    def weight_gradients(self) -> tuple[Tensor, ...]:
        """Gradients of the loss with respect to `weights`, zero if the loss does not depend on them."""
        return self._gradients[: len(self.weights)]

    @property
    def output_gradients(self) -> tuple[Tensor, ...]:
        """Gradients of the loss with respect to `forward.outputs`."""
        return self._gradients[len(self.weights) :]

    @cached_property
    def hessian_gradient(self) -> tuple[Tensor, ...]:
        """The Hessian of the loss with respect to `weights`, times its gradient."""
        gradients = self.weight_gradients
        half_square = sum((gradient.detach() * gradient).sum() for gradient in gradients)
        assert isinstance(half_square, Tensor)
        return _grad(half_square, self.weights)

    @cached_property
    def input_jacobian(self) -> Tensor:
        """(B, C H W) gradient of the sum of all scores with respect to the images."""
        return _grad(self.forward.scores.sum(), [self._input])[0].flatten(1)


Proxy = Callable[[Passes], float]
"""A proxy, intended so that higher is better; NaN or infinite if undefined for the network."""

PROXIES: Registry[Proxy] = Registry("zero-cost proxy", "archflow.networks.zero_cost")


def weighted_layers(network: nn.Module) -> list[_ConvNd | nn.Linear]:
    """All convolutions and linear layers; of those that share a weight, only the first."""
    layers = [module for module in network.modules() if isinstance(module, _ConvNd | nn.Linear)]
    return list({id(layer.weight): layer for layer in reversed(layers)}.values())[::-1]


def _grad(of: Tensor, by: list[Tensor], create_graph: bool = False) -> tuple[Tensor, ...]:
    if not of.requires_grad:
        return tuple(torch.zeros_like(tensor) for tensor in by)
    return torch.autograd.grad(of, by, retain_graph=True, create_graph=create_graph, materialize_grads=True)
