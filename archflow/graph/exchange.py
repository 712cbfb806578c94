"""Architectures as graphs of other libraries, and back: networkx, and PyTorch Geometric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archflow.errors import ArchflowError
from archflow.graph.architecture import Architecture
from archflow.graph.architecture_set import ArchitectureSet
from archflow.graph.vocabulary import Vocabulary
from archflow.printable import shown

if TYPE_CHECKING:
    import networkx as nx
    from torch_geometric.data import Data


def to_networkx(architecture: Architecture) -> nx.DiGraph:
    """Make a `networkx.DiGraph` with the nodes 0 to V - 1.

    Each node has its operation as `op`, and the node attributes that apply to it.
    """
    import networkx as nx

    graph = nx.DiGraph()
    for node, op in enumerate(architecture.ops):
        numbers = {name: values[node] for name, values in architecture.attributes.items()}
        graph.add_node(node, op=op, **{name: float(value) for name, value in numbers.items() if not math.isnan(value)})
    graph.add_edges_from(architecture.edges)
    return graph


def from_networkx(graph: nx.DiGraph, op: str = "op") -> Architecture:
    """Read an architecture from a directed graph of networkx, whose nodes are numbered in the graph's own order.

    Args:
        graph: Each node has its operation, and perhaps numbers, which become node attributes.
        op: What the graph calls the operation.

    Raises:
        ArchflowError: If the graph is not directed, a node has no operation or an attribute that is not a number, or
            `Architecture` refuses the graph.
    """
    if not getattr(graph, "is_directed", bool)() or graph.is_multigraph():
        raise ArchflowError(f"a {type(graph).__name__} is not a networkx.DiGraph; edges need one direction each")
    numbers = {node: number for number, node in enumerate(graph)}
    nodes = list(graph.nodes(data=True))
    for node, about in nodes:
        if not isinstance(about.get(op), str):
            raise ArchflowError(f"node {shown(node)} has no operation {op!r}; name the attribute that holds it: op=...")
        wrong = next((k for k, v in about.items() if k != op and not isinstance(v, int | float)), None)
        if wrong is not None:
            raise ArchflowError(f"node {shown(node)}: {wrong!r} is {shown(about[wrong])}, not a number; remove it")
    names = dict.fromkeys(str(name) for _, about in nodes for name in about if name != op)
    return Architecture(
        tuple(about[op] for _, about in nodes),
        tuple((numbers[source], numbers[target]) for source, target in graph.edges()),
        {name: [float(about.get(name, math.nan)) for _, about in nodes] for name in names},
    )


def to_pyg(architecture: Architecture, vocabulary: Vocabulary) -> Data:
    """Make a `torch_geometric.data.Data` with `op` (V,) ids, `edge_index` (2, E), and `x` (V, F) the node attributes.

    Args:
        architecture: With F node attributes.
        vocabulary: What the ids refer to.

    Raises:
        ArchflowError: If the vocabulary lacks one of its operations.
    """
    import torch
    from torch_geometric.data import Data

    one = ArchitectureSet.from_architectures([architecture], vocabulary)
    edges = torch.tensor(architecture.edges, dtype=torch.long).reshape(-1, 2).T.contiguous()
    x = None if one.attributes is None else torch.tensor(one.attributes, dtype=torch.float32)
    return Data(x=x, edge_index=edges, op=torch.tensor(one.op, dtype=torch.long), num_nodes=len(architecture.ops))


def from_pyg(data: Any, vocabulary: Vocabulary, attribute_names: Sequence[str] = ()) -> Architecture:
    """Read an architecture from a graph of PyTorch Geometric, with `op` and `edge_index`.

    Args:
        data: Its `op` (V,) holds ids, or it holds them one-hot (V, |vocabulary|).
        vocabulary: What the ids refer to.
        attribute_names: Names of the columns of its `x` (V, F); without them `x` is not read.

    Raises:
        ArchflowError: If an entry is missing or has the wrong shape, an id is unknown, or `Architecture` refuses the
            graph.
    """
    op, edges = getattr(data, "op", None), getattr(data, "edge_index", None)
    if op is None or edges is None or edges.ndim != 2 or len(edges) != 2:
        raise ArchflowError("the graph has no op and edge_index (2, E); set data.op to the ids of its operations")
    ids = (op.argmax(1) if op.ndim == 2 else op).tolist()
    unknown = next((each for each in ids if each not in range(len(vocabulary))), None)
    if unknown is not None:
        raise ArchflowError(f"the operation {shown(unknown)} is not an id in a vocabulary of {len(vocabulary)}")
    x = getattr(data, "x", None) if attribute_names else None
    if attribute_names and (x is None or tuple(x.shape) != (len(ids), len(attribute_names))):
        raise ArchflowError(f"x lacks one of {len(attribute_names)} named columns for {len(ids)} nodes")
    columns = {} if x is None else {name: x[:, i].tolist() for i, name in enumerate(attribute_names)}
    pairs = tuple((source, target) for source, target in edges.T.tolist())
    return Architecture(tuple(vocabulary.ops[each] for each in ids), pairs, columns)
