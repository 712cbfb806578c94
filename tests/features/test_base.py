"""Every registered kind of features keeps the contract, whatever the architectures are like."""

import numpy as np
import pytest
from hypothesis import given, settings

from archflow.features import FEATURES
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import DARTS, NASBench201, OFAMobileNetV3
from archflow.testing import check_features, random_architectures
from tests.strategies import NAMES, sets


def with_columns(architectures: ArchitectureSet) -> Table:
    """Columns of parameters, with gaps, and of a proxy."""
    generator = np.random.default_rng(0)
    params = 10.0 ** generator.integers(3, 9, len(architectures)).astype(np.float64)
    proxy = np.where(generator.random(len(architectures)) < 0.05, np.nan, generator.normal(size=len(architectures)))
    return Table(architectures, {"params": params, "zc_synflow": proxy, "accuracy": proxy})


def chains() -> ArchitectureSet:
    """Paths of several lengths, whose nodes have attributes."""
    generator = np.random.default_rng(1)
    found = []
    for _ in range(30):
        length = int(generator.integers(2, 7))
        ops = ("input", *generator.choice(["conv", "pool"], length).tolist(), "output")
        channels = [np.nan, *(2.0 ** generator.integers(3, 12, length)), np.nan]
        edges = tuple((i, i + 1) for i in range(length + 1))
        found.append(Architecture(ops, edges, {"channels": channels}).relabelled(generator.permutation(length + 2)))
    return ArchitectureSet.from_architectures(found)


TABLES = {
    "cells": lambda: NASBench201().sample(40, np.random.default_rng(0)),
    "two cells in one graph": lambda: DARTS().sample(20, np.random.default_rng(0)),
    "chains": chains,
    "chains with numbers": lambda: OFAMobileNetV3().sample(20, np.random.default_rng(0)),
    "any graphs": lambda: random_architectures(40, seed=0),
    "any graphs with attributes": lambda: random_architectures(40, seed=0, attributes=NAMES),
    "single nodes": lambda: random_architectures(5, seed=0, max_nodes=1, attributes=NAMES),
    "no edges": lambda: random_architectures(20, seed=0, edge_share=0.0),
    "one architecture": lambda: random_architectures(1, seed=3),
    "one architecture again and again": lambda: random_architectures(1, seed=3).select([0] * 5),
}


@pytest.mark.parametrize("name", FEATURES.names())
@pytest.mark.parametrize("table", TABLES)
def test_the_contract(name, table):
    check_features(FEATURES.get(name), with_columns(TABLES[table]()))


@settings(max_examples=10)
@given(sets(attributes=True))
def test_the_contract_for_any_graphs(architectures):
    for name in FEATURES.names():
        check_features(FEATURES.get(name), Table(architectures))


@pytest.mark.parametrize("name", FEATURES.names())
def test_features_of_one_table_describe_another(name):
    features = FEATURES.get(name).of(with_columns(random_architectures(40, seed=0, attributes=NAMES)))
    other = with_columns(random_architectures(15, seed=1, max_nodes=20))
    assert features(other).shape == (15, len(features.names))


@pytest.mark.parametrize("name", FEATURES.names())
def test_no_architecture_has_no_row(name):
    table = with_columns(random_architectures(10, seed=0))
    features = FEATURES.get(name).of(table)
    assert features(table.select([])).shape == (0, len(features.names))
