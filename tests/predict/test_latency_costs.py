import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.latency_costs import checked_rows, of_nodes, summed, total
from tests.predict.test_latency_baselines import networks


def test_costs_are_columns_or_sums_over_nodes():
    table = Table(networks(5), {})
    sums = total(table, "macs")
    values = of_nodes(table, "macs")
    assert values is not None
    np.testing.assert_allclose(sums, summed(table.architectures.node_owner, values, 5))
    np.testing.assert_array_equal(total(table.with_metrics({"flops": np.arange(5.0)}), "macs"), np.arange(5.0))


def test_a_latency_for_every_row():
    with pytest.raises(ArchflowError, match="2 latencies for 5 rows"):
        checked_rows(Table(networks(5), {}), [1.0, 2.0])
