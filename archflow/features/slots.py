"""Kinds by position in the table's own order of nodes, and edges between these positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from archflow.features.base import FEATURES
from archflow.features.placed import PLACES, Placed
from archflow.graph import ArchitectureSet
from archflow.graph.positions import is_path
from archflow.graph.ragged import Ints


@FEATURES.register("slots")
@dataclass(frozen=True)
class Slots(Placed):
    """The kind and attributes of the nodes in the order in which the table stores them, and the edges between them.

    In a space with slots, such as a fixed template or a supernet with weights per slot, the position matters, and no
    feature that is equal for isomorphic architectures can express it.

    There are no columns if architectures have more than `PLACES` nodes, too many for positions to recur, or if all are
    single paths stored in order, for which `chain` gives the same columns.
    """

    local: ClassVar[bool] = False

    @classmethod
    def applies(cls, architectures: ArchitectureSet) -> bool:
        if architectures.node_counts.max(initial=0) > PLACES:
            return False
        return not (is_path(architectures).all() and (architectures.levels == architectures.node_place).all())

    def places(self, architectures: ArchitectureSet) -> tuple[Ints, Ints]:
        node = np.flatnonzero(architectures.node_place < PLACES)
        return node, architectures.node_place[node]

    def called(self, place: int) -> str:
        return f"slot{place}"

    def codes(self, architectures: ArchitectureSet) -> tuple[Ints, Ints]:
        kinds, owner = super().codes(architectures)
        source, target = architectures.edge_src.astype(np.int64), architectures.edge_dst.astype(np.int64)
        near = (source < PLACES) & (target < PLACES)
        pairs = super().all_codes + (source * PLACES + target)[near]
        return np.concatenate([kinds, pairs]), np.concatenate([owner, architectures.edge_owner[near]])

    def code_name(self, code: int) -> str:
        if code < super().all_codes:
            return super().code_name(code)
        source, target = divmod(code - super().all_codes, PLACES)
        return f"edge:slot{source}-slot{target}"

    @property
    def all_codes(self) -> int:
        return super().all_codes + PLACES * PLACES
