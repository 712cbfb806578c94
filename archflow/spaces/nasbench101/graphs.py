"""NAS-Bench-101 cells as graphs: nodes in topological order, `input` first, `output` last."""

from __future__ import annotations

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.ragged import pointer, segment_reduce
from archflow.spaces.nasbench101.codes import (
    MAX_EDGES,
    MAX_NODES,
    OPERATIONS,
    Codes,
    adjacency,
    are_cells,
    encode,
    operations,
    sizes,
)

VOCABULARY = Vocabulary(("input", "output", *OPERATIONS))
_INPUT, _OUTPUT, _FIRST = (VOCABULARY.index(op) for op in ("input", "output", OPERATIONS[0]))


def graphs(codes: Codes) -> ArchitectureSet:
    """Codes (N,) -> N architectures, edges by source, then target."""
    size = sizes(codes)
    node = np.arange(MAX_NODES)
    op = np.full((len(codes), MAX_NODES), _INPUT)
    op[:, 1:-1] = operations(codes) + _FIRST
    op[np.arange(len(codes)), size - 1] = _OUTPUT
    row, source, target = np.nonzero(adjacency(codes))
    return ArchitectureSet(
        VOCABULARY,
        op[node < size[:, None]],
        pointer(size),
        source,
        target,
        pointer(np.bincount(row, minlength=len(codes))),
        validate=False,
    )


def codes_of(architectures: ArchitectureSet) -> Codes:
    """N architectures -> codes (N,). Raises ArchflowError, naming the first row that is not a cell."""
    coded = architectures.recoded(VOCABULARY)
    size = coded.node_counts
    row, node = coded.node_owner, coded.node_place
    expected = np.select([node == 0, node == size[row] - 1], [_INPUT, _OUTPUT], _FIRST)
    named = np.where(expected == _FIRST, coded.op >= _FIRST, coded.op == expected)
    fits = segment_reduce(np.logical_and, named, coded.node_ptr, True) & (size <= MAX_NODES)
    fits &= segment_reduce(np.logical_and, coded.edge_src < coded.edge_dst, coded.edge_ptr, True)
    if fits.all():
        matrix = np.zeros((len(coded), MAX_NODES, MAX_NODES), bool)
        matrix[coded.edge_owner, coded.edge_src, coded.edge_dst] = True
        numbers = np.zeros((len(coded), MAX_NODES), np.int64)
        numbers[row, node] = np.maximum(coded.op - _FIRST, 0)
        codes = encode(size, matrix, numbers[:, 1:-1])
        fits = are_cells(codes)
        if fits.all():
            return codes
    wrong = int(np.argmin(fits))
    raise ArchflowError(f"architecture {wrong} is not a NAS-Bench-101 cell: {_fault(architectures[wrong])}")


def code_of(architecture: Architecture) -> int:
    """The code of one architecture. Raises ArchflowError if it is not a cell."""
    fault = _fault(architecture)
    if fault:
        raise ArchflowError(f"not a NAS-Bench-101 cell: {fault}")
    return int(codes_of(ArchitectureSet.from_architectures([architecture], VOCABULARY))[0])


def _fault(architecture: Architecture) -> str:
    """Why a graph is not a NAS-Bench-101 cell; empty if it is one."""
    ops, edges = architecture.ops, architecture.edges
    if len(ops) > MAX_NODES or len(ops) < 2 or (ops[0], ops[-1]) != ("input", "output"):
        return f"give input, at most {MAX_NODES - 2} operations and output as its nodes, not {', '.join(ops)}"
    for node, op in enumerate(ops[1:-1], start=1):
        if op not in OPERATIONS:
            return f"node {node} is {op!r}, use one of {', '.join(OPERATIONS)}"
    if len(edges) > MAX_EDGES:
        return f"it has {len(edges)} edges, leave at most {MAX_EDGES}"
    for source, target in edges:
        if source > target:
            return f"edge {source}->{target} goes backward, number the nodes in topological order"
    sources, targets = {source for source, _ in edges}, {target for _, target in edges}
    for node in range(len(ops)):
        if (node not in targets and node > 0) or (node not in sources and node < len(ops) - 1):
            return f"node {node} is on no path from input to output, drop it with Architecture.pruned()"
    return ""
