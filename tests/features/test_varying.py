"""Columns that tell architectures apart."""

import numpy as np
import pytest

from archflow.features import varying
from archflow.features.counts import Counts
from archflow.features.graf import Graf
from archflow.features.varying import as_float32, distinct, telling_apart, typical
from archflow.graph.table import Table
from archflow.testing import random_architectures


def test_constants_and_repetitions_tell_nothing():
    nan = np.nan
    columns = [[1, 1, 1], [1, 2, 3], [1, 2, 3], [nan, nan, nan], [nan, 1, 1], [0, -0.0, 0], [nan, 1, 1]]
    assert telling_apart(np.array(columns, np.float32).T).tolist() == [1, 4]
    assert telling_apart(np.zeros((0, 3), np.float32)).tolist() == []


def test_names_become_distinct():
    assert distinct(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"]


def test_values_are_bounded():
    values = as_float32(np.array([1e300, -1e300, np.nan, 1.5]))
    assert np.isfinite(values[:2]).all()
    assert np.isnan(values[2])


@pytest.mark.parametrize("kind", [Counts, Graf])
def test_large_tables_are_described_in_parts(monkeypatch, kind):
    table = Table(random_architectures(50, seed=0))
    features = kind.of(table)
    whole = features(table)
    monkeypatch.setattr(varying.blocks, "__defaults__", (20,))
    np.testing.assert_array_equal(features(table), whole)


def test_of_many_architectures_some_are_typical(monkeypatch):
    monkeypatch.setattr(varying, "ENOUGH", 10)
    graphs = random_architectures(50, seed=0)
    assert len(typical(graphs)) == 10
    assert len(typical(graphs.select(np.arange(5)))) == 5
