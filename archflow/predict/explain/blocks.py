"""Nodes of an architecture that belong together."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from archflow.graph import Architecture, ArchitectureSet

LISTED = 5
"""The maximum number of operations that are named for a block, each with its count."""


def blocks_of(architecture: Architecture) -> list[tuple[int, ...]]:
    """Divide the nodes into blocks, in the order of the graph.

    If there are several cells, each is a block. Otherwise the graph is divided at the nodes that lie on all paths from
    the main input to the main output: the nodes between two of them, with the node at which they join, are a block,
    such as a residual block with its addition. A sequence of nodes between such blocks is a block too. If this gives a
    single block, each node is one.
    """
    graphs = ArchitectureSet.from_architectures([architecture])
    if int(graphs.cell_counts[0]) > 1:
        cells = graphs.cells.tolist()
        return [tuple(np.flatnonzero(graphs.cells == cell).tolist()) for cell in sorted(set(cells))]
    divided = _between_bottlenecks(architecture)
    inner = [block for block in divided if len(block) < len(architecture.ops) - 2]
    if len(inner) < 2:
        return [(node,) for node in architecture.topological_order]
    return divided


def block_text(architecture: Architecture, nodes: tuple[int, ...]) -> str:
    """Describe a block: its nodes and its most frequent operations."""
    names: dict[str, int] = {}
    for node in nodes:
        names[architecture.ops[node]] = names.get(architecture.ops[node], 0) + 1
    most = sorted(names.items(), key=lambda each: -each[1])[:LISTED]
    listed = ", ".join(op if count == 1 else f"{count} {op}" for op, count in most)
    more = ", …" if len(names) > LISTED else ""
    place = f"node {nodes[0]}" if len(nodes) == 1 else f"nodes {_ranges(nodes)}"
    return f"{place} ({listed}{more})"


def _ranges(nodes: tuple[int, ...]) -> str:
    """Format ascending numbers briefly: 3-5, 8."""
    runs = [[node for _, node in run] for _, run in groupby(enumerate(nodes), lambda pair: pair[1] - pair[0])]
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return ", ".join(texts if len(texts) <= 3 else [*texts[:2], "…", texts[-1]])


def _between_bottlenecks(architecture: Architecture) -> list[tuple[int, ...]]:
    order = architecture.topological_order
    behind: list[list[int]] = [[] for _ in order]
    before: list[list[int]] = [[] for _ in order]
    for source, target in architecture.edges:
        behind[source].append(target)
        before[target].append(source)
    first = max((node for node in order if not before[node]), key=lambda node: len(_reached(node, behind)))
    last = max((node for node in _reached(first, behind) if not behind[node]), key=lambda n: len(_reached(n, before)))
    # An edge on the main way spans places of the order; no bottleneck lies within its span.
    on_main = _reached(first, behind) & _reached(last, before)
    place = {node: number for number, node in enumerate(each for each in order if each in on_main)}
    spanned = np.zeros(len(place) + 1, np.int64)
    for source, target in architecture.edges:
        if source in place and target in place:
            spanned[place[source] + 1] += 1
            spanned[place[target]] -= 1
    free = np.cumsum(spanned)[:-1] == 0
    blocks: list[list[int]] = []
    run, inside = [], []
    for node, number in place.items():
        if not free[number]:
            inside.append(node)
        elif inside:
            blocks += [run] if run else []
            blocks.append([*inside, node])
            run, inside = [], []
        else:
            run.append(node)
    blocks += [each for each in (run, inside) if each]
    owner = {node: number for number, block in enumerate(blocks) for node in block}
    for near, nodes, pick in ((before, order, max), (behind, order[::-1], min)):
        for node in nodes:  # what is beside the main way belongs to what it comes from, else to what it leads to
            if node not in owner and any(each in owner for each in near[node]):
                owner[node] = pick(owner[each] for each in near[node] if each in owner)
                blocks[owner[node]].append(node)
    blocks += [[node] for node in order if node not in owner]
    return [tuple(sorted(block)) for block in blocks]


def _reached(node: int, behind: list[list[int]]) -> set[int]:
    found, due = {node}, [node]
    while due:
        for each in behind[due.pop()]:
            if each not in found:
                found.add(each)
                due.append(each)
    return found
