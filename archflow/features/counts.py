"""Numbers of nodes, edges, cells and kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.features.base import FEATURES
from archflow.features.kinds import Kinds
from archflow.features.varying import Varying
from archflow.graph import ArchitectureSet


@FEATURES.register("counts")
@dataclass(frozen=True)
class Counts(Varying):
    """Numbers of nodes and edges, the longest path in edges, and the numbers of cells and of nodes of each kind."""

    @classmethod
    def planned(cls, architectures: ArchitectureSet) -> Self:
        return cls(Kinds.of(architectures), ())

    @property
    def every(self) -> list[str]:
        return ["nodes", "edges", "depth", "cells", *(f"count:{name}" for name in self.kinds.names)]

    def values(self, architectures: ArchitectureSet) -> NDArray:
        width = len(self.kinds)
        place = architectures.node_owner * width + self.kinds.of_nodes(architectures)
        counts = np.bincount(place, minlength=len(architectures) * width).reshape(-1, width)
        whole = (architectures.node_counts, architectures.edge_counts, architectures.depths, architectures.cell_counts)
        return np.column_stack([*whole, counts]).astype(np.float64)
