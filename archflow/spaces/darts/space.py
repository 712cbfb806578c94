"""The DARTS search space, which is also that of NAS-Bench-301: a normal cell and a reduction cell.

Sources: Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019; Siems et al., "Surrogate NAS
Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks" (NAS-Bench-301), ICLR 2022.
"""

from __future__ import annotations

from math import comb, prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.base import SPACES, NetworkSpace, refuse_enumeration
from archflow.spaces.darts import genotype as forms
from archflow.spaces.darts.costs import network_costs
from archflow.spaces.darts.graph import CELLS, OPERATIONS, REACH, STEPS, VOCABULARY, choices_of, graphs
from archflow.spaces.darts.isomorphism import least_forms, least_numbers
from archflow.spaces.darts.neighbours import NONE, changeable, changed
from archflow.spaces.sampling import drawn_places

if TYPE_CHECKING:
    from archflow.networks.darts_network import DARTSNetwork


@SPACES.register("darts")
class DARTS(NetworkSpace):
    """Two cells of four intermediate nodes, each the sum of two operations on different earlier feature maps.

    An architecture is a graph of two components, normal and reduction cell, as in the published tables;
    `archflow.spaces.darts.graph.joined` connects them into one component. The order of a node's two operations is kept
    by native strings and graphs but has no meaning, and the hash ignores it.

    Seven operations are sampled. `none`, and two operations on one feature map, occur in published cells: both can be
    parsed, measured and built, but are neither sampled nor reached by mutation.

    `size` counts genotypes without regard to that order: (1 * 3 * 6 * 10 pairs of feature maps * 7^8 operations)^2.
    """

    name = "darts"
    vocabulary = VOCABULARY
    size = (prod(comb(reach, 2) for reach in REACH[::2].tolist()) * (len(OPERATIONS) - 1) ** STEPS) ** CELLS

    def parse(self, text: str) -> Architecture:
        """Parse JSON, `Genotype(...)` or index pairs; see `archflow.spaces.darts.genotype`."""
        return graphs(forms.read(text)[None])[0]

    def format(self, architecture: Architecture) -> str:
        """Format as JSON: `{"normal": [["sep_conv_3x3", 0], ...], "reduce": [...]}`."""
        return forms.json_text(self._choices(architecture))

    def genotype(self, architecture: Architecture) -> str:
        """Format as the `Genotype(...)` of the DARTS code.

        Raises ArchflowError if the architecture is not of this space.
        """
        return forms.genotype_text(self._choices(architecture))

    def compact(self, architecture: Architecture) -> str:
        """Format as index pairs, in NASLib's numbering.

        Raises:
            ArchflowError: If the architecture is not of this space, or has a `none`, which this format cannot
                represent.
        """
        return forms.compact_text(self._choices(architecture))

    def enumerate(self) -> ArchitectureSet:
        raise refuse_enumeration(self)

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Uniform over the genotypes: for every node, any two different feature maps and any two of seven operations.

        The two feature maps of a node are in ascending order, as in NAS-Bench-301's random genotypes.
        """
        choices = np.empty((count, CELLS, STEPS, 2), np.int64)
        for step in range(0, STEPS, 2):
            pairs = np.stack(np.triu_indices(REACH[step], 1), axis=1)
            choices[:, :, step : step + 2, 0] = pairs[generator.integers(len(pairs), size=(count, CELLS))]
        choices[..., 1] = generator.integers(NONE + 1, len(OPERATIONS), (count, CELLS, STEPS))
        return graphs(choices)

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """The 120 genotypes with one operation (96) or one predecessor (24) replaced, in that order.

        The new predecessor is not that of the node's other operation, and the new operation is not `none`. A genotype
        with a `none`, or with two operations of a node on one feature map, therefore has a few more neighbours, and
        changes that remove these cannot be undone.
        """
        choices = self._choices(architecture)
        changes = np.flatnonzero(changeable(choices[None])[0])
        return graphs(changed(np.tile(choices, (len(changes), 1, 1, 1)), changes))

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        choices = choices_of(architectures)
        return graphs(changed(choices, drawn_places(changeable(choices), generator)))

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return [forms.json_text(each) for each in least_forms(choices_of(architectures))]

    def digests(self, architectures: ArchitectureSet) -> NDArray[np.uint64]:
        """(N, 2) the numbers of both cells' isomorphism classes."""
        return least_numbers(choices_of(architectures)).astype(np.uint64)

    def canonical(self, architecture: Architecture) -> str:
        """The JSON of a canonical genotype.

        It is equal for genotypes that differ only in the order of a node's two operations and in the numbering of
        intermediate nodes; see `archflow.spaces.darts.isomorphism`.
        """
        return forms.json_text(least_forms(self._choices(architecture)))

    def costs(
        self,
        architectures: ArchitectureSet,
        *,
        channels: int = 32,
        cells_per_stage: int = 2,
        stages: int = 3,
        classes: int = 10,
        image_shape: tuple[int, int, int] = (3, 32, 32),
        affine: bool = False,
    ) -> dict[str, NDArray[np.float64]]:
        """See `NetworkSpace.costs`; `affine` and the defaults are those of `build`.

        Raises:
            ArchflowError: If an architecture is not of this space (the message names the row), or a size is below one.
        """
        return network_costs(
            choices_of(architectures),
            channels=channels,
            cells_per_stage=cells_per_stage,
            stages=stages,
            classes=classes,
            image_shape=image_shape,
            affine=affine,
        )

    def build(
        self,
        architecture: Architecture,
        *,
        channels: int = 32,
        cells_per_stage: int = 2,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
        affine: bool = False,
    ) -> DARTSNetwork:
        """Build the network; the defaults are those for which NAS-Bench-301 parameters and proxies are published.

        These are 32 channels, 8 cells (3 stages of 2 normal cells, 2 reduction cells) and operations that are not
        `affine`, as during the search (Krishnakumar et al., "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost
        Proxies", NeurIPS 2022).

        The network that the DARTS paper trains after the search has 36 channels, 6 cells per stage and `affine`
        operations; see `archflow.networks.darts_operations.make_operation`.

        Raises:
            ArchflowError: If the architecture is not of this space, or a size is below one.
        """
        from archflow.networks.darts_network import DARTSNetwork

        normal, reduction = (
            [(OPERATIONS[operation], predecessor) for predecessor, operation in cell]
            for cell in self._choices(architecture).tolist()
        )
        return DARTSNetwork(normal, reduction, channels, cells_per_stage, stages, classes, image_channels, seed, affine)

    @staticmethod
    def _choices(architecture: Architecture) -> NDArray[np.int64]:
        """(2, 8, 2) choices of one architecture. Raises ArchflowError if it is not of this space."""
        return choices_of(ArchitectureSet.from_architectures([architecture]))[0]
