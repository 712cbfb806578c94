import numpy as np
import pytest
import torch
from hypothesis import given

from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.batch import Batch
from archflow.graph.positions import POSITIONS, is_path, with_positions
from archflow.spaces import FBNet
from archflow.testing import random_architectures
from tests.strategies import VOCABULARY, relabellings, sets

NAN = np.nan


def longest(edges, node: int, end: int) -> int:
    """Edges on the longest path that ends at a node (end=1), or begins there (end=0), by trying all."""
    following = [edge[1 - end] for edge in edges if edge[end] == node]
    return 1 + max(longest(edges, other, end) for other in following) if following else 0


@given(sets(attributes=True))
def test_positions_are_those_of_longest_paths(some):
    positioned = with_positions(some)
    assert positioned.attribute_names == (*some.attribute_names, *POSITIONS)
    for before, after in zip(some, positioned, strict=True):
        nodes = range(len(before.ops))
        forward = [longest(before.edges, node, 1) for node in nodes]
        expected = {
            "position_from_input": forward,
            "position_to_output": [longest(before.edges, node, 0) for node in nodes],
            "position_depth_share": [level / max(1, *forward, 1) for level in forward],
        }
        # A path is as deep as it has nodes to go to, and no deeper graph has no further edge.
        if max(forward) == len(nodes) - 1 == len(before.edges):
            expected["position_index"] = forward
        assert after == Architecture(before.ops, before.edges, {**before.attributes, **expected})


@given(relabellings(attributes=True))
def test_positions_go_with_their_nodes(case):
    old, new, order = case
    one, other = (with_positions(ArchitectureSet.from_architectures([a], VOCABULARY))[0] for a in (old, new))
    assert one.relabelled(order) == other
    assert one.hash == other.hash


def test_an_index_is_of_paths_or_given():
    path = Architecture(("input", "conv", "pool", "output"), ((0, 2), (2, 1), (1, 3)))
    cell = Architecture(("input", "conv", "pool", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    some = ArchitectureSet.from_architectures([path, cell, Architecture(("conv",), ())], VOCABULARY)
    assert is_path(some).tolist() == [True, False, True]
    index = with_positions(some).attribute("position_index")
    np.testing.assert_array_equal(index, [0, 2, 1, 3, *[NAN] * 4, 0])
    given_by_its_space = Architecture(cell.ops, cell.edges, {"position_index": (NAN, 0, 1, NAN)})
    some = ArchitectureSet.from_architectures([path, given_by_its_space], VOCABULARY)
    once = with_positions(some)
    np.testing.assert_array_equal(once.attribute("position_index"), [0, 2, 1, 3, NAN, 0, 1, NAN])
    again = with_positions(once)
    assert again.attribute_names == once.attribute_names
    assert list(again) == list(once)


def test_the_empty_set_has_positions():
    empty = ArchitectureSet.from_architectures([], VOCABULARY)
    assert with_positions(empty).attribute_names == POSITIONS


def test_chains_have_an_index():
    some = with_positions(FBNet().sample(3, np.random.default_rng(0)))
    assert some.attribute("position_index").reshape(3, -1).tolist() == [list(range(24))] * 3
    assert some.attribute("position_to_output")[0] == 23


def test_long_paths_are_numbered():
    count = 5_000
    order = np.random.default_rng(0).permutation(count)
    path = ArchitectureSet(VOCABULARY, np.zeros(count, int), [0, count], order[:-1], order[1:], [0, count - 1])
    assert (with_positions(path).attribute("position_index")[order] == np.arange(count)).all()


@pytest.mark.parametrize("as_mask", [False, True])
def test_hidden_nodes_keep_their_positions(as_mask):
    """They follow from the graph and do not tell the operation."""
    some = with_positions(random_architectures(20, seed=5, attributes=("kernel", "stride")))
    hidden = np.arange(len(some.op)) % 3 == 1
    given = hidden if as_mask else np.flatnonzero(hidden)
    batch = Batch(some).with_ops(Batch(some).op, torch.from_numpy(given))
    assert batch.attributes is not None
    for result in (some.with_ops(some.op, given).attributes, batch.attributes.numpy()):
        assert result is not None
        assert np.isnan(result[hidden, :2]).all()
        np.testing.assert_array_equal(result[:, 2:], some.attributes[:, 2:])  # type: ignore[index]
        np.testing.assert_array_equal(result[~hidden], some.attributes[~hidden])  # type: ignore[index]
