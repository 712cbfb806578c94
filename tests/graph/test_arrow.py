import numpy as np
import pyarrow as pa
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.arrow import attribute_columns, from_columns, to_columns

CELLS = ArchitectureSet.from_architectures(
    [
        Architecture(("input", "conv", "output"), ((0, 1), (1, 2)), {"kernel": [np.nan, 3, np.nan]}),
        Architecture(("input", "output"), ((0, 1),)),
    ]
)


def test_columns_hold_the_architectures():
    columns = pa.table(to_columns(CELLS))
    assert columns["ops"].to_pylist() == [["input", "conv", "output"], ["input", "output"]]
    assert columns["edge_dst"].to_pylist() == [[1, 2], [1]]
    assert columns["node_kernel"].to_pylist() == [[None, 3, None], [None, None]]
    again = from_columns(columns)
    assert np.array_equal(again.hashes, CELLS.hashes)
    np.testing.assert_array_equal(again.attribute("kernel"), CELLS.attribute("kernel"))


def test_attributes_are_lists_by_kind_or_by_their_first_text():
    columns = pa.table(
        {"node_a": [[1.0]], "node_b": ["[1, nan]"], "node_c": ["1,2"], "node_d": ["one"], "node_": [[1]], "a": [[1]]}
    )
    assert attribute_columns(columns) == ["node_a", "node_b", "node_c"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"edge_dst": [[1, 2], []]}, "row 1: edge_src has 1 entries, edge_dst 0"),
        ({"node_kernel": [[3.0, 3.0], None]}, "row 0: node_kernel has 2 entries, ops 3"),
        ({"edge_src": None}, "no column 'edge_src'; .* \\(here: ops, edge_dst, node_kernel\\)"),
    ],
)
def test_columns_that_do_not_belong_together_are_named_by_their_row(changed, message):
    columns = {**to_columns(CELLS), **changed}
    with pytest.raises(ArchflowError, match=message):
        from_columns(pa.table({name: values for name, values in columns.items() if values is not None}))
