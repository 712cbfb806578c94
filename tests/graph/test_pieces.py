import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph.pieces import pieces

sizes = st.lists(st.integers(1, 300), max_size=60).map(lambda counts: np.array(counts, np.int64))


@given(sizes, st.integers(1, 20), st.integers(0, 3), st.integers(0, 3), st.integers(1, 10**5))
def test_every_row_comes_once_and_no_batch_is_beyond_the_budget_but_single_rows(counts, most, node, pair, budget):
    found = list(pieces(counts, most, node, pair, budget))
    assert sorted(np.concatenate([np.zeros(0, int), *found]).tolist()) == list(range(len(counts)))
    for rows in found:
        assert 1 <= len(rows) <= most
        largest = int(counts[rows].max())
        assert len(rows) == 1 or len(rows) * largest * (node + pair * largest) <= budget


@given(sizes, st.integers(1, 20))
def test_within_the_budget_rows_come_as_numbered(counts, most):
    assert [rows.tolist() for rows in pieces(counts, most, 1, 1)] == [
        list(range(first, min(first + most, len(counts)))) for first in range(0, len(counts), most)
    ]


def test_one_large_row_does_not_split_the_others():
    counts = np.full(256, 8)
    counts[100] = 2000
    assert [len(rows) for rows in pieces(counts, 256, 1000, 100)] == [255, 1]
