"""The plain encoding, by hand and for any graphs."""

import numpy as np
from hypothesis import given

from archflow.graph import Architecture, ArchitectureSet
from archflow_reproduce.travel.plain import plain_encoding, without_constants
from tests.strategies import sets


def test_it_holds_counts_operations_by_position_and_edges():
    chain = Architecture(("in", "conv", "out"), ((0, 1), (1, 2)))
    skip = Architecture(("in", "pool", "out"), ((0, 1), (0, 2), (1, 2)))
    found = plain_encoding(ArchitectureSet.from_architectures([chain, skip]))
    # edges; counts of conv and pool; conv and pool at position 1; the edge from 0 to 2
    assert sorted(found[0].tolist()) == [0, 0, 0, 1, 1, 2]
    assert sorted(found[1].tolist()) == [0, 0, 1, 1, 1, 3]


def test_it_holds_attributes_by_position():
    narrow, wide = (Architecture(("in", "conv"), ((0, 1),), {"kernel": [float("nan"), size]}) for size in (3.0, 5.0))
    found = plain_encoding(ArchitectureSet.from_architectures([narrow, wide, wide]))
    assert [3.0, 5.0, 5.0] in found.T.tolist()
    assert not np.isnan(found).any()


@given(sets(min_size=2, attributes=True))
def test_rows_of_equal_architectures_are_equal_and_no_column_is_constant(architectures):
    found = plain_encoding(architectures)
    twice = plain_encoding(architectures.select(np.r_[np.arange(len(architectures)), np.arange(len(architectures))]))
    assert np.array_equal(twice[: len(architectures)], found, equal_nan=True)
    assert np.array_equal(twice[len(architectures) :], found, equal_nan=True)
    filled = np.where(np.isnan(found), np.inf, found)
    assert (filled != filled[:1]).any(0).all()


def test_missing_is_a_value():
    values = np.array([[1, np.nan, np.nan], [1, np.nan, 2]], np.float32)
    assert without_constants(values).shape == (2, 1)
    assert without_constants(values[:0]).shape == (0, 0)
