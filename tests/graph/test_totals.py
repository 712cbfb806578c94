"""Totals of an architecture as attributes of its nodes."""

import numpy as np

from archflow.graph.totals import with_totals
from archflow.testing import random_architectures

NAMES = ("macs", "params")
SOME = random_architectures(12, seed=3, attributes=NAMES)


def test_totals_are_the_sums_of_an_architecture():
    found = with_totals(SOME)
    assert set(found.attribute_names) == {*NAMES, "total_macs", "total_params", "total_nodes"}
    macs = np.nan_to_num(SOME.attribute("macs").astype(float))
    sums = np.bincount(SOME.node_owner, macs, len(SOME))
    np.testing.assert_allclose(found.attribute("total_macs"), sums[SOME.node_owner], rtol=1e-5)
    np.testing.assert_array_equal(found.attribute("total_nodes"), SOME.node_counts[SOME.node_owner])
    again = with_totals(found)
    assert again.attribute_names == found.attribute_names
