"""The hierarchical search space: a cell of motifs of motifs of primitives.

Source: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018, with L = 3, (6, 6, 1)
motifs, of 4 nodes on level 2 and 5 on level 3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.printable import shown
from archflow.spaces.base import SPACES, NetworkSpace, refuse_enumeration
from archflow.spaces.hierarchical import genotype as genes
from archflow.spaces.hierarchical.genotype import Genotypes

if TYPE_CHECKING:
    from archflow.networks.hierarchical_network import HierarchicalNetwork

PROJECTION = "projection"
_BLOCKS = {**{f"motif_{m + 1}": 6 for m in range(genes.MOTIFS)}, "cell_1": 5, "cell_2": 5}
"""The attributes of the input node, in the order of a genotype: how many digits each holds, as a number of base 7. More
than eight would not be exact in float32, and a column for every digit makes graphs slow."""
_NATIVE = re.compile(r"([0-6]{6}/){6}[0-6]{10}")


@SPACES.register("hierarchical")
class Hierarchical(NetworkSpace):
    """About 7.1e38 genotypes; a native string has the digits of six motifs and of the cell, `606006/.../1002000003`.

    See `archflow.spaces.hierarchical.genotype` for the digits. As a graph, a genotype is the flattened cell: a node for
    every primitive that is on a path from input to output, and a `projection`, the 1x1 convolution that ends every
    motif of level 2. A node concatenates what leads to it.

    Unused motifs and edges leave no trace in that graph, but later mutations may bring them back, so that they belong
    to an architecture: its `input` node has all digits as attributes, numbers of base 7 (`motif_1` to `motif_6`, and
    `cell_1` and `cell_2`, five digits each). `canonical`, and so a search, looks at the network alone: genotypes share
    it if their flattened cells are isomorphic, whatever they have in store.
    """

    name = "hierarchical"
    vocabulary = Vocabulary(("input", "output", *genes.PRIMITIVES, PROJECTION))
    attribute_names = tuple(sorted(_BLOCKS))
    size = genes.count()

    def parse(self, text: str) -> Architecture:
        """Reads e.g. `606006/101003/020005/606006/606006/606006/1002000003`."""
        if not _NATIVE.fullmatch(text):
            raise ArchflowError(
                f"hierarchical: {shown(text)} is not six times six digits and ten, from 0 to 6, with / between"
            )
        genotype = np.array([int(digit) for digit in text.replace("/", "")])
        if not genes.valid(genotype[None])[0]:
            names = [*(f"motif {m + 1}" for m in range(genes.MOTIFS)), "the cell"]
            cut = next(n for n, part in zip(names, genes.parts(genotype), strict=True) if not genes.live(part))
            raise ArchflowError(f"hierarchical: {shown(text)}: no path leads through {cut}; give it more edges")
        return flatten(genotype)

    def format(self, architecture: Architecture) -> str:
        parts = genes.parts(self._genotype(architecture))
        return "/".join("".join(map(str, part)) for part in parts)

    def enumerate(self) -> ArchitectureSet:
        raise refuse_enumeration(self)

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """As the initial population was made: 1,000 mutations of the trivial genotype each."""
        genotypes = np.repeat(genes.trivial()[None], count, 0)
        for _ in range(genes.MUTATIONS):
            genotypes = genes.mutated(genotypes, generator)
        return self._set(genotypes)

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All valid genotypes with another digit, in their order."""
        return self._set(genes.neighbours(self._genotype(architecture)))

    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """A neighbour, drawn as published and not uniformly: see `archflow.spaces.hierarchical.genotype.mutated`."""
        return flatten(genes.mutated(self._genotype(architecture)[None], generator)[0])

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        return self._set(genes.mutated(self._genotypes(architectures), generator))

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return [genes.class_of(genotype) for genotype in self._genotypes(architectures)]

    def canonical(self, architecture: Architecture) -> str:
        """The motifs in use, numbered and ordered again, and the cell, without what is on no path."""
        return genes.class_of(self._genotype(architecture))

    def costs(
        self,
        architectures: ArchitectureSet,
        *,
        channels: int = 16,
        cells_per_stage: int = 1,
        stages: int = 3,
        classes: int = 10,
        image_shape: tuple[int, int, int] = (3, 32, 32),
    ) -> dict[str, NDArray[np.float64]]:
        """Counted in the network itself: its first image costs as much time again."""
        from archflow.networks.counting import count_flops, count_parameters

        size = {"channels": channels, "cells_per_stage": cells_per_stage, "stages": stages, "classes": classes}
        networks = (self.build(each, **size, image_channels=image_shape[0]) for each in architectures)
        counts = [(count_parameters(network), count_flops(network, image_shape)) for network in networks]
        params, flops = np.array(counts, np.float64).reshape(-1, 2).T
        return {"params": params, "flops": flops}

    def build(
        self,
        architecture: Architecture,
        *,
        channels: int = 16,
        cells_per_stage: int = 1,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
    ) -> HierarchicalNetwork:
        """See `archflow.networks.hierarchical_network`. The size is the small network's of the search."""
        from archflow.networks.hierarchical_network import HierarchicalNetwork

        self._genotype(architecture)  # refuses what is not of the space
        return HierarchicalNetwork(
            architecture.ops,
            architecture.edges,
            channels=channels,
            cells_per_stage=cells_per_stage,
            stages=stages,
            classes=classes,
            image_channels=image_channels,
            seed=seed,
        )

    def _set(self, genotypes: Genotypes) -> ArchitectureSet:
        return ArchitectureSet.from_architectures([flatten(genotype) for genotype in genotypes], self.vocabulary)

    def _genotypes(self, architectures: ArchitectureSet) -> Genotypes:
        rows = [self._genotype(each) for each in architectures]
        return np.array(rows, np.int64).reshape(-1, genes.LENGTH)

    def _genotype(self, architecture: Architecture) -> Genotypes:
        """(46,). Raises ArchflowError if the graph is not what its digits say."""
        digits: list[int] = []
        for name, length in _BLOCKS.items():
            number = architecture.attributes.get(name, (np.nan,))[0]
            if not (0 <= number < genes.CHOICES**length and number == int(number)):
                raise ArchflowError(f"hierarchical: the input node needs the attribute {name!r}, a genotype's digits")
            digits += [int(number) // genes.CHOICES**place % genes.CHOICES for place in reversed(range(length))]
        genotype = np.array(digits)
        if not genes.valid(genotype[None])[0] or flatten(genotype) != architecture:
            raise ArchflowError("hierarchical: the graph is not the flattened genotype of its attributes")
        return genotype


def flatten(genotype: Genotypes) -> Architecture:
    """(46,) -> the cell of primitives and projections, motif by motif of the cell."""
    return _flattened(tuple(genotype.tolist()))


@lru_cache(maxsize=4096)  # neighbours are made, and then read again
def _flattened(genotype: tuple[int, ...]) -> Architecture:
    *motifs, cell = genes.parts(np.array(genotype))
    ops, edges = ["input"], []
    states = [[0], *([] for _ in range(genes.CELL_NODES - 1))]
    for source, target, digit in genes.live(cell):
        states[target] += assemble(motifs[digit - 1], states[source], ops, edges)
    edges += [(node, len(ops)) for node in states[-1]]
    ops.append("output")
    missing, digits = (np.nan,) * (len(ops) - 1), iter(genotype)
    attributes = {}
    for name, length in _BLOCKS.items():
        number = 0
        for _ in range(length):
            number = number * genes.CHOICES + next(digits)
        attributes[name] = (number, *missing)
    return Architecture(tuple(ops), tuple(edges), attributes)


def assemble(
    motif: tuple[int, ...], entering: Sequence[int], ops: list[str], edges: list[tuple[int, int]]
) -> list[int]:
    """Append the nodes of one motif of level 2 behind those that enter it; returns its projection."""
    states = [list(entering), *([] for _ in range(genes.MOTIF_NODES - 1))]
    for source, target, digit in genes.live(motif):
        edges += [(node, len(ops)) for node in states[source]]
        states[target].append(len(ops))
        ops.append(genes.PRIMITIVES[digit - 1])
    edges += [(node, len(ops)) for node in states[-1]]
    ops.append(PROJECTION)
    return [len(ops) - 1]
