"""Single changes of an architecture, in a space and without one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.predict.explain.changes import bypassed, possible_changes
from archflow.predict.explain.choices import Choices
from archflow.predict.explain.neighbours import neighbouring_changes, same_numbering
from archflow.spaces import DARTS, SPACES, FBNet, NASBench101
from tests.strategies import architectures

CHAIN = Architecture(
    ("input", "conv", "relu", "output"),
    ((0, 1), (1, 2), (2, 3)),
    {"channels": (np.nan, 64, np.nan, np.nan), "macs": (0, 9, 1, 0)},
)


@given(architectures(attributes=True))
def test_changed_graphs_are_valid_and_different(one):
    differences, changed = possible_changes(one, Choices(one, None, Vocabulary(("input", "output", "conv", "pool"))))
    assert len(differences) == len(changed)
    sources = {node for node in range(len(one.ops)) if all(node != target for _, target in one.edges)}
    for difference, other in zip(differences, changed, strict=True):
        assert other != one
        if difference.kind == "edge":
            assert {node for node in range(len(other.ops)) if all(node != end for _, end in other.edges)} == sources
        elif difference.kind == "node":
            assert len(other.ops) == len(one.ops) - 1
        else:
            assert same_numbering(one, other) == difference


def test_without_other_architectures_inner_nodes_take_any_operation_of_the_vocabulary():
    one = Architecture(("input", "conv", "output"), ((0, 1), (1, 2)))
    choices = Choices(one, None, Vocabulary(("input", "output", "conv", "pool", "[unknown]")))
    assert [choices.other_operations(node) for node in range(3)] == [[], ["pool"], []]


def test_others_show_what_a_node_could_be():
    other = Architecture(("image", "linear", "gelu", "output"), CHAIN.edges, dict(CHAIN.attributes))
    choices = Choices(CHAIN, ArchitectureSet.from_architectures([other]), None)
    assert choices.other_operations(0) == ["image"]
    assert choices.other_operations(1) == ["linear"]  # the only one with channels
    assert choices.other_operations(2) == ["gelu"]
    known = Choices(CHAIN, ArchitectureSet.from_architectures([other]), Vocabulary((*CHAIN.ops, "gelu")))
    assert known.other_operations(1) == []


def test_widths_are_halved_doubled_and_those_of_others():
    others = [
        Architecture(CHAIN.ops, CHAIN.edges, {"channels": (np.nan, width, np.nan, np.nan)}) for width in (48, 96, 64)
    ]
    choices = Choices(CHAIN, ArchitectureSet.from_architectures(others), None)
    assert choices.other_values(1, "channels") == [32, 48, 96, 128]
    assert choices.other_values(2, "channels") == []
    assert choices.other_values(1, "macs") == []  # it follows from others


def test_a_bypassed_node_hands_on_what_it_got():
    one = Architecture(("a", "b", "c", "d", "e"), ((0, 2), (1, 2), (2, 3), (2, 4)))
    assert bypassed(one, [2]).edges == ((0, 2), (0, 3), (1, 2), (1, 3))


@pytest.mark.parametrize("space", [DARTS(), NASBench101(), FBNet(), SPACES.get("nats_size")()], ids=lambda s: s.name)
def test_neighbours_are_described(space):
    one = space.sample(1, np.random.default_rng(4))[0]
    differences, around = neighbouring_changes(one, space)
    assert len(differences) == len(around) > 0
    assert all(difference.text for difference in differences)
    several = [difference for difference in differences if difference.kind == "several"]
    assert not several, several[:3]
    for difference, other in zip(differences, around, strict=True):
        if difference.kind == "operation":
            (node,) = difference.nodes
            assert difference.text == f"node {node}: {one.ops[node]} → {difference.after}"
            changed = Architecture((*one.ops[:node], difference.after, *one.ops[node + 1 :]), one.edges)
            assert changed.hash == other.hash or one.attributes


def test_a_moved_edge_is_one_change():
    space = DARTS()
    one = space.sample(1, np.random.default_rng(0))[0]
    moved = [each for each in neighbouring_changes(one, space)[0] if each.kind == "edge"]
    assert len(moved) == 24
    assert all("becomes" in each.text and each.edge in one.edges for each in moved)
