"""Sets that are read in parts: the same as sets in memory, whatever is asked of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary, streamed
from archflow.graph.batch import Batch
from archflow.graph.effective import VIEWS
from archflow.graph.positions import with_positions
from archflow.graph.streamed import StreamedSet, concatenated
from archflow.testing import random_architectures
from tests.strategies import VOCABULARY, sets
from tests.tables import in_parts

BY_ROW = ("node_counts", "edge_counts", "op_counts", "depths", "cell_counts", "hashes", "node_ptr", "edge_ptr")


def assert_same(found: ArchitectureSet, expected: ArchitectureSet) -> None:
    for name, values in expected.columns.items():
        if isinstance(values, np.ndarray):
            np.testing.assert_array_equal(found.columns[name], values, err_msg=name)
        else:
            assert found.columns[name] == values


@given(sets(max_size=12, attributes=True), st.integers(1, 40), st.sampled_from(sorted(VIEWS)), st.data())
def test_whatever_the_parts_it_is_the_set(architectures, most, view, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed, "LOADED", most)
        parts = in_parts(architectures)
        assert sum(len(some) for some in parts.pieces()) == len(parts) == len(architectures)
        rows = data.draw(st.lists(st.integers(-len(parts), len(parts) - 1), max_size=8))
        assert_same(parts.select(rows), architectures.select(rows))
        assert_same(parts[1:], architectures[1:])
        assert parts[-1] == architectures[-1]
        for some, whole in ((parts, architectures), (parts.converted(VIEWS[view]), VIEWS[view](architectures))):
            for name in BY_ROW:
                np.testing.assert_array_equal(getattr(some, name), getattr(whole, name), err_msg=name)
            assert "op" not in vars(some), "values by row load one part after the other"
        positions = parts.converted(with_positions)
        assert_same(positions, with_positions(architectures))
        assert_same(pickle.loads(pickle.dumps(parts)), architectures)
        assert_same(concatenated([parts, architectures, parts]), ArchitectureSet.concatenate([architectures] * 3))
        known = Vocabulary(VOCABULARY.ops[1:])
        np.testing.assert_array_equal(parts.known_to(known), architectures.known_to(known))
        said = []
        for each in (parts, architectures):
            try:
                each.recoded(known)
                said.append("")
            except ArchflowError as error:
                said.append(str(error))
        assert said[0] == said[1]


def test_a_batch_is_that_of_the_set_in_memory():
    architectures = random_architectures(40, 3)
    rows = np.array([30, 2, 2, 17])
    one, other = Batch(architectures, rows), Batch(in_parts(architectures), rows)
    for name in ("op", "node_ptr", "level", "canonical_label", "rank", "cell", "dense_edges"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("source", "target", "ptr", "by_source", "source_ptr"):
        np.testing.assert_array_equal(getattr(one.undirected, name), getattr(other.undirected, name))
    with pytest.raises(IndexError):
        Batch(in_parts(architectures), np.array([40]))


def test_no_part_is_larger_than_allowed_unless_it_is_one_architecture(monkeypatch):
    monkeypatch.setattr(streamed, "LOADED", 50)
    architectures = random_architectures(60, 1)
    sizes = [len(some.op) + len(some.edge_src) for some in in_parts(architectures).pieces()]
    assert len(sizes) > 5
    assert max(sizes) <= 50
    monkeypatch.setattr(streamed, "LOADED", 1)
    assert [len(some) for some in in_parts(architectures).pieces()] == [1] * 60
    assert isinstance(in_parts(architectures).select([1, 2]), StreamedSet), "more than is loaded at once"


def test_errors_name_the_row_of_the_whole_set(monkeypatch):
    monkeypatch.setattr(streamed, "LOADED", 20)
    architectures = random_architectures(30, 1)
    wrong = architectures.hashes[23]

    def refuse(some):
        if (some.hashes == wrong).any():
            raise ArchflowError(f"row {np.argmax(some.hashes == wrong)}: is refused")
        return some

    with pytest.raises(ArchflowError, match=r"^row 23: is refused$"):
        list(in_parts(architectures).converted(refuse).pieces())
    with pytest.raises(AttributeError, match="nothing"):
        _ = in_parts(architectures).nothing
