"""Genotypes of the hierarchical space: the operation on every edge of every motif, as numbers.

A genotype is a row of 46 digits from 0 to 6. The first 36 are the six motifs of level 2, with six edges each between
four nodes; the last ten are the motif of level 3, between five nodes. Edges are in the order 0->1, 0->2, 1->2, 0->3,
... 0 means no edge; on level 2 digit k is the k-th primitive, on level 3 the k-th motif of level 2.

Source: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

PRIMITIVES = ("conv_1x1", "depthwise_conv_3x3", "sep_conv_3x3", "max_pool_3x3", "avg_pool_3x3", "identity")
MOTIFS = 6
MOTIF_NODES, CELL_NODES = 4, 5
CHOICES = 7
"""Number of values of a digit."""

Genotypes = NDArray[np.int64]
Edge = tuple[int, int, int]
"""(source, target, digit)."""


def ends(nodes: int) -> list[tuple[int, int]]:
    """(source, target) of every edge between `nodes` nodes, in the order of digits."""
    return [(source, target) for target in range(nodes) for source in range(target)]


MOTIF_EDGES, CELL_EDGES = len(ends(MOTIF_NODES)), len(ends(CELL_NODES))
LENGTH = MOTIFS * MOTIF_EDGES + CELL_EDGES
MUTATIONS = 1000
"""Number of mutations of the trivial genotype that make a member of the initial population."""


def trivial() -> Genotypes:
    """(46,) genotype whose motifs are all chains: of identities on level 2, of the first motif on level 3."""
    chains = []
    for nodes, digit in ((MOTIF_NODES, PRIMITIVES.index("identity") + 1), (CELL_NODES, 1)):
        chains.append([digit if target == source + 1 else 0 for source, target in ends(nodes)])
    return np.array(chains[0] * MOTIFS + chains[1])


def parts(genotype: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Split 46 digits into those of the six motifs and those of the cell."""
    cut = [genotype[start : start + MOTIF_EDGES] for start in range(0, LENGTH - CELL_EDGES, MOTIF_EDGES)]
    return [*cut, genotype[-CELL_EDGES:]]


@cache
def live(digits: tuple[int, ...]) -> tuple[Edge, ...]:
    """The edges of one motif that are on paths from its first node to its last."""
    nodes = MOTIF_NODES if len(digits) == MOTIF_EDGES else CELL_NODES
    edges = [(*end, digit) for end, digit in zip(ends(nodes), digits, strict=True) if digit]
    reached, reaching = {0}, {nodes - 1}
    for source, target, _ in edges:  # by target
        if source in reached:
            reached.add(target)
    for source, target, _ in sorted(edges, reverse=True):  # by source
        if target in reaching:
            reaching.add(source)
    return tuple(edge for edge in edges if edge[0] in reached and edge[1] in reaching)


@cache
def _connected(edges: int) -> NDArray[np.bool_]:
    """(2^edges,) whether the last node is reachable, indexed by the bit set of present edges."""
    return np.array([bool(live(tuple(bits >> edge & 1 for edge in range(edges)))) for bits in range(1 << edges)])


def valid(genotypes: Genotypes) -> NDArray[np.bool_]:
    """(N, 46) -> (N,) whether in every motif the last node is reachable from the first."""
    there = genotypes != 0
    motifs = there[:, :-CELL_EDGES].reshape(len(there), MOTIFS, MOTIF_EDGES) @ (1 << np.arange(MOTIF_EDGES))
    cells = there[:, -CELL_EDGES:] @ (1 << np.arange(CELL_EDGES))
    return _connected(MOTIF_EDGES)[motifs].all(1) & _connected(CELL_EDGES)[cells]


def count() -> int:
    """The number of valid genotypes."""
    motifs, cells = (
        sum((CHOICES - 1) ** int(bits).bit_count() for bits in np.flatnonzero(_connected(edges)))
        for edges in (MOTIF_EDGES, CELL_EDGES)
    )
    return motifs**MOTIFS * cells


def mutated(genotypes: Genotypes, generator: np.random.Generator) -> Genotypes:
    """(N, 46) -> one mutation of each genotype.

    A level, a motif of it, a node other than the first, a predecessor of it, and the operation between them are drawn
    uniformly. Everything is drawn again if nothing changes or the result is not valid.
    """
    result, rows = genotypes.copy(), np.arange(len(genotypes))
    while len(rows):
        upper = generator.random(len(rows)) < 0.5
        target = np.where(
            upper, generator.integers(1, CELL_NODES, len(rows)), generator.integers(1, MOTIF_NODES, len(rows))
        )
        edge = target * (target - 1) // 2 + (generator.random(len(rows)) * target).astype(np.int64)
        first = np.where(upper, LENGTH - CELL_EDGES, generator.integers(MOTIFS, size=len(rows)) * MOTIF_EDGES)
        digit = generator.integers(CHOICES, size=len(rows))
        new = genotypes[rows]
        new[np.arange(len(rows)), first + edge] = digit
        good = valid(new) & (new != genotypes[rows]).any(1)
        result[rows[good]] = new[good]
        rows = rows[~good]
    return result


def neighbours(genotype: Genotypes) -> Genotypes:
    """(46,) -> (M, 46), all valid genotypes that differ in one digit."""
    column, digit = (grid.reshape(-1) for grid in np.indices((LENGTH, CHOICES)))
    around = np.repeat(genotype[None], len(column), 0)
    around[np.arange(len(column)), column] = digit
    return around[(digit != genotype[column]) & valid(around)]


def class_of(genotype: tuple[int, ...]) -> str:
    """A string that is equal for two genotypes exactly if their networks are isomorphic."""
    *motifs, cell = parts(genotype)
    names = ["", *(_smallest(live(motif), MOTIF_NODES) for motif in motifs)]
    used = sorted({names[digit] for _, _, digit in live(cell)})
    edges = tuple((source, target, used.index(names[digit]) + 1) for source, target, digit in live(cell))
    return "/".join([*used, _smallest(edges, CELL_NODES)])


@cache
def _smallest(edges: tuple[Edge, ...], nodes: int) -> str:
    """The smallest string of digits of a motif over all topological numberings of its inner nodes."""
    texts = []
    for inner in permutations(range(1, nodes - 1)):
        number = (0, *inner, nodes - 1)
        moved = {(number[source], number[target]): digit for source, target, digit in edges}
        if all(source < target for source, target in moved):
            texts.append("".join(str(moved.get(end, 0)) for end in ends(nodes)))
    return min(texts)
