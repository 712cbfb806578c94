"""One column per device or task that labels were measured for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.varying import distinct
from archflow.predict.contexts.base import CONTEXTS, ContextKind

MOST = 256
"""The maximum number of devices that get a column; of more, none does: each would have too few labels."""


@CONTEXTS.register("names")
@dataclass(frozen=True)
class OneHot(ContextKind):
    """1 in the column of the device, 0 elsewhere; 0 everywhere for a device without labels.

    Attributes:
        known: The sentences that have a column.
    """

    general: ClassVar[bool] = False

    known: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        return cls(tuple(sentences) if 1 < len(sentences) <= MOST else ())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(distinct(self.known))

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        place = {sentence: column for column, sentence in enumerate(self.known)}
        values = np.zeros((len(sentences), len(self.known)))
        for row, sentence in enumerate(sentences):
            if sentence in place:
                values[row, place[sentence]] = 1.0
        return values

    def to_json(self) -> dict[str, Any]:
        return {"known": list(self.known)}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        return cls(saved.texts(about, "known"))
