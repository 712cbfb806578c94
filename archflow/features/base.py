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

    `of` chooses the columns from typical architectures, which need no labels; the object then computes the same columns
    for any other architectures. It holds plain values only, so that it can be pickled and compared.
    """

    local: ClassVar[bool] = True
    """Whether the values depend on an architecture's graph alone, rather than on other columns of the table or on the
    order in which it lists the nodes."""

    @classmethod
    @abstractmethod
    def of(cls, table: Table) -> Self:
        """Make the features for architectures such as these."""

    @property
    def operations(self) -> tuple[str, ...] | None:
        """The operations that it knows; architectures with others are refused. None if it does not read operations."""
        return None

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the columns, each once."""

    @abstractmethod
    def __call__(self, table: Table) -> NDArray[np.float32]:
        """Compute values (N, F), NaN where one does not apply. No row depends on the others.

        Raises:
            ArchflowError: If an operation was not known to `of` (the message names the row), or the table lacks a
                column (the message names it).
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The description that `from_json` needs, in JSON form."""

    @classmethod
    @abstractmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        """Restore features from their description. Raises ArchflowError if it is damaged."""
