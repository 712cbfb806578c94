"""Features of each cell."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.features.cells import Cells
from archflow.features.counts import Counts
from archflow.graph.subgraph import induced
from archflow.graph.table import Table
from archflow.spaces import DARTS, NASBench201


def test_each_cell_is_described_by_itself():
    table = Table(DARTS().sample(60, np.random.default_rng(0)))
    features = Cells.of(table)
    found = dict(zip(features.names, features(table).T, strict=True))
    second = Table(induced(table.architectures, table.architectures.cells == 1))
    counts = Counts.of(second)
    for name, values in zip(counts.names, counts(second).T, strict=True):
        np.testing.assert_array_equal(found[f"cell1:{name}"], values)
    assert not np.array_equal(found["cell0:count:sep_conv_3x3"], found["cell1:count:sep_conv_3x3"])


def test_one_cell_is_described_by_others():
    cells = Table(NASBench201().sample(20, np.random.default_rng(0)))
    assert Cells.of(cells).names == ()


def test_another_number_of_cells():
    table = Table(DARTS().sample(20, np.random.default_rng(0)))
    features = Cells.of(table)
    one = Table(induced(table.architectures, table.architectures.cells == 0))
    assert np.isnan(features(one)).all()


def test_a_description_of_cells_with_other_operations_is_refused():
    about = Cells.of(Table(DARTS().sample(20, np.random.default_rng(0)))).to_json()
    with pytest.raises(ArchflowError, match="different operations"):
        Cells.from_json({**about, "ops": ["conv"]})
