"""GRAF, neural graph features: paths restricted to some operations, and degrees by operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from archflow.features import saved
from archflow.features.base import FEATURES
from archflow.features.kinds import Kinds
from archflow.features.on_paths import on_paths
from archflow.features.varying import Varying
from archflow.graph import ArchitectureSet
from archflow.graph.ragged import segment_reduce

FEW = 5
"""Up to this many kinds, all subsets (32) are used. With more kinds, which have too many subsets, the sets are: none,
each kind alone, all but each kind, and all."""

COMMON = 16
"""The maximum number of kinds, the most frequent ones, that are used alone or left out alone. Their 34 sets give about
as many columns as all subsets of five kinds."""


@FEATURES.register("graf")
@dataclass(frozen=True)
class Graf(Varying):
    """Paths and degrees restricted to sets of kinds of nodes.

    For each set: the shortest path through its kinds only, the largest number of nodes of the set on such a path, and
    node degrees that count only neighbours of these kinds. For single kinds, also the largest number of nodes on any
    path.

    Paths lead from nodes without predecessors to nodes without successors. If there are several such ends, as in
    architectures of two cells, one column holds the least of their values and one the greatest. Kinds that occur
    equally often in all architectures, such as `input`, `add` or `concat`, are the frame: paths may always lead through
    them, and they are never counted.

    A path that does not exist gets the number of nodes as its length, and -1 nodes on it.

    Source: Kadlecova et al., Surprisingly Strong Performance Prediction with Neural Graph Features (ICML 2024), section
    3. There, operations are on edges or on nodes; here, always on nodes. There, each space defines its frame, and
    degrees have no maxima.

    Attributes:
        alone: The kinds that are used one by one.
        frame: The kinds that occur equally often in all architectures.
    """

    alone: tuple[int, ...]
    frame: tuple[int, ...]

    @classmethod
    def planned(cls, architectures: ArchitectureSet) -> Self:
        kinds = Kinds.of(architectures)
        width = len(kinds)
        place = architectures.node_owner * width + kinds.of_nodes(architectures)
        counts = np.bincount(place, minlength=len(architectures) * width).reshape(-1, width)
        frame = (counts == counts[:1]).all(0)
        common = np.argsort(-counts.sum(0) * ~frame, kind="stable")[: min(COMMON, int((~frame).sum()))]
        return cls(kinds, (), tuple(np.sort(common).tolist()), tuple(np.flatnonzero(frame).tolist()))

    @cached_property
    def sets(self) -> list[tuple[int, ...]]:
        """The sets of kinds, as groups of indices.

        An index refers to `alone`; `len(alone)` stands for all kinds that are in neither `alone` nor the frame.
        """
        alone = range(len(self.alone))
        if len(alone) <= FEW and len(self.alone) + len(self.frame) == len(self.kinds):
            return [some for count in range(len(alone) + 1) for some in combinations(alone, count)]
        every = (*alone, len(alone))
        return [(), *((one,) for one in alone), *(tuple(x for x in every if x != one) for one in alone), every]

    @property
    def every(self) -> list[str]:
        names = []
        for what in _COLUMNS:
            names += [f"{what}:{self._called(some)}" for some in self.sets]
        return [*names, *(f"most_on_any:{self.kinds.names[kind]}" for kind in self.alone)]

    def values(self, architectures: ArchitectureSet) -> NDArray:
        groups = np.full(len(self.kinds), len(self.alone))
        groups[list(self.alone)], groups[list(self.frame)] = np.arange(len(self.alone)), len(self.alone) + 1
        group = groups[self.kinds.of_nodes(architectures)]
        member = np.array([[each in some for each in range(len(self.alone) + 2)] for some in self.sets])  # (S, G)
        member = member.astype(np.float32)
        allowed = member.copy()
        allowed[:, -1] = 1
        path = _paths(architectures, allowed.T[group] > 0, member.T[group] > 0)
        anywhere = on_paths(
            architectures, np.eye(*member.T.shape, dtype=np.float32)[group][:, : len(self.alone)], np.maximum
        )
        most = segment_reduce(np.maximum, anywhere, architectures.node_ptr, 0)
        return np.concatenate([*path, *_degrees(architectures, group, member), most], 1)

    def plan(self) -> dict[str, Any]:
        return {"alone": list(self.alone), "frame": list(self.frame)}

    @classmethod
    def from_plan(cls, kinds: Kinds, about: Mapping[str, Any]) -> Self:
        alone, frame = (saved.integers(saved.entry(about, name), name, len(kinds)) for name in ("alone", "frame"))
        if len(alone) > COMMON or len({*alone, *frame}) < len(alone) + len(frame):
            raise saved.damaged("a kind is both in the frame and outside it")
        return cls(kinds, (), alone, frame)

    def _called(self, some: tuple[int, ...]) -> str:
        names = [self.kinds.names[kind] for kind in self.alone]
        if len(some) > len(names) / 2:
            left_out = [name for place, name in enumerate(names) if place not in some]
            return f"all but {', '.join(left_out)}" if left_out else "all"
        return ", ".join(names[place] for place in some) or "none"


_COLUMNS = (
    *("shortest_least", "shortest_greatest", "most_least", "most_greatest"),
    *("mean_in", "mean_out", "max_in", "max_out", "input_out", "output_in"),
)


def _paths(architectures: ArchitectureSet, allowed: NDArray, counted: NDArray) -> list[NDArray]:
    """Shortest paths and largest numbers of nodes, each minimum and maximum over all ends; (N, S) each.

    Args:
        allowed, counted: (V, S) whether the paths of a set may lead through a node, and whether the node is counted.
    """
    adjacency = architectures.adjacency
    begins = adjacency.degree == 0
    ends = np.flatnonzero((adjacency.out_degree == 0) & ~begins)
    bounds = np.searchsorted(ends, architectures.node_ptr)
    steps = np.where(allowed, np.where(begins, 0, 1)[:, None], np.inf).astype(np.float32)
    shortest = on_paths(architectures, steps, np.minimum)[ends]
    counts = np.where(allowed, counted, -np.inf).astype(np.float32)
    most = np.maximum(on_paths(architectures, counts, np.maximum)[ends], -1)
    nodes = architectures.node_counts[:, None].astype(np.float32)
    shortest = np.minimum(shortest, nodes[architectures.node_owner[ends]])
    found = []
    for values, without in ((shortest, nodes), (most, np.float32(-1))):
        for reduction in (np.minimum, np.maximum):
            reduced = segment_reduce(reduction, values, bounds, np.inf)
            found.append(np.where(np.isinf(reduced), without, reduced))
    return found


def _degrees(architectures: ArchitectureSet, group: NDArray, member: NDArray[np.float32]) -> list[NDArray]:
    """Degrees by sets of groups (S, G), as arrays (N, S).

    These are the mean and maximum over all nodes, and the sums over first and over last nodes.
    """
    source, target = architectures.edge_nodes
    groups = member.shape[1]
    owner, rows = architectures.edge_owner, len(architectures)
    begins, ends = (degree == 0 for degree in (architectures.adjacency.degree, architectures.adjacency.out_degree))

    def counted(row: NDArray, neighbour: NDArray, count: int) -> NDArray[np.float32]:
        """(count, S) numbers of neighbours of each row."""
        by_group = np.bincount(row * groups + group[neighbour], minlength=count * groups)
        return by_group.reshape(-1, groups).astype(np.float32) @ member.T

    def greatest(node: NDArray, neighbour: NDArray) -> NDArray[np.float32]:
        return segment_reduce(np.maximum, counted(node, neighbour, len(group)), architectures.node_ptr, 0)

    nodes = architectures.node_counts[:, None]
    return [
        counted(owner, source, rows) / nodes,
        counted(owner, target, rows) / nodes,
        greatest(target, source),
        greatest(source, target),
        counted(owner[begins[source]], target[begins[source]], rows),
        counted(owner[ends[target]], source[ends[target]], rows),
    ]
