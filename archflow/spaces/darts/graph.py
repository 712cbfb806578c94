"""DARTS genotypes as graphs of one or two components, and as numbers.

Sources: Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019; Siems et al., "Surrogate NAS
Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks" (NAS-Bench-301), ICLR 2022.

A genotype is a normal cell, then a reduction cell. A cell has two inputs, the outputs of the two preceding cells, and
four intermediate nodes, each the sum of two operations on earlier feature maps; its output is their concatenation. As a
graph (operations are nodes) a cell is

    c_k-2, c_k-1, then for each intermediate node: operation, operation, add; then concat.

As numbers, N genotypes are their *choices* (N, 2, 8, 2): cell, operation (two per intermediate node in order), then
(predecessor, index of the operation in `OPERATIONS`). Predecessors are numbered by feature map: 0 is c_k-2, 1 is c_k-1,
then the intermediate nodes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary

OPERATIONS = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""In the order of the DARTS code. `none` is parsed, as trained cells with it are published, but never sampled."""

VOCABULARY = Vocabulary(("c_k-2", "c_k-1", *OPERATIONS, "add", "concat"))

CELLS, STEPS = 2, 8
"""Number of cells per genotype and of operations per cell."""

CELL_NODES = 15
CONCAT = CELL_NODES - 1
MAP_NODES = np.array([0, 1, 4, 7, 10, 13])
"""Nodes of a cell's graph that are feature maps: the two inputs and the sums of the intermediate nodes."""

STEP_NODES = np.array([2, 3, 5, 6, 8, 9, 11, 12])
"""Nodes of a cell's graph that are operations."""

REACH = np.arange(STEPS) // 2 + 2
"""(8,) number of feature maps that precede each operation."""

JOINT = np.array([[CONCAT, CONCAT], [CELL_NODES, CELL_NODES + 1]])
"""Sources and targets of the edges that join the cells: the normal cell's output to the reduction cell's inputs."""


def _cell_edges() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sources and targets (20,) of a cell's edges by target, then source, and the rows (8,) of the operations' inputs.

    The sources of the latter are placeholders.
    """
    sums = np.repeat(MAP_NODES[2:], 2)
    edges = np.array([*((-1, node) for node in STEP_NODES), *zip(STEP_NODES, sums, strict=True)])
    edges = np.concatenate([edges, [(node, CONCAT) for node in MAP_NODES[2:]]])
    source, target = edges[np.lexsort(edges.T)].T
    return source, target, np.flatnonzero(source < 0)


_SOURCE, _TARGET, _STEP_EDGES = _cell_edges()
CELL_EDGES = len(_SOURCE)
NODES, EDGES = CELLS * CELL_NODES, CELLS * CELL_EDGES
_SHIFT = np.arange(CELLS)[:, None] * CELL_NODES
"""(2, 1) number of the first node of each cell."""

_TARGETS = (_TARGET + _SHIFT).reshape(-1)


def _source_may_be() -> NDArray[np.bool_]:
    """(40, 30) whether each edge may start at each node."""
    allowed = np.zeros((CELLS, CELL_EDGES, NODES), bool)
    for cell, first in enumerate(_SHIFT[:, 0]):
        fixed = np.flatnonzero(_SOURCE >= 0)
        allowed[cell, fixed, _SOURCE[fixed] + first] = True
        for edge, reach in zip(_STEP_EDGES, REACH, strict=True):
            allowed[cell, edge, MAP_NODES[:reach] + first] = True
    return allowed.reshape(EDGES, NODES)


def _op_may_be() -> NDArray[np.bool_]:
    """(30, |O|) whether each node may have each operation."""
    allowed = np.zeros((CELL_NODES, len(VOCABULARY)), bool)
    allowed[[0, 1, CONCAT], [VOCABULARY.index(op) for op in ("c_k-2", "c_k-1", "concat")]] = True
    allowed[MAP_NODES[2:], VOCABULARY.index("add")] = True
    allowed[STEP_NODES[:, None], [VOCABULARY.index(op) for op in OPERATIONS]] = True
    return np.tile(allowed, (CELLS, 1))


_SOURCE_MAY_BE, _OP_MAY_BE = _source_may_be(), _op_may_be()
_FIRST_OPERATION = VOCABULARY.index(OPERATIONS[0])


def graphs(choices: NDArray[np.int64]) -> ArchitectureSet:
    """Choices (N, 2, 8, 2) -> N graphs of two components, over `VOCABULARY`."""
    count = len(choices)
    # Nodes other than operations have a single allowed operation.
    op = np.tile(_OP_MAY_BE.argmax(axis=1), (count, 1)).reshape(count, CELLS, CELL_NODES)
    op[:, :, STEP_NODES] = choices[..., 1] + _FIRST_OPERATION
    source = np.tile(_SOURCE + _SHIFT, (count, 1, 1))
    source[:, :, _STEP_EDGES] = MAP_NODES[choices[..., 0]] + _SHIFT
    return ArchitectureSet(
        VOCABULARY,
        op.reshape(-1),
        np.arange(count + 1) * NODES,
        source.reshape(-1),
        np.tile(_TARGETS, count),
        np.arange(count + 1) * EDGES,
        validate=False,
    )


def choices_of(architectures: ArchitectureSet) -> NDArray[np.int64]:
    """N graphs of two components, their edges in any order -> choices (N, 2, 8, 2).

    Raises:
        ArchflowError: If an architecture is not a DARTS genotype; the message says which one, and where it differs.
    """
    coded = architectures.recoded(VOCABULARY)
    for name, counts, needed in (("nodes", coded.node_counts, NODES), ("edges", coded.edge_counts, EDGES)):
        if (counts != needed).any():
            row = int(np.argmax(counts != needed))
            hint = "; use `separated` for joined cells" if counts[row] == EDGES + JOINT.shape[1] else ""
            raise _not_a_genotype(coded, row, f"it has {counts[row]} {name}, two cells have {needed}{hint}")
    op = coded.op.reshape(-1, NODES)
    fits = _OP_MAY_BE[np.arange(NODES), op]
    if not fits.all():
        row, node = np.argwhere(~fits)[0]
        allowed = ", ".join(np.array(VOCABULARY.ops)[_OP_MAY_BE[node]])
        raise _not_a_genotype(coded, row, f"node {node} is {VOCABULARY.ops[op[row, node]]!r}, not {allowed}")
    codes = np.sort((coded.edge_dst.astype(np.int64) * NODES + coded.edge_src).reshape(-1, EDGES), axis=1)
    target, source = np.divmod(codes, NODES)
    fits = (target == _TARGETS) & _SOURCE_MAY_BE[np.arange(EDGES), source]
    if not fits.all():
        row, edge = np.argwhere(~fits)[0]
        allowed = ", ".join(str(node) for node in np.flatnonzero(_SOURCE_MAY_BE[edge]))
        found = f"{source[row, edge]} -> {target[row, edge]}"
        raise _not_a_genotype(coded, row, f"edge {found} stands where {allowed} -> {_TARGETS[edge]} should")
    choices = np.empty((len(coded), CELLS, STEPS, 2), np.int64)
    choices[..., 0] = np.searchsorted(MAP_NODES, source.reshape(-1, CELLS, CELL_EDGES)[:, :, _STEP_EDGES] - _SHIFT)
    choices[..., 1] = op.reshape(-1, CELLS, CELL_NODES)[:, :, STEP_NODES] - _FIRST_OPERATION
    return choices


def joined(architectures: ArchitectureSet) -> ArchitectureSet:
    """Genotypes as one component each: the normal cell's output leads to both inputs of the reduction cell.

    This is the input of flow encodings, in which information then flows from the normal cell to the reduction cell (Kim
    et al., "Learning to Flow from Generative Pretext Tasks for Neural Architecture Encoding", NeurIPS 2025). Nodes and
    vocabulary do not change; `separated` is the inverse.

    Raises:
        ArchflowError: If an architecture is not a DARTS genotype of two components.
    """
    choices_of(architectures)
    ends = (architectures.edge_src, architectures.edge_dst)
    source, target = (
        # After the normal cell's edges, which keeps edges ordered by target if they were.
        np.insert(end.reshape(-1, EDGES), [CELL_EDGES] * len(joint), joint, axis=1)
        for end, joint in zip(ends, JOINT, strict=True)
    )
    return _with_edges(architectures, source, target)


def separated(architectures: ArchitectureSet) -> ArchitectureSet:
    """Joined genotypes as two components each, the inverse of `joined`.

    Raises:
        ArchflowError: If an architecture is not a joined DARTS genotype.
    """
    codes = architectures.edge_src.astype(np.int64) * NODES + architectures.edge_dst
    joints = np.isin(codes, JOINT[0] * NODES + JOINT[1])
    edges = np.bincount(architectures.edge_owner[~joints], minlength=len(architectures))
    whole = (edges == EDGES) & (architectures.edge_counts == EDGES + JOINT.shape[1])
    if not whole.all():
        edge_list = " and ".join(f"{source} -> {target}" for source, target in JOINT.T)
        raise _not_a_genotype(
            architectures, int(np.argmin(whole)), f"give it {EDGES} edges and, to join its cells, {edge_list}"
        )
    apart = _with_edges(
        architectures,
        architectures.edge_src[~joints].reshape(-1, EDGES),
        architectures.edge_dst[~joints].reshape(-1, EDGES),
    )
    choices_of(apart)
    return apart


def _with_edges(architectures: ArchitectureSet, source: NDArray, target: NDArray) -> ArchitectureSet:
    """The same nodes with the given edges (N, E)."""
    return ArchitectureSet(
        architectures.vocabulary,
        architectures.op,
        architectures.node_ptr,
        source.reshape(-1),
        target.reshape(-1),
        np.arange(len(architectures) + 1) * source.shape[1],
        validate=False,
    )


def _not_a_genotype(architectures: ArchitectureSet, row: int, why: str) -> ArchflowError:
    which = f"architecture {row}" if len(architectures) > 1 else "the architecture"
    return ArchflowError(f"{which} is not a DARTS genotype: {why}")
