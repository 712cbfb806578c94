"""The classical encodings, bit by bit."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch import Tensor

from archflow.encoders import AdjacencyMLP, PathMLP
from archflow.encoders.classical import FeatureMLP
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.spaces import NASBench201
from archflow.testing import random_architectures
from tests.encoders.plain_torch import adjacency, linear, topological_numbers


def bits(encoder: FeatureMLP, architectures: ArchitectureSet) -> Tensor:
    """(B, F) the vector of zeros and ones."""
    vector = torch.zeros(len(architectures), encoder.first.weight.shape[1])
    for features in encoder.features(Batch(architectures)):
        for row, (begin, end) in enumerate(pairwise(features.bounds)):
            chosen = features.entry[begin:end]
            assert len(chosen.unique()) == len(chosen)
            vector[row, chosen] += 1
    return vector


def adjacency_bits(architecture: Architecture, ops: list[int], max_nodes: int, n_ops: int) -> Tensor:
    edges, numbers = adjacency(architecture), topological_numbers(architecture)
    pairs, operations = torch.zeros(max_nodes, max_nodes), torch.zeros(max_nodes, n_ops)
    for node, op in enumerate(ops):
        operations[numbers[node], op] = 1
        for other in range(len(ops)):
            pairs[numbers[node], numbers[other]] = edges[node, other]
    return torch.cat([pairs.flatten(), operations.flatten()])


def path_bits(architecture: Architecture, ops: list[int], longest: int, n_ops: int) -> Tensor:
    """All paths from a source to a sink, walked one after the other."""
    edges = adjacency(architecture)
    after = [edges[node].nonzero()[:, 0].tolist() for node in range(len(ops))]
    names = [word for length in range(1, longest + 2) for word in product(range(n_ops), repeat=length)]
    vector = torch.zeros(len(names))
    paths = [[node] for node in range(len(ops)) if not edges[:, node].any()]
    while paths:
        path = paths.pop()
        if after[path[-1]]:
            paths.extend([*path, node] for node in after[path[-1]])
            continue
        word = tuple(ops[node] for node in path[:-1]) or (ops[path[0]],)
        if word in names:
            vector[names.index(word)] = 1
    return vector


def test_adjacency_bits():
    architectures = random_architectures(30, seed=2)
    found = bits(AdjacencyMLP(5, 8, max_nodes=9), architectures)
    for row, architecture in enumerate(architectures):
        ops = [architectures.vocabulary.index(op) for op in architecture.ops]
        assert torch.equal(found[row], adjacency_bits(architecture, ops, 9, 5))


@pytest.mark.parametrize("longest", [0, 1, 3])
def test_path_bits(longest):
    architectures = random_architectures(30, seed=2, ops=("input", "output", "pool"), edge_share=0.5)
    found = bits(PathMLP(3, 8, longest=longest), architectures)
    for row, architecture in enumerate(architectures):
        ops = [architectures.vocabulary.index(op) for op in architecture.ops]
        assert torch.equal(found[row], path_bits(architecture, ops, longest, 3)), architecture


def test_the_perceptron_reads_the_bits(architectures):
    encoder = PathMLP(5, 8, depth=2).eval()
    with torch.no_grad():
        x = torch.relu(linear(encoder.first, bits(encoder, architectures)))
        expected = torch.relu(linear(encoder.layers[0], x))  # type: ignore[arg-type]
        found = encoder.embed(Batch(architectures))
        nodes = encoder(Batch(architectures))
    torch.testing.assert_close(found, expected)
    assert torch.equal(nodes, found[Batch(architectures).graph])


def test_paths_of_a_nasbench201_cell():
    """Four paths lead through a cell; with different operations on them, four bits."""
    space = NASBench201()
    cell = space.parse("|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|")
    architectures = ArchitectureSet.from_architectures([cell], space.enumerate().vocabulary)
    assert int(bits(PathMLP(len(architectures.vocabulary)), architectures).sum()) == 4


def test_more_nodes_than_numbers_are_refused(architectures):
    with pytest.raises(ArchflowError, match="has 9 nodes, the encoder can number 8; build it with a larger max_nodes"):
        AdjacencyMLP(5, max_nodes=8)(Batch(architectures))


def test_too_many_paths_are_refused():
    with pytest.raises(ArchflowError, match="11 operations make 1,948,716 paths of up to 5 further operations"):
        PathMLP(11, longest=5)


def test_isolated_nodes_are_paths_of_their_own(architectures):
    lonely = ArchitectureSet.from_architectures([Architecture(("pool",), ())], architectures.vocabulary)
    found = bits(PathMLP(5), lonely)[0]
    assert np.flatnonzero(found.numpy()).tolist() == [architectures.vocabulary.index("pool")]
