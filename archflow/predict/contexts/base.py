"""The contract of a kind of context numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.registry import Registry

CONTEXTS: Registry[type[ContextKind]] = Registry("context", "archflow.predict.contexts")


class ContextKind(ABC):
    """Turns sentences that describe a device or a task into numbers.

    `of` chooses the columns from the sentences that labels were measured for; the object then gives the same columns
    for any other sentence. It holds plain values only.
    """

    usual: ClassVar[bool] = True
    """Whether a context uses it if the user names no kinds."""
    general: ClassVar[bool] = True
    """Whether it says something of a device or task that no label has."""

    @classmethod
    @abstractmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        """Choose the columns for sentences such as these, each given once."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the F columns, each once."""

    @abstractmethod
    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Compute (N, F) numbers, NaN where a sentence does not say one. No row depends on the others."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The description that `from_json` needs, in JSON form."""

    @classmethod
    @abstractmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        """Restore a kind from its description. Raises ArchflowError if it is damaged."""
