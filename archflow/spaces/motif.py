"""Graphs whose edges carry operations, or further graphs of that kind, as architectures.

    residual = Motif([(0, 1), (1, 2), (0, 2)], ["conv", "conv", "skip"])
    Motif([(0, 1), (1, 2)], [residual, "pool"]).architecture()

In an `Architecture` operations are nodes. An operation on an edge from feature map a to feature map b becomes a node
that gets an edge from every operation whose edge ends in a.

Source of hierarchical motifs: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archflow.errors import ArchflowError
from archflow.graph import Architecture

Edges = list[tuple[int, int]]


@dataclass(frozen=True)
class Motif:
    """Feature maps joined by edges with an operation, or a smaller motif, on each.

    Args:
        edges: (source, target) feature maps, source below target. Map 0 is the input; the last map is the output. A map
            is the sum of what its edges bring.
        parts: For each edge an operation's name, a motif that takes its place, or None for no edge.

    Raises:
        ArchflowError: If there is no edge, an edge does not lead to a later map, or there is not one part per edge.
    """

    edges: Sequence[tuple[int, int]]
    parts: Sequence[str | Motif | None]

    def __post_init__(self) -> None:
        if len(self.edges) == 0 or len(self.edges) != len(self.parts):
            raise ArchflowError(f"motif: {len(self.parts)} parts for {len(self.edges)} edges; give one for each edge")
        for source, target in self.edges:
            if not 0 <= source < target:
                raise ArchflowError(f"motif: edge ({source}, {target}) must lead from a map (0, 1 ...) to a later one")

    def architecture(self, source: str = "input", target: str = "output") -> Architecture:
        """The graph with all motifs written out, between two nodes with these operations."""
        ops: list[str] = [source]
        edges: Edges = []
        last = self._append(ops, edges, [0])
        edges += [(node, len(ops)) for node in last]
        return Architecture((*ops, target), tuple(edges))

    def _append(self, ops: list[str], edges: Edges, entering: list[int]) -> list[int]:
        """Append the nodes between `entering` and the last feature map; return those whose sum that map is."""
        maps: list[list[int]] = [entering, *([] for _ in range(max(target for _, target in self.edges)))]
        # Every edge into a map begins at a lower map, so it comes before those that leave it.
        for (source, target), part in sorted(zip(self.edges, self.parts, strict=True), key=lambda each: each[0][0]):
            if isinstance(part, Motif):
                maps[target] += part._append(ops, edges, maps[source])
            elif part is not None:
                edges += [(node, len(ops)) for node in maps[source]]
                maps[target].append(len(ops))
                ops.append(part)
        return maps[-1]
