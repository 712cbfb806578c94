"""Layered layouts of graphs in several parts, such as two cells: each part is placed for itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archflow.report.layered import Layout, layered_layout

GAP = 36.0
"""Pixels between parts."""

WIDEST = 1080.0
"""Parts stand side by side as long as all of them together are not wider, else one below the other."""


def layout_in_parts(widths: Sequence[float], edges: Sequence[tuple[int, int]]) -> Layout:
    """Place boxes of the given widths (V,) as `layered_layout` does, each connected part of the graph apart."""
    parts = connected_parts(len(widths), edges)
    if len(parts) < 2:
        return layered_layout(widths, edges)
    placed = []
    for nodes in parts:
        place = {node: number for number, node in enumerate(nodes)}
        own = [row for row, (source, _) in enumerate(edges) if source in place]
        inner = [(place[edges[row][0]], place[edges[row][1]]) for row in own]
        placed.append((nodes, own, layered_layout([widths[node] for node in nodes], inner)))
    total = sum(each.width for _, _, each in placed) + GAP * (len(parts) - 1)
    beside = total <= WIDEST
    boxes, routes, at = np.zeros((len(widths), 4)), [[] for _ in edges], 0.0
    for nodes, own, each in placed:
        x, y = (at, 0.0) if beside else (0.0, at)
        boxes[nodes] = each.boxes + np.array([x, y, 0.0, 0.0])
        for row, route in zip(own, each.routes, strict=True):
            routes[row] = [(a + x, b + y) for a, b in route]
        at += (each.width if beside else each.height) + GAP
    width, height = (boxes[:, :2] + boxes[:, 2:]).max(0)
    width = max(float(width), max(x for route in routes for x, _ in route) if any(routes) else 0.0)
    return Layout(boxes, routes, width, float(height))


def connected_parts(count: int, edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The connected parts of a graph, each ascending, by their first nodes."""
    part = list(range(count))

    def root(node: int) -> int:
        while part[node] != node:
            part[node] = part[part[node]]
            node = part[node]
        return node

    for source, target in edges:
        one, other = sorted((root(source), root(target)))
        part[other] = one
    found: dict[int, list[int]] = {}
    for node in range(count):
        found.setdefault(root(node), []).append(node)
    return list(found.values())
