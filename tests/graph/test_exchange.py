"""Graphs of other libraries: nothing is lost there and back, and what is no architecture is refused in one line."""

import warnings
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given

from archflow.errors import ArchflowError
from archflow.graph import Architecture, Vocabulary
from archflow.graph.exchange import from_networkx, from_pyg, to_networkx, to_pyg
from tests.strategies import architectures

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # its own use of torch.jit
    Data = pytest.importorskip("torch_geometric.data", reason="torch-geometric is not installed").Data

CELL = Architecture(("input", "conv", "output"), ((0, 1), (1, 2)), {"kernel": [np.nan, 3, np.nan]})
WORDS = Vocabulary(("input", "output", "conv"))


@given(architectures(attributes=True))
def test_networkx_loses_nothing(architecture):
    back = from_networkx(to_networkx(architecture))
    assert back.ops == architecture.ops
    assert set(back.edges) == set(architecture.edges)
    assert back.hash == architecture.hash


@given(architectures(attributes=True))
def test_pyg_loses_nothing(architecture):
    words = Vocabulary.of(architecture.ops)
    data = to_pyg(architecture, words)
    assert data.validate()
    assert data.num_nodes == len(architecture.ops)
    assert from_pyg(data, words, tuple(architecture.attributes)).hash == architecture.hash


def test_attributes_travel_and_gaps_stay_gaps():
    assert to_networkx(CELL).nodes(data=True)[1] == {"op": "conv", "kernel": 3.0}
    assert from_networkx(to_networkx(CELL)) == CELL
    assert from_pyg(to_pyg(CELL, WORDS), WORDS, ["kernel"]) == CELL


def test_any_names_of_nodes_and_of_the_operation_are_taken():
    graph = nx.DiGraph([("stem", "block"), ("block", "head")])
    nx.set_node_attributes(graph, {"stem": "conv", "block": "mlp", "head": "linear"}, "kind")
    assert from_networkx(graph, op="kind") == Architecture(("conv", "mlp", "linear"), ((0, 1), (1, 2)))


def test_one_hot_operations_are_taken():
    data = Data(op=torch.eye(3)[[0, 2, 1]], edge_index=torch.tensor([[0, 1], [1, 2]]))
    assert from_pyg(data, WORDS) == Architecture(("input", "conv", "output"), ((0, 1), (1, 2)))


@pytest.mark.parametrize(
    ("graph", "line"),
    [
        (nx.Graph([(0, 1)]), "a Graph is not a networkx.DiGraph"),
        (nx.MultiDiGraph([(0, 1)]), "a MultiDiGraph is not a networkx.DiGraph"),
        ("text", "a str is not a networkx.DiGraph"),
        (nx.DiGraph([(0, 1)]), "node 0 has no operation 'op'"),
        (nx.DiGraph(), "it has no nodes"),
    ],
)
def test_what_is_no_graph_of_operations_is_refused(graph, line):
    with pytest.raises(ArchflowError, match=line):
        from_networkx(graph)


def test_words_among_the_attributes_are_refused_by_name():
    graph = to_networkx(CELL)
    graph.nodes[1]["padding"] = "same"
    with pytest.raises(ArchflowError, match="node 1: 'padding' is 'same', not a number"):
        from_networkx(graph)


@pytest.mark.parametrize(
    ("data", "names", "line"),
    [
        (SimpleNamespace(x=torch.zeros(2, 1)), (), "no op and edge_index"),
        (SimpleNamespace(op=torch.tensor([0]), edge_index=torch.zeros(3, 1)), (), "no op and edge_index"),
        (SimpleNamespace(op=torch.tensor([7]), edge_index=torch.zeros(2, 0)), (), "7 is not an id in a vocabulary"),
        (SimpleNamespace(op=torch.tensor([1]), edge_index=torch.zeros(2, 0)), ("k",), "x lacks one of 1 named columns"),
    ],
)
def test_what_is_no_data_of_operations_is_refused(data, names, line):
    with pytest.raises(ArchflowError, match=line):
        from_pyg(data, WORDS, names)
