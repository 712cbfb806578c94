import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph.lookup import rows_of

HASHES = st.lists(st.integers(0, 9) | st.just(2**64 - 1), max_size=12)


@given(HASHES, HASHES)
def test_rows_are_the_first_with_that_hash(known, wanted):
    found = rows_of(np.array(known, np.uint64), np.array(wanted, np.uint64))
    assert found.tolist() == [known.index(each) if each in known else -1 for each in wanted]
