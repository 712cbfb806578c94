"""What a family of generated networks is: a short description from which one network and its inputs are built."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from archflow.described import Described

Choice = TypeVar("Choice")


class Family(Described, ABC):
    """The description of one network; its fields are all that decides it, weights excepted.

    Attributes:
        family: The name of the family.
    """

    family: str

    @classmethod
    @abstractmethod
    def drawn(cls, generator: np.random.Generator) -> Self:
        """A network of the family at random."""

    @abstractmethod
    def network(self) -> nn.Module:
        """The network, with weights from torch's random numbers."""

    @abstractmethod
    def inputs(self) -> tuple[Tensor, ...]:
        """What the network is called with: one image or sequence, from torch's random numbers."""

    @property
    def multiply_adds(self) -> float:
        """The multiply-adds of convolutions and linear layers, without running the network."""
        found: list[float] = []

        def count(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
            if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
                channels = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
                found.append(out.numel() * layer.weight.numel() / channels)

        with torch.device("meta"), torch.no_grad():
            network = self.network().eval()
            for module in network.modules():
                module.register_forward_hook(count)
            network(*self.inputs())
        return sum(found)

    @property
    def native(self) -> str:
        """The description as one line of JSON, which `archflow.devices.generated.parsed` reads."""
        return self.model_dump_json()

    def build(self, seed: int = 0) -> tuple[nn.Module, tuple[Tensor, ...]]:
        """The network and its inputs.

        Args:
            seed: The seed of weights and inputs. Latency depends on neither, as long as no number becomes subnormal:
                weights keep the size of activations, since processors need many times as long for subnormal numbers.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self.network()
            for module in network.modules():
                if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            return network.eval(), self.inputs()


def one_of(generator: np.random.Generator, choices: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
    """One of the choices, at random with the given probabilities or with equal ones."""
    return choices[int(generator.choice(len(choices), p=weights))]
