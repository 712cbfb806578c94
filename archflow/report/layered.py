"""Layered layout of a directed acyclic graph (Sugiyama, Tagawa and Toda 1981): positions of boxes and routes of edges.

Nodes are assigned to layers by their longest path from a source. An edge that skips layers holds a narrow slot in each
layer that it passes, so that it never runs behind a box. Barycentre sweeps order the layers to reduce crossings;
positions are then computed by isotonic regression, which keeps boxes apart and edges as straight as possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from archflow.errors import ArchflowError

SWEEPS = 12
SLOT_WIDTH = 8.0
Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Boxes `(V, 4)` as left, top, width, height in pixels; for each edge, in the order given, the points of its route.

    A route has an even number of points: it curves from the first to the second, runs straight to the third (past
    the layer that it skips), curves to the fourth, and so on; every step goes downwards.
    """

    boxes: NDArray[np.float64]
    routes: list[list[Point]]
    width: float
    height: float


def longest_path_layers(node_count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Layer of each node: 0 for sources, otherwise one more than its deepest predecessor.

    Raises:
        ArchflowError: If an edge names a node that does not exist, or there is a cycle.
    """
    for source, target in edges:
        if not (0 <= source < node_count and 0 <= target < node_count):
            raise ArchflowError(
                f"edge ({source}, {target}) names a node outside 0..{node_count - 1}; correct the edge list"
            )
    successors: list[list[int]] = [[] for _ in range(node_count)]
    waiting = [0] * node_count
    for source, target in edges:
        successors[source].append(target)
        waiting[target] += 1
    layers = [0] * node_count
    ready = [node for node in range(node_count) if not waiting[node]]
    for node in ready:  # grows while it is read: Kahn's algorithm
        for successor in successors[node]:
            layers[successor] = max(layers[successor], layers[node] + 1)
            waiting[successor] -= 1
            if not waiting[successor]:
                ready.append(successor)
    if len(ready) < node_count:
        stuck = next(node for node in range(node_count) if waiting[node])
        raise ArchflowError(f"node {stuck} is on a cycle or depends on one; a drawing needs an acyclic architecture")
    return layers


def layered_layout(
    widths: Sequence[float],
    edges: Sequence[tuple[int, int]],
    *,
    box_height: float = 26,
    layer_gap: float = 30,
    box_gap: float = 14,
) -> Layout:
    """Lay out boxes of the given widths `(V,)`, in pixels. Raises ArchflowError as `longest_path_layers` does."""
    layer_of = longest_path_layers(len(widths), edges)
    item_widths, chains = list(widths), []
    for source, target in edges:  # a chain: the source, one slot in every layer in between, the target
        slots = list(range(len(item_widths), len(item_widths) + layer_of[target] - layer_of[source] - 1))
        item_widths += [SLOT_WIDTH] * len(slots)
        layer_of += range(layer_of[source] + 1, layer_of[target])
        chains.append([source, *slots, target])
    above: list[list[int]] = [[] for _ in item_widths]
    below: list[list[int]] = [[] for _ in item_widths]
    for chain in chains:
        for upper, lower in pairwise(chain):
            below[upper].append(lower)
            above[lower].append(upper)
    rows: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for item, layer in enumerate(layer_of):
        rows[layer].append(item)
    rows = _ordered(rows, above, below)
    centres = _positions(rows, above, below, np.asarray(item_widths, dtype=np.float64), box_gap, len(widths))
    tops = np.asarray(layer_of[: len(widths)], dtype=np.float64) * (box_height + layer_gap)
    own = np.asarray(widths, dtype=np.float64)
    boxes = np.stack([centres[: len(own)] - own / 2, tops, own, np.full(len(own), box_height)], axis=1)
    half = np.asarray(item_widths) / 2
    shift = float((centres - half).min()) if len(own) else 0.0
    boxes[:, 0] -= shift
    centres = centres - shift
    routes = []
    for chain in chains:
        route = [(_port(chain[0], chain[1], below, centres, item_widths), boxes[chain[0], 1] + box_height)]
        for slot in chain[1:-1]:
            top = layer_of[slot] * (box_height + layer_gap)
            route += [(float(centres[slot]), top), (float(centres[slot]), top + box_height)]
        route.append((_port(chain[-1], chain[-2], above, centres, item_widths), boxes[chain[-1], 1]))
        routes.append([(float(x), float(y)) for x, y in route])
    width = float((centres + half).max()) if len(own) else 0.0
    return Layout(boxes, routes, width, max(len(rows) * (box_height + layer_gap) - layer_gap, 0.0))


def _ordered(rows: list[list[int]], above: list[list[int]], below: list[list[int]]) -> list[list[int]]:
    """The order with the fewest crossings among those visited by alternating downward and upward barycentre sweeps."""
    best, fewest = rows, _crossings(rows, below)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours, rows = (above if downwards else below), list(rows)
        place = {item: i for row in rows for i, item in enumerate(row)}
        for layer in range(len(rows)) if downwards else reversed(range(len(rows))):
            centre = {
                item: sum(place[n] for n in neighbours[item]) / len(neighbours[item])
                if neighbours[item]
                else place[item]
                for item in rows[layer]
            }
            rows[layer] = sorted(rows[layer], key=lambda item, centre=centre: centre[item])
            place.update({item: i for i, item in enumerate(rows[layer])})
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _crossings(rows: list[list[int]], below: list[list[int]]) -> int:
    """Number of pairs of edges between neighbouring layers that cross."""
    count = 0
    for upper, lower in pairwise(rows):
        place = {item: i for i, item in enumerate(lower)}
        ends = np.array([(i, place[n]) for i, item in enumerate(upper) for n in below[item]]).reshape(-1, 2)
        before = ends[:, None, 0] < ends[None, :, 0]
        count += int((before & (ends[:, None, 1] > ends[None, :, 1])).sum())
    return count


def _positions(
    rows: list[list[int]],
    above: list[list[int]],
    below: list[list[int]],
    widths: NDArray[np.float64],
    gap: float,
    node_count: int,
) -> NDArray[np.float64]:
    """Centre of each item: near the mean of its neighbours, in the order of its row, boxes at least `gap` apart."""
    centres = np.zeros(len(widths))
    # Subtracting the cumulative minimum distances between neighbours in a row leaves positions that
    # only have to be non-decreasing, which is isotonic regression.
    offsets = [np.cumsum(np.append(0.0, (widths[row][:-1] + widths[row][1:]) / 2 + gap)) for row in rows]
    for row, offset in zip(rows, offsets, strict=True):
        centres[row] = offset - offset[-1] / 2
    neighbours = [np.array(up + down, dtype=np.int64) for up, down in zip(above, below, strict=True)]
    # Long edges pull harder, so that they run straight (the weights of Gansner et al. 1993).
    pulls = [
        np.array([1.0, 2.0, 8.0])[(near >= node_count) + int(i >= node_count)] for i, near in enumerate(neighbours)
    ]
    for sweep in range(SWEEPS):
        for layer in range(len(rows)) if sweep % 2 == 0 else reversed(range(len(rows))):
            row, offset = rows[layer], offsets[layer]
            wanted = [
                np.average(centres[neighbours[i]], weights=pulls[i]) if len(neighbours[i]) else centres[i] for i in row
            ]
            weights = [float(pulls[i].sum()) or 1.0 for i in row]
            centres[row] = isotonic_regression(np.array(wanted) - offset, weights=weights).x + offset
    return centres


def _port(
    item: int, other: int, neighbours: list[list[int]], centres: NDArray[np.float64], widths: Sequence[float]
) -> float:
    """Where on its box an edge ends: ends are spread over the middle of the box, in the order of the other ends."""
    ends = sorted(neighbours[item], key=lambda n: float(centres[n]))
    spread = min(12.0 * (len(ends) - 1), 0.6 * widths[item])
    share = ends.index(other) / (len(ends) - 1) - 0.5 if len(ends) > 1 else 0.0
    return float(centres[item]) + share * spread
