"""The NAS-Bench-201 search space: cells of four nodes, one of five operations on each of the six edges.

Source: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020.

As a graph an operation is a node: `input`, the six operations in the order of the native string, `output`. A cell is
also represented by six operation numbers, its `choices` (6,): indices into `OPERATIONS`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.spaces.base import SPACES, NetworkSpace
from archflow.spaces.nasbench201 import other_forms
from archflow.spaces.nasbench201.costs import network_costs

if TYPE_CHECKING:
    from archflow.networks.cell_network import CellNetwork

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CELL_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""(source, target) among the four feature maps of a cell, in the order of the native string."""

GRAPH_EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7))
"""Edges between operations, where one edge of the cell ends and the other begins."""

_SOURCES, _TARGETS = np.array(GRAPH_EDGES, np.int32).T
_NODES = len(CELL_EDGES) + 2

_MADE: WeakKeyDictionary[ArchitectureSet, NDArray[np.int64]] = WeakKeyDictionary()
"""Cached choices of sets that were made here."""

_TEMPLATE = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
_LITERALS = _TEMPLATE.split("{}")

VOCABULARY = Vocabulary(("input", "output", *OPERATIONS))
_INPUT, _OUTPUT, _FIRST = (VOCABULARY.index(op) for op in ("input", "output", OPERATIONS[0]))


@SPACES.register("nasbench201")
class NASBench201(NetworkSpace):
    """15,625 cells in 6,466 isomorphism classes."""

    name = "nasbench201"
    vocabulary = VOCABULARY
    size = len(OPERATIONS) ** len(CELL_EDGES)

    def parse(self, text: str) -> Architecture:
        """Parse e.g. `|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|avg_pool_3x3~1|skip_connect~2|`.

        What NASLib and NNI write is read too (`archflow.spaces.nasbench201.other_forms`).
        """
        foreign = other_forms.operations(text, CELL_EDGES)
        if foreign is not None:
            unknown = next((op for op in foreign if op not in OPERATIONS), None)
            if unknown is not None:
                raise ArchflowError(f"cell {text!r}: unknown operation {unknown!r}: use one of {', '.join(OPERATIONS)}")
            return _architecture(foreign)
        ops: list[str] = []
        at = 0
        for literal in _LITERALS[:-1]:
            at = _expect(text, at, literal)
            # An operation name ends at the next separator, whether it is the right one or not.
            end = next((i for i in range(at, len(text)) if text[i] in "~|+"), len(text))
            op = text[at:end]
            if op not in OPERATIONS:
                raise ArchflowError(
                    f"cell {text!r}: unknown operation {op!r} at character {at + 1}: use one of {', '.join(OPERATIONS)}"
                )
            ops.append(op)
            at = end
        at = _expect(text, at, _LITERALS[-1])
        if at < len(text):
            raise ArchflowError(f"cell {text!r}: it ends at character {at}, remove {text[at:]!r}")
        return _architecture(ops)

    def format(self, architecture: Architecture) -> str:
        return _TEMPLATE.format(*_operations(architecture))

    def enumerate(self) -> ArchitectureSet:
        """All cells, the last edge's operation changing fastest."""
        return self._from_choices(self._all_choices())

    def sample(self, count: int, generator: np.random.Generator) -> ArchitectureSet:
        """Uniform over the cells."""
        return self._from_choices(generator.integers(0, len(OPERATIONS), (count, len(CELL_EDGES))))

    def neighbours(self, architecture: Architecture) -> ArchitectureSet:
        """The 24 cells with another operation on one edge, by edge, then operation."""
        choices = np.array([OPERATIONS.index(op) for op in _operations(architecture)])
        edges = np.repeat(np.arange(len(CELL_EDGES)), len(OPERATIONS) - 1)
        steps = np.tile(np.arange(1, len(OPERATIONS)), len(CELL_EDGES))
        around = np.tile(choices, (len(edges), 1))
        around[np.arange(len(edges)), edges] = (choices[edges] + steps) % len(OPERATIONS)
        return self._from_choices(around)

    def mutants(self, architectures: ArchitectureSet, generator: np.random.Generator) -> ArchitectureSet:
        choices = self._choices(architectures).copy()
        rows = np.arange(len(choices))
        edges = generator.integers(len(CELL_EDGES), size=len(choices))
        steps = generator.integers(1, len(OPERATIONS), len(choices))
        choices[rows, edges] = (choices[rows, edges] + steps) % len(OPERATIONS)
        return self._from_choices(choices)

    def keys(self, architectures: ArchitectureSet) -> list[str]:
        return [_topology_of(each) for each in map(tuple, self._choices(architectures).tolist())]

    def canonical(self, architecture: Architecture) -> str:
        """The published topology string.

        Operations are nested in the order in which they are applied, sums are sorted, skip connections are merged, and
        `#` stands for zeroized terms.

        As published, a sum with `#` differs from the same sum without it.
        """
        return _topology(_operations(architecture))

    def costs(
        self,
        architectures: ArchitectureSet,
        *,
        channels: int = 16,
        cells_per_stage: int = 5,
        stages: int = 3,
        classes: int = 10,
        image_shape: tuple[int, int, int] = (3, 32, 32),
    ) -> dict[str, NDArray[np.float64]]:
        choices = self._choices(architectures)
        return network_costs(
            {op: (choices == number).sum(axis=1) for number, op in enumerate(OPERATIONS)},
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
        cells_per_stage: int = 5,
        stages: int = 3,
        classes: int = 10,
        image_channels: int = 3,
        seed: int = 0,
    ) -> CellNetwork:
        """The published network by default: 16 channels, 3 stages of 5 cells, 10 classes, colour images."""
        from archflow.networks.cell_network import CellNetwork

        operations = zip(CELL_EDGES, _operations(architecture), strict=True)
        edges = [(source, target, op) for (source, target), op in operations]
        return CellNetwork(edges, channels, cells_per_stage, stages, classes, image_channels, seed)

    def _all_choices(self) -> NDArray[np.int64]:
        return np.stack(np.unravel_index(np.arange(self.size), (len(OPERATIONS),) * len(CELL_EDGES)), axis=1)

    def _from_choices(self, choices: NDArray[np.int64]) -> ArchitectureSet:
        """Operation numbers (N, 6) -> N architectures."""
        count = len(choices)
        op = np.empty((count, _NODES), np.int32)
        op[:, 0], op[:, -1] = _INPUT, _OUTPUT
        op[:, 1:-1] = choices + _FIRST
        made = ArchitectureSet(
            self.vocabulary,
            op.reshape(-1),
            np.arange(count + 1) * _NODES,
            _SOURCES[None].repeat(count, 0).reshape(-1),
            _TARGETS[None].repeat(count, 0).reshape(-1),
            np.arange(count + 1) * len(GRAPH_EDGES),
            validate=False,
        )
        _MADE[made] = choices
        return made

    def _choices(self, architectures: ArchitectureSet) -> NDArray[np.int64]:
        """N architectures -> operation numbers (N, 6), read-only.

        Raises ArchflowError, naming the row that is not a cell.
        """
        if architectures in _MADE:
            return _MADE[architectures]
        coded = architectures.recoded(self.vocabulary)
        fits = (coded.node_counts == _NODES) & (coded.edge_counts == len(GRAPH_EDGES))
        if fits.all():
            op = coded.op.reshape(-1, _NODES)
            choices = op[:, 1:-1].astype(np.int64) - _FIRST
            fits = (choices >= 0).all(axis=1) & (op[:, 0] == _INPUT) & (op[:, -1] == _OUTPUT)
            fits &= _have_edges(coded)
            if fits.all():
                return choices
        row = int(np.argmin(fits))
        raise ArchflowError(f"architecture {row} is not a NAS-Bench-201 cell: {_fault(architectures[row])}")


def _have_edges(architectures: ArchitectureSet) -> NDArray[np.bool_]:
    """(N,) whether the edges, given as many as a cell has, are those of a cell, in any order."""
    source, target = (each.reshape(-1, len(GRAPH_EDGES)) for each in (architectures.edge_src, architectures.edge_dst))
    if (source == _SOURCES).all() and (target == _TARGETS).all():
        return np.ones(len(source), bool)
    return (np.sort(source * _NODES + target, axis=1) == _SOURCES * _NODES + _TARGETS).all(axis=1)


def _expect(text: str, at: int, literal: str) -> int:
    """The position after `literal`, which must occur at `at`."""
    if not text.startswith(literal, at):
        found = text[at : at + len(literal)]
        raise ArchflowError(
            f"cell {text!r}: expected {literal!r} at character {at + 1}, found {found!r}: "
            f"write it as {_TEMPLATE.format(*['OP'] * 6)}"
        )
    return at + len(literal)


def _architecture(ops: list[str]) -> Architecture:
    return Architecture(("input", *ops, "output"), GRAPH_EDGES)


def _operations(architecture: Architecture) -> tuple[str, ...]:
    """The six operations of a cell. Raises ArchflowError if the graph is not a NAS-Bench-201 cell."""
    fault = _fault(architecture)
    if fault:
        raise ArchflowError(f"not a NAS-Bench-201 cell: {fault}")
    return architecture.ops[1:-1]


def _fault(architecture: Architecture) -> str:
    """Why a graph is not a NAS-Bench-201 cell; empty if it is one."""
    ops = architecture.ops
    if len(ops) != len(CELL_EDGES) + 2 or (ops[0], ops[-1]) != ("input", "output"):
        return f"give input, six operations and output as its nodes, not {', '.join(ops)}"
    for node, op in enumerate(ops[1:-1], start=1):
        if op not in OPERATIONS:
            return f"node {node} is {op!r}, use one of {', '.join(OPERATIONS)}"
    if tuple(sorted(architecture.edges)) != GRAPH_EDGES:
        return f"give it the edges {list(GRAPH_EDGES)}"
    return ""


@cache
def _topology_of(choices: tuple[int, ...]) -> str:
    """The topology string of six operation numbers."""
    return _topology([OPERATIONS[number] for number in choices])


def _topology(ops: list[str] | tuple[str, ...]) -> str:
    nodes = {0: "0"}
    for target in range(1, 4):
        terms = []
        for (source, end), op in zip(CELL_EDGES, ops, strict=True):
            if end != target:
                continue
            if op == "none" or nodes[source] == "#":
                terms.append("#")
            else:
                terms.append(nodes[source] if op == "skip_connect" else f"({nodes[source]})@{op}")
        nodes[target] = "+".join(sorted(terms))
    return nodes[3]
