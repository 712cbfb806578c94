"""NAS-Bench-101 cells encoded as integers, and the effect of renumbering nodes on them.

From the least significant bit: 8 bits of operations, 21 bits of edges, 3 bits of size.

- Operations are five base-3 digits, that of node 1 the most significant: indices into `OPERATIONS`, 0 for nodes that a
  smaller cell does not have.
- Edge x -> y is bit x + y(y - 1)/2.
- The size is the number of nodes, including input and output.

Codes are therefore ordered by size, then edges, then operations, like the output of the published graph generator.
Source of the space: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
MAX_NODES = 7
MAX_EDGES = 9

Codes = NDArray[np.int64]

TARGETS, SOURCES = (np.asarray(ends) for ends in np.tril_indices(MAX_NODES, -1))
"""Both (21,): source and target of the edge of each bit."""

EDGE_SHIFT, SIZE_SHIFT = 8, 29
EDGE_BITS = 1 << np.arange(EDGE_SHIFT, SIZE_SHIFT)
"""(21,) the value of each edge in a code."""

DIGITS = 3 ** np.arange(MAX_NODES - 2)[::-1]
"""(5,) the value of the operation digit of nodes 1 to 5."""

INCOMING, OUTGOING = (
    np.array([EDGE_BITS[ends == node].sum() for node in range(MAX_NODES)]) for ends in (TARGETS, SOURCES)
)
"""Both (7,): masks of the edges into and out of every node."""

_OPERATIONS = np.arange(1 << EDGE_SHIFT)[:, None] // DIGITS % len(OPERATIONS)
"""(256, 5) the operations of nodes 1 to 5 by the lowest bits of a code."""

_BACKWARD = 1 << SIZE_SHIFT


def encode(sizes: NDArray, adjacency: NDArray[np.bool_], operations: NDArray) -> Codes:
    """Sizes (N,), adjacency [row, source, target] (N, 7, 7), operations of nodes 1 to 5 (N, 5) -> codes (N,).

    Entries beyond a cell's size must be False and 0.
    """
    edges = adjacency[:, SOURCES, TARGETS] @ EDGE_BITS
    return (np.asarray(sizes, np.int64) << SIZE_SHIFT) | edges | (operations @ DIGITS)


def sizes(codes: Codes) -> Codes:
    """Codes (N,) -> number of nodes (N,)."""
    return codes >> SIZE_SHIFT


def adjacency(codes: Codes) -> NDArray[np.bool_]:
    """Codes (N,) -> [row, source, target] (N, 7, 7), False beyond a cell's size."""
    matrix = np.zeros((len(codes), MAX_NODES, MAX_NODES), bool)
    matrix[:, SOURCES, TARGETS] = codes[:, None] & EDGE_BITS != 0
    return matrix


def operations(codes: Codes) -> NDArray[np.int64]:
    """Codes (N,) -> operations of nodes 1 to 5 (N, 5) as indices into `OPERATIONS`, 0 beyond a cell's size."""
    return _OPERATIONS[codes & (1 << EDGE_SHIFT) - 1]


def edge_bit(source: NDArray[np.int64], target: NDArray[np.int64]) -> Codes:
    """The value in a code of the edges source -> target, for source < target."""
    return np.asarray(1 << (EDGE_SHIFT + source + target * (target - 1) // 2))


def are_cells(codes: Codes) -> NDArray[np.bool_]:
    """(N,) whether there are at least two nodes and at most nine edges, and all nodes on paths from input to output."""
    node = np.arange(MAX_NODES)
    size = sizes(codes)[:, None]
    # Edges go forward, so all nodes are on such paths if only the input has no incoming edge and only the output no
    # outgoing one.
    reached = (codes[:, None] & INCOMING != 0) | (node == 0) | (node >= size)
    reaching = (codes[:, None] & OUTGOING != 0) | (node >= size - 1)
    few = np.bitwise_count(codes & EDGE_BITS.sum()) <= MAX_EDGES
    return few & (size[:, 0] >= 2) & (reached & reaching).all(axis=1)


class Moves(NamedTuple):
    """K renumberings of the nodes of cells with n nodes.

    A code is linear in its edges and digits, and so is its renumbered code: one matrix product renumbers all cells in
    all ways.

    Attributes:
        nodes: n.
        values: (E + n - 2, K) what each of the E = n(n - 1)/2 edges and of the n - 2 operations adds to a new code.
            Doubles represent these integers exactly, and their matrix product is fast.
    """

    nodes: int
    values: NDArray[np.float64]

    @classmethod
    def to(cls, positions: NDArray[np.int64]) -> Moves:
        """Renumber nodes to positions (K, n); -1 drops the node with its edges."""
        nodes = positions.shape[1]
        edges = nodes * (nodes - 1) // 2
        source, target = positions[:, SOURCES[:edges]], positions[:, TARGETS[:edges]]
        edge_values = np.where(source < target, edge_bit(np.maximum(source, 0), np.maximum(target, 1)), _BACKWARD)
        edge_values[(source < 0) | (target < 0)] = 0
        place = positions[:, 1 : nodes - 1]
        digit_values = np.where(place < 0, 0, DIGITS[place - 1])
        return cls(nodes, np.concatenate([edge_values, digit_values], axis=1).T.astype(np.float64))

    def __call__(self, codes: Codes) -> NDArray[np.float64]:
        """Codes (N,) with n nodes -> their codes of size 0 (N, K), meaningless where an edge goes backward.

        The latter are beyond all others.
        """
        edges = self.nodes * (self.nodes - 1) // 2
        parts = np.empty((len(codes), len(self.values)))
        parts[:, :edges] = codes[:, None] & EDGE_BITS[:edges] != 0
        parts[:, edges:] = operations(codes)[:, : self.nodes - 2]
        return parts @ self.values


def moved(codes: Codes, moves: Moves) -> tuple[Codes, NDArray[np.bool_]]:
    """Renumber nodes: the codes (N, K) of `Moves`, and (N, K) whether all edges still go forward."""
    result = moves(codes).astype(np.int64)
    return result, result < _BACKWARD
