"""What importing gives, and tables of it."""

import math

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow.importers import table_of
from archflow.importers.model import imported
from archflow.importers.steps import Steps
from archflow.importers.vocabulary import COLUMNS


def small(name="small", op="relu", width=4, shape=(2, 4)):
    steps = Steps()
    x, w = steps.input((2, width)), steps.weight("w", (4, width))
    return imported(name, steps, [steps.apply(op, [steps.apply("linear", [x, w], (2, 4))], shape)])


def test_columns_and_attributes():
    found = small()
    assert found.architecture.ops == ("input", "linear", "relu", "output")
    assert found.columns | {"resolution": 0} == {
        **{"params": 16, "macs": 32, "nodes": 4, "opaque": 0, "batch": 2, "resolution": 0},
        "bytes": 4 * (8 + (8 + 16 + 8) + (8 + 8)),
    }
    assert math.isnan(found.columns["resolution"])


def test_an_unknown_cost_is_empty_and_no_sum_of_the_rest():
    found = small(shape=None)
    assert found.columns["macs"] == 32
    assert math.isnan(found.columns["bytes"])
    steps = Steps()
    y = steps.apply("linear", [steps.input(None), steps.weight("w", (4, 4))], None)
    assert math.isnan(imported("unknown", steps, [y]).columns["macs"])


def test_an_opaque_node_is_counted_and_adds_no_cost():
    found = small(op="frobnicate", shape=None)
    assert found.opaque == {"frobnicate": 1}
    assert (found.columns["opaque"], found.columns["macs"], found.columns["params"]) == (1, 32, 16)


def test_an_embedding_reads_the_rows_that_it_gives():
    steps = Steps()
    y = steps.apply("embedding", [steps.weight("table", (1000, 8)), steps.input((2, 3), 8)], (2, 3, 8))
    found = imported("embedding", steps, [y])
    assert found.architecture.attributes["bytes"][1] == 6 * 8 + 2 * (48 * 4)
    assert found.architecture.attributes["params"][1] == 8000


def test_a_table_has_a_row_for_each_and_is_read_as_it_was_written(tmp_path):
    models = [small(f"model {number}", width=number + 1, op=f"op_{number}") for number in range(40)]
    table = table_of(iter(models))
    table.write(tmp_path / "t.parquet")
    again = read_table(tmp_path / "t.parquet")
    assert again.texts("name") == [model.name for model in models]
    assert set(COLUMNS) <= set(again.column_names)
    assert list(again.architectures) == [model.architecture for model in models]
    for column in COLUMNS:
        np.testing.assert_array_equal(again.metric(column), [model.columns[column] for model in models])
    assert again.called(3) == "model 3"
    with pytest.raises(ArchflowError, match="no model"):
        table_of([])
