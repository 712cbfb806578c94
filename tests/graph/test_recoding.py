"""Operation ids of one vocabulary in those of another."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet, Vocabulary
from archflow.graph.recoding import check_unused, ids_in


def test_ids_are_those_of_the_other_vocabulary():
    np.testing.assert_array_equal(ids_in(Vocabulary(("b", "a")), Vocabulary(("a", "b", "c"))), [1, 0, -1])
    np.testing.assert_array_equal(ids_in(Vocabulary(("a", "[unknown]")), Vocabulary(("a", "c"))), [0, 1])


def test_parts_are_counted_together():
    vocabulary = Vocabulary(("a", "b", "c"))
    parts = [
        ArchitectureSet.from_architectures([Architecture(ops, ()) for ops in some], vocabulary)
        for some in ([("a",), ("a", "a")], [("a",), ("c", "a", "c")], [("b", "c")])
    ]
    check_unused(parts, np.array([False, False, False]), vocabulary)
    with pytest.raises(
        ArchflowError, match=r"^row 3: unknown operations 'c' \(in 2 of 5 rows\), 'b' \(in 1 of 5 rows\);"
    ):
        check_unused(parts, np.array([False, True, True]), Vocabulary(("a",)))
