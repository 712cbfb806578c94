"""Architectures of two cells, for encoders that read a pair of cells."""

from archflow.graph import Architecture, ArchitectureSet
from archflow.testing import relabelled


def paired(architectures: ArchitectureSet) -> ArchitectureSet:
    """Every architecture and the next one, as two cells of one graph, their nodes numbered at random."""
    wholes = [whole(architecture, architectures.vocabulary.ops[0]) for architecture in architectures]
    pairs = [side_by_side(first, second) for first, second in zip(wholes, [*wholes[1:], *wholes[:1]], strict=True)]
    return relabelled(ArchitectureSet.from_architectures(pairs, architectures.vocabulary), seed=0)[0]


def whole(architecture: Architecture, op: str) -> Architecture:
    """The architecture with one more node, in front of all that had no predecessor: one cell."""
    first = len(architecture.ops)
    fed = {target for _, target in architecture.edges}
    leads = ((first, node) for node in range(first) if node not in fed)
    return Architecture((*architecture.ops, op), (*architecture.edges, *leads))


def side_by_side(first: Architecture, second: Architecture) -> Architecture:
    shift = len(first.ops)
    moved = ((source + shift, target + shift) for source, target in second.edges)
    return Architecture((*first.ops, *second.ops), (*first.edges, *moved))
