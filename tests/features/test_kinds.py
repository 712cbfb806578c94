"""Kinds of nodes."""

import json

import numpy as np
import pytest
from hypothesis import given

from archflow.errors import ArchflowError
from archflow.features.kinds import Kinds
from archflow.graph import Architecture, ArchitectureSet
from tests.strategies import sets


def convolutions(*kernels: float, **more: list[float]) -> ArchitectureSet:
    ops = ("input", *("conv",) * len(kernels))
    return ArchitectureSet.from_architectures([Architecture(ops, (), {"kernel": [np.nan, *kernels], **more})])


def test_few_combinations_are_kinds():
    kinds = Kinds.of(convolutions(1, 3, 3))
    assert kinds.names == ("input", "conv_k1", "conv_k3")
    assert kinds.of_nodes(convolutions(3, 1)).tolist() == [0, 2, 1]


def test_many_combinations_are_not():
    assert Kinds.of(convolutions(*range(1, 26))).names == ("input", "conv")
    assert len(Kinds.of(convolutions(*range(1, 24)))) == 24


def test_an_unknown_combination_is_the_most_similar_one():
    kinds = Kinds.of(convolutions(1, 3, 7))
    assert kinds.of_nodes(convolutions(2.5, 100, np.nan, 0)).tolist() == [0, 2, 3, 1, 1]


def test_names_that_would_be_the_same_are_not_told_apart():
    ops = ("conv_k3", "conv", "conv")
    graphs = ArchitectureSet.from_architectures([Architecture(ops, (), {"kernel": [np.nan, 3, 1]})])
    assert Kinds.of(graphs).names == ("conv", "conv_k3")


@given(sets(attributes=True))
def test_every_kind_is_told(architectures):
    kinds = Kinds.of(architectures)
    told = kinds.of_nodes(architectures)
    assert {kinds.each[kind][0] for kind in told.tolist()} == set(architectures.op.tolist())
    if kinds.attributes:
        values = np.stack([architectures.attribute(name) for name in kinds.attributes], 1)
        own = np.array([kinds.each[kind][1] for kind in told.tolist()], np.float32)
        np.testing.assert_array_equal(own, values)
    assert Kinds.from_json(json.loads(json.dumps(kinds.to_json()))) == kinds


@pytest.mark.parametrize(
    "change",
    [
        {"ops": ["a", "a"]},
        {"ops": [""]},
        {"each": []},
        {"each": [[0, [None]], [9, [1.0]]]},
        {"each": [[0, [None]], [1, []]]},
        {"each": [[0, [None]], [1, ["3"]]]},
        {"each": [[0, [None]], [1, [float("inf")]]]},
        {"each": [[0, [None]], [0, [None]], [1, [1.0]]]},
        {"attributes": []},
    ],
)
def test_damaged_descriptions_are_refused(change):
    with pytest.raises(ArchflowError, match="damaged"):
        Kinds.from_json({**Kinds.of(convolutions(1, 3)).to_json(), **change})
