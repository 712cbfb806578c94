"""The contract of a search space, and the spaces by name."""

from __future__ import annotations

import functools
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary, notebook
from archflow.registry import Registry

if TYPE_CHECKING:
    from torch import nn


def _of_text(parse: Callable[[Any, str], Architecture]) -> Callable[[Any, str], Architecture]:
    """Wrap `parse` so that it refuses anything but a string, and reads one that is quoted or between blanks."""

    @functools.wraps(parse)
    def parsed(self: SearchSpace, text: str) -> Architecture:
        if not isinstance(text, str):
            raise ArchflowError(
                f"{self.name}: {text!r} is not a native string but a {type(text).__name__}; give a string"
            )
        try:
            return parse(self, text)
        except ArchflowError:
            bare = _bare(text)
            if bare == text:
                raise
            return parse(self, bare)

    return parsed


def _bare(text: str) -> str:
    """A text without blanks around it, and without the quotes that files put around strings."""
    bare = text.strip()
    while len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'`":
        bare = bare[1:-1].strip()
    return bare


class SearchSpace(ABC):
    """The set of architectures to choose from.

    Attributes:
        name: What the command line, configurations and tables call the space.
        vocabulary: Its operations.
        attribute_names: Names of the node attributes that its architectures have.
        size: Number of its native strings.
    """

    name: str
    vocabulary: Vocabulary
    attribute_names: tuple[str, ...] = ()
    size: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "parse" in vars(cls):
            cls.parse = _of_text(cls.parse)  # pyright: ignore[reportAttributeAccessIssue]  # it keeps the names

    def __repr__(self) -> str:
        size = f"{self.size:,}" if self.size < 10**7 else f"{self.size:.2g}"
        return f"{self.name}({size} architectures; {notebook.named(self.vocabulary.ops)})"

    def _repr_html_(self) -> str:
        some = self.sample(min(notebook.DRAWN, self.size), np.random.default_rng(0))
        return notebook.several(list(some), repr(self))

    @abstractmethod
    def parse(self, text: str) -> Architecture:
        """Parse a native string. Raises ArchflowError that says where the string is wrong."""

    @abstractmethod
    def format(self, architecture: Architecture) -> str:
        """Format an architecture as its native string. Raises ArchflowError if it is not of this space."""

    @abstractmethod
    def enumerate(self) -> ArchitectureSet:
        """All `size` architectures, in a fixed order. Raises ArchflowError if there are too many to hold in memory."""

    @abstractmethod
    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Draw `count` independent architectures from the distribution that the class documents."""

    @abstractmethod
    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All architectures one elementary change away; each space defines its elementary changes."""

    def contains(self, architecture: Architecture) -> bool:
        """Whether the architecture is of this space, that is, whether `format` accepts it."""
        try:
            self.format(architecture)
        except ArchflowError:
            return False
        return True

    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """Draw a neighbour uniformly. Raises ArchflowError if there is none."""
        around = self.neighbours(architecture)
        if len(around) == 0:
            raise ArchflowError(f"{self.name}: it has a single architecture, which has no neighbours")
        return around[int(generator.integers(len(around)))]

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        """Draw one neighbour uniformly for each of N architectures. Raises ArchflowError as `mutate` does."""
        return ArchitectureSet.from_architectures(
            [self.mutate(each, generator) for each in architectures], self.vocabulary
        )

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        """The `canonical` string of each of N architectures."""
        return [self.canonical(each) for each in architectures]

    def digests(self, architectures: ArchitectureSet) -> NDArray[np.uint64]:
        """(N, 2) 128 bits for each of N architectures, equal for those of one isomorphism class.

        They are digests of `keys` unless a space has exact numbers, so that two classes have the same digest with a
        probability of 2^-128.
        """
        made = (hashlib.blake2b(key.encode(), digest_size=16).digest() for key in self.keys(architectures))
        return np.frombuffer(b"".join(made), np.dtype("<u8")).reshape(-1, 2).astype(np.uint64)

    def conform(self, architectures: ArchitectureSet) -> ArchitectureSet:
        """The same architectures in the form of this space: in its vocabulary, with its node attributes.

        Operation names may contain the attributes' numbers, as in tables written before there were node attributes.

        Raises:
            ArchflowError: If an architecture cannot be of this space; the message names the row.
        """
        return architectures.recoded(self.vocabulary)

    @abstractmethod
    def canonical(self, architecture: Architecture) -> str:
        """A string that is equal for two architectures exactly if they are in one isomorphism class of the space."""


class NetworkSpace(SearchSpace):
    """A space whose architectures are image classifiers that can be built and trained.

    The defaults of both methods are the size of the published network. A network has `stages` stages of
    `cells_per_stage` cells each; between stages the resolution is halved and the channels are doubled.
    """

    @abstractmethod
    def costs(
        self,
        architectures: ArchitectureSet,
        *,
        channels: int = ...,
        cells_per_stage: int = ...,
        stages: int = ...,
        classes: int = ...,
        image_shape: tuple[int, int, int] = ...,
    ) -> Mapping[str, NDArray[np.float64]]:
        """Costs of the networks that `build` makes, without running them.

        Returns:
            `params` (N,), and `flops` (N,) as multiply-adds for one image of `image_shape` (channels, height, width).
        """

    @abstractmethod
    def build(
        self,
        architecture: Architecture,
        *,
        channels: int = ...,
        cells_per_stage: int = ...,
        stages: int = ...,
        classes: int = ...,
        image_channels: int = ...,
        seed: int = ...,
    ) -> nn.Module:
        """Build the network: images (B, `image_channels`, H, W) -> class scores (B, `classes`).

        Weights are initialised from `seed`.
        """


def refuse_enumeration(space: SearchSpace) -> ArchflowError:
    """The error for a space that is too large to enumerate."""
    return ArchflowError(f"{space.name} has {space.size:.2g} architectures, too many to enumerate: sample some instead")


SPACES: Registry[type[SearchSpace]] = Registry("search space", "archflow.spaces")


def network_space(name: str) -> NetworkSpace:
    """Return the space of that name. Raises ArchflowError if it is unknown or its architectures cannot be built."""
    space = SPACES.get(name)()
    if not isinstance(space, NetworkSpace):
        able = [other for other in SPACES.names() if issubclass(SPACES.get(other), NetworkSpace)]
        raise ArchflowError(f"{name}: its architectures cannot be built as networks; use {', '.join(able)}")
    return space
