import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, Vocabulary
from archflow.graph.graphs import packed

CELL = Architecture(("input", "conv", "output"), ((0, 1), (1, 2)), {"kernel": [np.nan, 3, np.nan]})
BARE = Architecture(("input", "output"), ((0, 1),))


def test_objects_become_columns():
    both = packed([CELL, BARE])
    assert both.vocabulary.ops == ("input", "output", "conv")
    assert [both.vocabulary.ops[op] for op in both.op] == [*CELL.ops, *BARE.ops]
    assert (both.node_ptr.tolist(), both.edge_ptr.tolist()) == ([0, 3, 5], [0, 2, 3])
    assert [nodes.tolist() for nodes in both.edge_nodes] == [[0, 1, 3], [1, 2, 4]]
    assert both.node_owner.tolist() == [0, 0, 0, 1, 1]
    assert both.node_place.tolist() == [0, 1, 2, 0, 1]
    assert both.op_counts.tolist() == [[1, 1, 1], [1, 1, 0]]
    np.testing.assert_array_equal(both.attribute("kernel"), [np.nan, 3, np.nan, np.nan, np.nan])
    assert np.isnan(both.attribute("stride")).all()


def test_an_operation_that_the_vocabulary_lacks_is_refused():
    with pytest.raises(ArchflowError, match="conv"):
        packed([CELL], Vocabulary(("input", "output")))
