"""The NAS-Bench-101 cells one elementary change away from a cell.

The released search code toggles edges of a 7-node matrix and prunes dead nodes, so that a change often cannot be undone
by another one. The changes here can be undone, and they connect any two cells:

- a node gets another operation;
- an edge is added between two nodes, in either direction that makes no cycle, or removed;
- a node with one incoming and one outgoing edge is added, or removed with its edges.

A graph with nodes off the paths from input to output, or with more nodes or edges than the space allows, is not a
neighbour.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import combinations

import numpy as np

from archflow.spaces.nasbench101.classes import numberings, representatives
from archflow.spaces.nasbench101.codes import (
    DIGITS,
    EDGE_BITS,
    INCOMING,
    MAX_NODES,
    OPERATIONS,
    OUTGOING,
    SIZE_SHIFT,
    Codes,
    Moves,
    are_cells,
    edge_bit,
    moved,
    operations,
)


@lru_cache(maxsize=4096)  # parents often have several children
def neighbours(code: int) -> Codes:
    """The representatives (M,) of the neighbouring classes of a cell's class, ascending, without its own; read-only."""
    # Two nodes may be joined unless a path leads back, that is, if some topological numbering has them in that order.
    codes = numberings(code)
    size = code >> SIZE_SHIFT
    changed = [_other_operations(codes[:1], size), _toggled_edges(codes, size), _without_a_node(codes[:1], size)]
    if size < MAX_NODES:
        changed.append(_with_a_node(codes, size))
    found = np.unique(np.concatenate(changed))
    around = np.unique(representatives(found[are_cells(found)]))
    around.flags.writeable = False
    return around


def _other_operations(codes: Codes, size: int) -> Codes:
    numbers = operations(codes)[:, : size - 2, None]
    changes = (numbers + np.arange(1, len(OPERATIONS))) % len(OPERATIONS) - numbers
    return (codes[:, None, None] + changes * DIGITS[: size - 2, None]).reshape(-1)


def _toggled_edges(codes: Codes, size: int) -> Codes:
    return (codes[:, None] ^ EDGE_BITS[: size * (size - 1) // 2]).reshape(-1)


def _without_a_node(codes: Codes, size: int) -> Codes:
    inner = np.arange(1, size - 1)
    once = (np.bitwise_count(codes[:, None] & INCOMING[inner]) == 1) & (
        np.bitwise_count(codes[:, None] & OUTGOING[inner]) == 1
    )
    return moved(codes, _dropping_each(size))[0][once] | (size - 1 << SIZE_SHIFT)


@cache
def _dropping_each(size: int) -> Moves:
    """For each inner node, the renumbering that drops it."""
    inner = np.arange(1, size - 1)
    positions = np.arange(size) - (np.arange(size) > inner[:, None])
    positions[np.arange(len(inner)), inner] = -1
    return Moves.to(positions)


def _with_a_node(codes: Codes, size: int) -> Codes:
    moves, news = _making_room(size)
    return ((moved(codes, moves)[0][:, :, None] + news) | (size + 1 << SIZE_SHIFT)).reshape(-1)


@cache
def _making_room(size: int) -> tuple[Moves, Codes]:
    """For each pair of nodes, the renumbering that leaves a gap right before the second, and codes of what fills it.

    Returns:
        The P renumberings, and (P, 3) the codes of an operation between the two nodes, for each operation.
    """
    source, target = np.array(list(combinations(range(size), 2))).T
    positions = np.arange(size) + (np.arange(size) >= target[:, None])
    edges = edge_bit(source, target) | edge_bit(target, target + 1)
    return Moves.to(positions), edges[:, None] + np.arange(len(OPERATIONS)) * DIGITS[target - 1, None]
