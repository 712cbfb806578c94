"""The hierarchical search space: a cell of motifs, which consist of motifs of primitives.

Source: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018, with L = 3, (6, 6, 1)
motifs, of 4 nodes on level 2 and 5 on level 3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.printable import shown
from archflow.spaces.base import SPACES, NetworkSpace, refuse_enumeration
from archflow.spaces.hierarchical import genotype as genes
from archflow.spaces.hierarchical.costs import network_costs
from archflow.spaces.hierarchical.genotype import Genotypes
from archflow.spaces.hierarchical.graph import ATTRIBUTES, VOCABULARY, genotypes_of, graphs

if TYPE_CHECKING:
    from archflow.networks.hierarchical_network import HierarchicalNetwork

_NATIVE = re.compile(r"([0-6]{6}/){6}[0-6]{10}")


@SPACES.register("hierarchical")
class Hierarchical(NetworkSpace):
    """About 7.1e38 genotypes; a native string has the digits of six motifs and of the cell, `606006/.../1002000003`.

    See `archflow.spaces.hierarchical.genotype` for the digits. As a graph, a genotype is the flattened cell: a node for
    every primitive that is on a path from input to output, and a `projection`, the 1x1 convolution that ends every
    motif of level 2. A node concatenates its inputs.

    Unused motifs and edges do not appear in that graph, but later mutations may activate them, so they are part of an
    architecture: its `input` node has all digits as attributes, numbers in base 7 (`motif_1` to `motif_6`, and `cell_1`
    and `cell_2`, five digits each). `canonical`, and therefore a search, considers the network only: it is equal for
    genotypes whose flattened cells are isomorphic, whatever their unused parts.
    """

    name = "hierarchical"
    vocabulary = VOCABULARY
    attribute_names = ATTRIBUTES
    size = genes.count()

    def parse(self, text: str) -> Architecture:
        """Parse e.g. `606006/101003/020005/606006/606006/606006/1002000003`."""
        if not _NATIVE.fullmatch(text):
            raise ArchflowError(
                f"hierarchical: {shown(text)} is not six times six digits and ten, from 0 to 6, with / between"
            )
        genotype = tuple(int(digit) for digit in text.replace("/", ""))
        names = [*(f"motif {m + 1}" for m in range(genes.MOTIFS)), "the cell"]
        cut = next((n for n, part in zip(names, genes.parts(genotype), strict=True) if not genes.live(part)), None)
        if cut is not None:
            raise ArchflowError(f"hierarchical: {shown(text)}: no path leads through {cut}; give it more edges")
        return graphs(np.array([genotype]))[0]

    def format(self, architecture: Architecture) -> str:
        parts = genes.parts(tuple(_genotype(architecture).tolist()))
        return "/".join("".join(map(str, part)) for part in parts)

    def enumerate(self) -> ArchitectureSet:
        raise refuse_enumeration(self)

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Samples like the published initial population: 1,000 mutations of the trivial genotype each."""
        genotypes = np.repeat(genes.trivial()[None], count, 0)
        for _ in range(genes.MUTATIONS):
            genotypes = genes.mutated(genotypes, generator)
        return graphs(genotypes)

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """All valid genotypes that differ in one digit, in the order of digits."""
        return graphs(genes.neighbours(_genotype(architecture)))

    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """Draw a neighbour as published, which is not uniform: see `archflow.spaces.hierarchical.genotype.mutated`."""
        return graphs(genes.mutated(_genotype(architecture)[None], generator))[0]

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        return graphs(genes.mutated(genotypes_of(architectures), generator))

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return [genes.class_of(tuple(genotype)) for genotype in genotypes_of(architectures).tolist()]

    def canonical(self, architecture: Architecture) -> str:
        """The used motifs, renumbered and sorted, and the cell, without anything that is on no path."""
        return genes.class_of(tuple(_genotype(architecture).tolist()))

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
        genotypes_of(architectures)  # raises for architectures of other spaces
        return network_costs(
            architectures.recoded(VOCABULARY),
            channels=channels,
            cells_per_stage=cells_per_stage,
            stages=stages,
            classes=classes,
            image_shape=image_shape,
        )

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
        """See `archflow.networks.hierarchical_network`.

        The default size is that of the small network used during search.
        """
        from archflow.networks.hierarchical_network import HierarchicalNetwork

        _genotype(architecture)  # raises for architectures of other spaces
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


def _genotype(architecture: Architecture) -> Genotypes:
    """(46,) digits. Raises ArchflowError if the graph does not match its digits."""
    return genotypes_of(ArchitectureSet.from_architectures([architecture]))[0]
