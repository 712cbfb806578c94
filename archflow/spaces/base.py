"""The contract of a search space, and the spaces by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.registry import Registry

if TYPE_CHECKING:
    from torch import nn


class SearchSpace(ABC):
    """The architectures that may be chosen from.

    Attributes:
        name: what command line, configurations and tables call the space.
        vocabulary: its operations.
        size: the number of its architectures.
    """

    name: ClassVar[str]
    vocabulary: ClassVar[Vocabulary]
    size: ClassVar[int]

    @abstractmethod
    def parse(self, text: str) -> Architecture:
        """The architecture of a native string. Raises ArchflowError that says where the string is wrong."""

    @abstractmethod
    def format(self, architecture: Architecture) -> str:
        """The native string of an architecture. Raises ArchflowError if it is not of this space."""

    @abstractmethod
    def enumerate(self) -> ArchitectureSet:
        """All architectures, in a fixed order."""

    @abstractmethod
    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """`count` architectures, uniform and independent."""

    @abstractmethod
    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """A uniformly drawn neighbour."""

    @abstractmethod
    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All architectures one elementary change away."""

    @abstractmethod
    def canonical(self, architecture: Architecture) -> str:
        """A string that two architectures share exactly if they are in one isomorphism class of the space."""

    @abstractmethod
    def sample_classes(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """`count` different isomorphism classes, uniform, each as one of its members.

        Raises:
            ArchflowError: the space has fewer classes.
        """

    @abstractmethod
    def costs(
        self,
        architectures: ArchitectureSet,
        *,
        channels: int = ...,
        cells_per_stage: int = ...,
        classes: int = ...,
        image_shape: tuple[int, int, int] = ...,
    ) -> Mapping[str, NDArray[np.float64]]:
        """Costs of the networks that `build` makes, without building them.

        `params` (N,) and `flops` (N,), multiply-adds of one image of `image_shape` (channels, height, width).
        The published network's settings are the defaults.
        """

    @abstractmethod
    def build(
        self,
        architecture: Architecture,
        *,
        channels: int,
        cells_per_stage: int,
        classes: int,
        image_channels: int,
        seed: int,
    ) -> nn.Module:
        """The real network: images (B, `image_channels`, H, W) -> class scores (B, `classes`).

        `seed` draws its weights.
        """


SPACES: Registry[type[SearchSpace]] = Registry("search space", "archflow.spaces")
