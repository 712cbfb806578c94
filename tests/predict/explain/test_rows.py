"""Changed architectures as rows: their columns, and what they are compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archflow.graph.table import Table
from archflow.graph.table_columns import TableColumns
from archflow.predict.explain.contract import ByModel
from archflow.predict.explain.effects import effects_of
from archflow.predict.explain.rows import Rows
from archflow.testing import random_architectures


def known() -> Table:
    graphs = random_architectures(6, seed=1)
    return Table(graphs, {"params": np.arange(6.0), "ms": 10 + np.arange(6.0)})


def test_a_known_graph_has_its_columns_and_another_has_none():
    table = known()
    strange = random_architectures(8, seed=9).select([7])
    changed = type(strange).concatenate([table.architectures.select([4]), strange, table.architectures.select([2])])
    rows = Rows.of(table.select([1]), changed, table, "ms", relative=True)
    np.testing.assert_array_equal(rows.table.metric("params"), [1, np.nan, 4, np.nan, 2])
    assert rows.base.tolist() == [0, 1, 0]
    np.testing.assert_allclose(rows.measured, [100 * (14 / 11 - 1), np.nan, 100 * (12 / 11 - 1)])
    given = [1, 1, 4, -1, 2]
    hashes = table.architectures.hashes[[i for i in given if i >= 0]].tolist()
    assert rows.table.architectures.hashes[[0, 1, 2, 4]].tolist() == hashes


def test_the_context_stays_and_decides_which_row_is_meant():
    import pyarrow as pa

    table, graphs = known(), known().architectures
    devices = pa.table({"device": ["a", "b", "a", "b", "a", "b"]})
    table = replace(table, metrics=TableColumns({"ms": table.metric("ms")}, devices))
    rows = Rows.of(table.select([0]), graphs.select([2, 3]), table, "ms", False, ["device"])
    assert rows.table.texts("device") == ["a"] * 4
    assert rows.base.tolist() == [0, 1]  # row 3 is known on another device
    np.testing.assert_array_equal(rows.measured, [2, np.nan])


def test_effects_compare_models_pair_by_pair():
    class Two:
        def by_model(self, table):
            values = np.array([[10.0, 10, 12, 8], [20.0, 20, 22, 18]])[:, :, None]
            return ByModel(values.mean(0), np.ones((4, 1)), values, 1.0)

    table = known()
    rows = Rows.of(table.select([0]), table.architectures.select([1, 2]), table, "ms", False)
    effects = effects_of(Two(), rows, 0, relative=False)  # pyright: ignore[reportArgumentType]  # all that is used
    assert effects.values.tolist() == [2, -2]
    assert effects.deviations.tolist() == [0, 0]
    assert not effects.reads_columns
    relative = effects_of(Two(), rows, 0, relative=True)  # pyright: ignore[reportArgumentType]  # all that is used
    np.testing.assert_allclose(relative.values, [100 * 2 / 15, -100 * 2 / 15])
    np.testing.assert_allclose(relative.deviations, [5, 5])
