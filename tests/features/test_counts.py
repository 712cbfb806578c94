"""Counts of nodes, edges and operations."""

import numpy as np

from archflow.features.counts import Counts
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table


def test_counts_are_those_of_the_graph():
    chain = Architecture(("input", "conv", "conv", "output"), ((0, 1), (1, 2), (2, 3)))
    pair = Architecture(("input", "pool", "output", "input", "output"), ((0, 1), (1, 2), (3, 4)))
    features = Counts.of(Table(ArchitectureSet.from_architectures([chain, pair])))
    found = dict(zip(features.names, features(Table(ArchitectureSet.from_architectures([pair, chain]))).T, strict=True))
    expected = {"nodes": (5, 4), "edges": (3, 3), "depth": (2, 3), "cells": (2, 1), "count:conv": (0, 2)}
    for name in ("nodes", "depth", "count:conv"):
        np.testing.assert_array_equal(found[name], expected[name])
    assert "edges" not in found, "it is constant"
    assert "count:input" not in found, "it equals the number of cells"


def test_operations_are_told_apart_by_their_attributes():
    def cell(kernel: float) -> Architecture:
        return Architecture(("input", "conv", "output"), ((0, 1), (1, 2)), {"kernel": [np.nan, kernel, np.nan]})

    features = Counts.of(Table(ArchitectureSet.from_architectures([cell(1), cell(3), cell(5)])))
    assert features.names == ("count:conv_k1", "count:conv_k3", "count:conv_k5")
    other = ArchitectureSet.from_architectures([cell(3), cell(100)])
    np.testing.assert_array_equal(features(Table(other)), [[0, 1, 0], [0, 0, 1]])
