"""Native strings that stay in a file."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from archflow.graph.texts import Texts


@given(st.lists(st.text(), min_size=1), st.data())
def test_it_reads_like_a_list(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    found = Texts(pa.chunked_array([texts[:cut], texts[cut:]], pa.string()))
    row = data.draw(st.integers(-len(texts), len(texts) - 1))
    assert found[row] == texts[row]
    assert found[cut:] == texts[cut:]
    assert (len(found), list(found)) == (len(texts), texts)
    assert found == texts == found
    assert found != [*texts[1:], "more"]
    assert found.index(texts[row]) == texts.index(texts[row])
