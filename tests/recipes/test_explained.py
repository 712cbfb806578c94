"""Finding the one architecture to explain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import archflow
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.recipes.explained import one_architecture, row_of

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|"


def test_a_row_is_named_by_number_string_or_hash():
    table = archflow.load("digits201")
    assert table.native is not None
    for row in (0, 17):
        for name in (str(row), table.native[row], table.architectures[row].hash):
            assert row_of(table, name, "digits201") == row
    found = one_architecture("digits201", "17")
    assert found.name == table.native[17]
    assert found.space is not None
    assert found.space.name == "nasbench201"
    assert one_architecture("digits201", "17", "none").space is None


def test_a_native_string_and_a_table_of_one_row(tmp_path: Path):
    found = one_architecture(CELL, space="nasbench201")
    assert found.row.architectures[0].ops[1] == "nor_conv_3x3"
    path = tmp_path / "one.csv"
    Table(found.row.architectures, {"ms": np.ones(1)}).write(path)
    own = one_architecture(str(path))
    assert own.space is None
    assert own.table is not None
    assert own.row.metric("ms").tolist() == [1.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits201",), "2,020 rows; name one with --row"),
        (("digits201", "2020"), "no row 2020"),
        (("digits201", "no such"), "no row is called 'no such'"),
        ((CELL,), "for a native string, give --space"),
        ((CELL, "3", "nasbench201"), "is not a table"),
        (("|nor_conv~0|", None, "nasbench201"), "unknown operation"),
        ((CELL, None, "nasbench"), "no search space is called"),
        (("nowhere.csv",), "nowhere.csv"),
        (("nowhere.onnx",), "nowhere.onnx"),
    ],
)
def test_what_cannot_be_found_is_refused(arguments, message):
    with pytest.raises(ArchflowError, match=message):
        one_architecture(*arguments)
