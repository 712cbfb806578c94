"""Which architectures of a reference are looked at."""

import numpy as np
import pytest

from archflow.graph.table import Table
from archflow.predict.reference import reference_rows, with_gaps_of
from archflow.testing import random_architectures

KNOWN = random_architectures(40, seed=0)
RARE = np.where(np.arange(40) % 8 == 3, 1.0, np.nan)


@pytest.mark.parametrize("most", [1, 7, 20, 40, 100])
def test_rows_are_distinct_and_ascending(most):
    rows = reference_rows(Table(KNOWN, {"rare": RARE}), most, ["rare", "missing"])
    assert len(rows) == min(most, 40)
    assert (np.diff(rows) > 0).all()


def test_rows_with_a_wanted_value_are_preferred():
    table = Table(KNOWN, {"rare": RARE})
    assert np.isfinite(RARE[reference_rows(table, 10, ["rare"])]).sum() == 5
    assert np.isfinite(RARE[reference_rows(table, 10)]).sum() < 3


def test_labelled_rows_have_gaps_as_often_as_the_reference():
    known = Table(KNOWN, {"rare": np.arange(40.0), "other": np.arange(40.0)})
    found = with_gaps_of(known, Table(KNOWN, {"rare": RARE}), ["rare", "other", "missing"], 0)
    there = np.isfinite(found.metric("rare"))
    assert 1 <= there.sum() <= 12
    np.testing.assert_array_equal(found.metric("rare")[there], np.arange(40.0)[there])
    np.testing.assert_array_equal(found.metric("other"), np.arange(40.0))
