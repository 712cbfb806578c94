"""The numbers in the words of a device: cores, clock, threads ..."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from archflow.devices.words import numbers_in
from archflow.predict.contexts.base import CONTEXTS, ContextKind


@CONTEXTS.register("numbers")
@dataclass(frozen=True)
class NumbersInText(ContextKind):
    """The numbers that `archflow.devices.words` reads in a sentence.

    Quantities are given as logarithms, because doubling a clock divides latency by a factor and does not subtract an
    amount.
    """

    quantities: ClassVar = ("cores", "clock_ghz", "bandwidth_gb_s", "peak_gflops", "threads")
    precisions: ClassVar = ("fp16", "int8")

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Self:
        return cls()

    @property
    def names(self) -> tuple[str, ...]:
        return (*(f"log:{name}" for name in self.quantities), "gpu", *self.precisions)

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        values = np.full((len(sentences), len(self.names)), np.nan)
        for row, sentence in zip(values, sentences, strict=True):
            said: Mapping[str, Any] = numbers_in(sentence)
            quantities = [float(said.get(name) or np.nan) for name in self.quantities]
            precision = said.get("precision")
            row[:] = [
                *np.log(quantities),
                float(said.get("gpu", np.nan)),
                *(np.nan if precision is None else float(precision == name) for name in self.precisions),
            ]
        return values

    def to_json(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        return cls()
