"""Operations by position along architectures that are a single path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archflow.features.base import FEATURES
from archflow.features.placed import PLACES, Placed
from archflow.graph import ArchitectureSet
from archflow.graph.positions import is_path
from archflow.graph.ragged import Ints


@FEATURES.register("chain")
@dataclass(frozen=True)
class Chain(Placed):
    """The kind and attributes of the first nodes of a path, and of the last ones, by position.

    If all paths have the same length, the columns counted from the end equal others and are left out. There are no
    columns unless all typical architectures are single paths. Other architectures later get NaN.
    """

    @classmethod
    def applies(cls, architectures: ArchitectureSet) -> bool:
        return bool(is_path(architectures).all())

    def places(self, architectures: ArchitectureSet) -> tuple[Ints, Ints]:
        first = architectures.levels.astype(np.int64)
        last = architectures.node_counts[architectures.node_owner] - 1 - first
        on_path = is_path(architectures)[architectures.node_owner]
        begin, end = np.flatnonzero(on_path & (first < PLACES)), np.flatnonzero(on_path & (last < PLACES))
        return np.concatenate([begin, end]), np.concatenate([first[begin], PLACES + last[end]])

    def called(self, place: int) -> str:
        return f"place{place + 1}" if place < PLACES else f"place-{place - PLACES + 1}"

    def _values(self, architectures: ArchitectureSet) -> NDArray[np.float32]:
        values = super()._values(architectures)
        values[~is_path(architectures)] = np.nan
        return values
