"""The official hash of NAS-Bench-101 cells: iterated graph hashing with MD5.

Sources: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019; Ying, "Enumerating
Unique Computational Graphs via an Iterative Graph Invariant", 2019; and the benchmark's released code, which settles
what the papers leave open (the strings that are hashed, one round per node). The hash distinguishes all 423,624
isomorphism classes of the space.
"""

from __future__ import annotations

import hashlib

import numpy as np

from archflow.spaces.nasbench101.codes import EDGE_SHIFT, SIZE_SHIFT, Codes, adjacency, operations

_INPUT, _OUTPUT = -1, -2
"""Labels of the two nodes that have no operation; an operation's label is its index in `OPERATIONS`."""


def official_hashes(codes: Codes) -> list[str]:
    """Codes (N,) -> N hashes of 32 hexadecimal digits; each depends on its own code only."""
    # Cells with the same edges are hashed together.
    graphs, graph = np.unique(codes >> EDGE_SHIFT, return_inverse=True)
    order = np.argsort(graph, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(graph))[:-1]) if len(codes) else []
    hashes = [""] * len(codes)
    for edges, rows in zip(graphs << EDGE_SHIFT, groups, strict=True):
        size = int(edges >> SIZE_SHIFT)
        labels = np.full((len(rows), size), _INPUT)
        labels[:, 1 : size - 1] = operations(codes[rows])[:, : size - 2]
        labels[:, size - 1] = _OUTPUT
        forward = adjacency(edges[None])[0, :size, :size]
        for row, digest in zip(rows.tolist(), _hashes_of_one_graph(forward, labels), strict=True):
            hashes[row] = digest
    return hashes


def _hashes_of_one_graph(forward: np.ndarray, labels: np.ndarray) -> list[str]:
    """Edges [source, target] (n, n), labels (M, n) -> hashes of M cells."""
    before = [np.flatnonzero(column).tolist() for column in forward.T]
    behind = [np.flatnonzero(row).tolist() for row in forward]
    colours = [
        [_md5(str((len(behind[node]), len(before[node]), label))) for label in column]
        for node, column in enumerate(labels.T.tolist())
    ]
    for _ in range(len(forward)):
        into = [_sorted_colours(colours, nodes) for nodes in before]
        out_of = [_sorted_colours(colours, nodes) for nodes in behind]
        colours = [
            [_md5(f"{a}|{b}|{own}") for a, b, own in zip(*triple, strict=True)]
            for triple in zip(into, out_of, colours, strict=True)
        ]
    return [_md5(str(sorted(final))) for final in zip(*colours, strict=True)]


def _sorted_colours(colours: list[list[str]], nodes: list[int]) -> list[str]:
    """The colours of the given nodes, sorted and joined, for each of M cells."""
    if not nodes:
        return [""] * len(colours[0])
    if len(nodes) == 1:
        return colours[nodes[0]]
    return ["".join(sorted(some)) for some in zip(*(colours[node] for node in nodes), strict=True)]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
