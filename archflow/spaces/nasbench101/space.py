"""The NAS-Bench-101 search space: cells of up to seven nodes and nine edges, three operations.

Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.

As a graph a cell is what the paper draws: operations are nodes. The benchmark does not tell isomorphic cells apart: it
trained one of each class, here called its representative, the first in the order of the published graph generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archflow.graph import Architecture, ArchitectureSet
from archflow.spaces.base import SPACES, NetworkSpace
from archflow.spaces.nasbench101 import native
from archflow.spaces.nasbench101.classes import all_classes, representatives
from archflow.spaces.nasbench101.costs import network_costs
from archflow.spaces.nasbench101.graphs import VOCABULARY, code_of, codes_of, graphs
from archflow.spaces.nasbench101.neighbours import neighbours
from archflow.spaces.nasbench101.official_hash import official_hashes
from archflow.spaces.nasbench101.sampling import random_cells

if TYPE_CHECKING:
    from archflow.networks.nasbench101_network import NASBench101Network


@SPACES.register("nasbench101")
class NASBench101(NetworkSpace):
    """423,624 classes of isomorphic cells; `size` counts classes.

    A cell's nodes are in topological order, `input` first and `output` last, all on paths from one to the other.
    `parse` and `format` keep the order that they are given. All other methods refer to classes: `enumerate`, `sample`,
    `mutate` and `neighbours` give representatives, `costs` and `build` take them. The order of the nodes determines
    which of them get the channels that cannot be divided evenly, so the network of another numbering can differ in a
    few weights.
    """

    name = "nasbench101"
    vocabulary = VOCABULARY
    size = 423_624

    def parse(self, text: str) -> Architecture:
        """Read a native string.

        It has the form `{"module_adjacency": [[0, 1, 1], [0, 0, 1], [0, 0, 0]], "module_operations": ["input",
        "conv3x3-bn-relu", "output"]}`; see `archflow.spaces.nasbench101.native`.
        """
        return native.read(text)

    def format(self, architecture: Architecture) -> str:
        code_of(architecture)  # refuses anything but a cell
        return native.write(architecture)

    def enumerate(self) -> ArchitectureSet:
        """One cell of every class, by size, then edges, then operations: the order of the published generator."""
        return graphs(all_classes())

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Sample as the released search code does, which is not uniform.

        It draws random 7-node matrices and operations and prunes them, until one is valid; see
        `archflow.spaces.nasbench101.sampling`.
        """
        return graphs(representatives(random_cells(count, generator)))

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """The classes that differ in one operation, edge, or node of two edges, in the order of `enumerate`.

        See `archflow.spaces.nasbench101.neighbours`.
        """
        return graphs(neighbours(code_of(architecture)))

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        around = [neighbours(code) for code in codes_of(architectures).tolist()]
        return graphs(np.array([each[generator.integers(len(each))] for each in around], np.int64))

    def canonical(self, architecture: Architecture) -> str:
        """The code of the representative; `hashes` gives the official hash, which costs fifty times as much."""
        return str(int(representatives(np.array([code_of(architecture)]))[0]))

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return list(map(str, representatives(codes_of(architectures)).tolist()))

    def hashes(self, architectures: ArchitectureSet) -> list[str]:
        """The official hashes of N cells. Raises ArchflowError, naming the row, for anything but a cell."""
        return official_hashes(codes_of(architectures))

    def costs(
        self,
        architectures: ArchitectureSet,
        *,
        channels: int = 128,
        cells_per_stage: int = 3,
        stages: int = 3,
        classes: int = 10,
        image_shape: tuple[int, int, int] = (3, 32, 32),
    ) -> dict[str, NDArray[np.float64]]:
        """Compute costs as `SearchSpace.costs` does; `params` are the published ones.

        The published FLOPs also count normalisation, ReLU and pooling, unlike `flops`.
        """
        return network_costs(
            representatives(codes_of(architectures)),
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
        channels: int = 128,
        cells_per_stage: int = 3,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
    ) -> NASBench101Network:
        """The published network by default: 128 channels, 3 stages of 3 cells, 10 classes, colour images.

        Raises ArchflowError for fewer channels than nodes that share them: 4 are always enough.
        """
        from archflow.networks.nasbench101_network import NASBench101Network

        cell = graphs(representatives(np.array([code_of(architecture)])))[0]
        return NASBench101Network(
            cell.ops, cell.edges, channels, cells_per_stage, stages, classes, image_channels, seed
        )
