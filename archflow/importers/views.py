"""Imported models with fewer nodes: what a device runs as one operation is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.ragged import Ints, pointer
from archflow.importers.vocabulary import ACTIVATIONS, CONVOLUTIONS, NORMS

_PRODUCTS = (*CONVOLUTIONS, "linear")
_MOVES = ("reshape", "transpose", "expand")
MOVES = "moves"
"""What several moves in a row are called."""

_SUMMED = ("params", "macs")
_FLOAT = 4
"""Bytes of a learned number."""


def fused(architectures: ArchitectureSet) -> ArchitectureSet:
    """The same models with fewer nodes: what a device can run as one operation is one.

    A convolution or linear layer with the normalisation and activation behind it is one node, `conv2d+batch_norm+relu`;
    so is a normalisation with an activation, and moves in a row are one node `moves`.

    Nodes are joined where nothing else takes what passes between them. A joined node has the sums of parameters and
    multiply-adds, the shape of its last part, and all else of its first; what passed between is not moved any more.
    """
    before = _joined_to(architectures)
    first = _heads(before)
    return _joined(architectures, before, _names(architectures, before, first))


def folded(architectures: ArchitectureSet) -> ArchitectureSet:
    """The same models as libraries for inference run them: batch normalisation is part of the weights before it.

    It folds into the convolution or linear layer directly before it. Activations remain.
    """
    before = _folds_into(architectures)
    return _joined(architectures, before, np.array(architectures.vocabulary.ops, object)[architectures.op])


def folds(architectures: ArchitectureSet) -> int:
    """How many nodes `folded` would remove."""
    before = _folds_into(architectures)
    return int((before != np.arange(len(before))).sum())


def _heads(before: Ints) -> Ints:
    """(V,) the first node of the chain that each node is joined to."""
    first = before.copy()
    while (first != first[first]).any():  # twice as far along the chain at every round
        first = first[first]
    return first


def _joined(graphs: ArchitectureSet, before: Ints, names: NDArray[np.object_]) -> ArchitectureSet:
    """The models with every chain of joined nodes as one node.

    Args:
        graphs: The models.
        before: (V,) the node that each is joined to; itself if none.
        names: (V,) the operation of each chain, at its first node.
    """
    first = _heads(before)
    source, target = graphs.edge_nodes
    kept = first == np.arange(len(first))
    place = np.cumsum(kept) - 1
    between = first[source] != first[target]
    node_ptr = pointer(kept)[graphs.node_ptr]
    start = node_ptr[graphs.edge_owner[between]]
    vocabulary = Vocabulary.of(names[kept].tolist())
    return graphs.replaced(
        kept,
        vocabulary=vocabulary,
        op=np.array([vocabulary.index(name) for name in names[kept]], np.int32),
        node_ptr=node_ptr,
        edge_src=(place[first[source[between]]] - start).astype(np.int32),
        edge_dst=(place[first[target[between]]] - start).astype(np.int32),
        edge_ptr=pointer(between)[graphs.edge_ptr],
        attributes=_attributes(graphs, before, first, kept),
    )


def _folds_into(graphs: ArchitectureSet) -> Ints:
    """(V,) the convolution or linear layer whose weights take up each batch normalisation; itself for other nodes."""
    is_norm = np.array([op == "batch_norm" for op in graphs.vocabulary.ops], bool)[graphs.op]
    before = _joined_to(graphs)
    return np.where(is_norm, before, np.arange(len(before)))


def _joined_to(graphs: ArchitectureSet) -> Ints:
    """(V,) the node before that each is joined to; itself if none."""
    ops = graphs.vocabulary.ops
    product, norm, activation, move = (
        np.array([op in kind for op in ops], bool)[graphs.op] for kind in (_PRODUCTS, NORMS, ACTIVATIONS, _MOVES)
    )
    source, target = graphs.edge_nodes
    alone = (graphs.adjacency.out_degree[source] == 1) & (graphs.adjacency.degree[target] == 1)
    behind_product = product[source] & (norm | activation)[target]
    joins = alone & (behind_product | (norm[source] & activation[target]) | (move[source] & move[target]))
    before = np.arange(len(graphs.op))
    before[target[joins]] = source[joins]
    return before


def _names(graphs: ArchitectureSet, before: Ints, first: Ints) -> NDArray[np.object_]:
    """(V,) what the first node of each chain is called."""
    own = np.array(graphs.vocabulary.ops, object)
    names = own[graphs.op]
    joined = np.flatnonzero(before != np.arange(len(before)))
    for node in joined[np.argsort(graphs.levels[joined], kind="stable")].tolist():
        head = first[node]
        is_move = names[head] in (*_MOVES, MOVES)
        names[head] = MOVES if is_move else f"{names[head]}+{own[graphs.op[node]]}"
    return names


def _attributes(
    graphs: ArchitectureSet, before: Ints, first: Ints, kept: NDArray[np.bool_]
) -> NDArray[np.float32] | None:
    """The attributes of the nodes that are left."""
    if graphs.attributes is None:
        return None
    values = graphs.attributes.astype(np.float64)
    joined = np.flatnonzero(before != np.arange(len(before)))
    columns = {name: place for place, name in enumerate(graphs.attribute_names)}
    for name in _SUMMED:
        if name in columns:
            np.add.at(values[:, columns[name]], first[joined], graphs.attributes[joined, columns[name]])
    if {"bytes", "params"} <= set(columns):
        more = _FLOAT * graphs.attributes[joined, columns["params"]].astype(np.float64)
        np.add.at(values[:, columns["bytes"]], first[joined], more)
    shapes = np.array([place for name, place in columns.items() if name.startswith("shape_")], np.int64)
    # The last of a chain is the one that no node is joined to.
    last = joined[~np.isin(joined, before[joined])]
    values[np.ix_(first[last], shapes)] = graphs.attributes[np.ix_(last, shapes)]
    return values[kept].astype(np.float32)
