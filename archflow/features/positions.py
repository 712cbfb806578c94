"""Where in an architecture its operations are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import FEATURES
from archflow.features.kinds import Kinds
from archflow.features.statistics import Statistics
from archflow.features.varying import Varying
from archflow.graph import ArchitectureSet
from archflow.graph.positions import POSITIONS, with_positions

COMMON = 48
"""The maximum number of kinds with columns: the most frequent ones, since rare ones mostly have missing values."""

_COLUMNS = {
    "from_input": ("mean", "min", "max"),
    "to_output": ("mean", "min", "max"),
    "depth_share": ("mean",),
}


@FEATURES.register("positions")
@dataclass(frozen=True)
class Positions(Varying):
    """Distances of the nodes of each kind from the input and to the output.

    For each kind: mean, minimum and maximum of both, in edges along longest paths, and the mean distance from the input
    relative to the depth. NaN if there is no such node.

    Attributes:
        common: The kinds that have columns.
    """

    common: tuple[int, ...]

    @classmethod
    def planned(cls, architectures: ArchitectureSet) -> Self:
        kinds = Kinds.of(architectures)
        counts = np.bincount(kinds.of_nodes(architectures), minlength=len(kinds))
        return cls(kinds, (), tuple(np.sort(np.argsort(-counts, kind="stable")[:COMMON]).tolist()))

    @property
    def every(self) -> list[str]:
        columns = [f"{statistic}:{position}" for position, wanted in _COLUMNS.items() for statistic in wanted]
        return [f"{column}:{self.kinds.names[kind]}" for column in columns for kind in self.common]

    def values(self, architectures: ArchitectureSet) -> NDArray:
        width = len(self.kinds)
        group = architectures.node_owner * width + self.kinds.of_nodes(architectures)
        placed = with_positions(architectures)
        columns = []
        for name, wanted in zip(POSITIONS, _COLUMNS.values(), strict=False):
            found = Statistics.of(placed.attribute(name), group, len(architectures) * width)
            each = (getattr(found, statistic).reshape(-1, width) for statistic in wanted)
            columns += [values[:, self.common] for values in each]
        return np.concatenate(columns, 1)

    def plan(self) -> dict[str, Any]:
        return {"common": list(self.common)}

    @classmethod
    def from_plan(cls, kinds: Kinds, about: Mapping[str, Any]) -> Self:
        return cls(kinds, (), saved.integers(saved.entry(about, "common"), "common", len(kinds)))
