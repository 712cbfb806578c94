"""The contract of features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.graph.table import Table
from archflow.registry import Registry

FEATURES: Registry[type[Features]] = Registry("features", "archflow.features")


class Features(ABC):
    """Numbers that describe an architecture, such as its counts of operations.

    `of` decides which numbers there are, from architectures that are typical and need no label; the object then gives
    the same columns for any other architectures. It holds plain values only, so that it can be pickled and compared.
    """

    local: ClassVar[bool] = True
    """Whether the graph of an architecture alone decides its numbers. Otherwise they are read from the table's other
    columns, or from the order in which it lists the nodes."""

    @classmethod
    @abstractmethod
    def of(cls, table: Table) -> Self:
        """The features for architectures such as these."""

    @property
    def operations(self) -> tuple[str, ...] | None:
        """The operations that it knows: architectures with others are refused. None if it reads none."""
        return None

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the columns, each once."""

    @abstractmethod
    def __call__(self, table: Table) -> NDArray[np.float32]:
        """(N, F) values, NaN where one does not apply. No row depends on the others.

        Raises:
            ArchflowError: Naming the row, for an operation that was not among those of `of`; naming the column, for
                one that the table lacks.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """What `from_json` needs, as JSON keeps it."""

    @classmethod
    @abstractmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        """The features that `to_json` described. Raises ArchflowError if the description is damaged."""
