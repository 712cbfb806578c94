import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.search.growing import GrowingArray, GrowingSet
from archflow.spaces import NASBench201, NATSSize
from archflow.testing.graphs import random_architectures

GRAPHS = random_architectures(40, seed=1)


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(0, 2))
def test_it_holds_what_was_added(counts: list[int], width: int) -> None:
    shape = (width,) if width else ()
    array, parts = GrowingArray(np.zeros((0, *shape))), [np.zeros((0, *shape))]
    for number, count in enumerate(counts):
        before = array.rows
        parts.append(np.full((count, *shape), number))
        array.extend(parts[-1])
        np.testing.assert_array_equal(before, np.concatenate(parts[:-1]))
    np.testing.assert_array_equal(array.rows, np.concatenate(parts))


def test_what_it_gives_is_not_written_to() -> None:
    array = GrowingArray(np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        array.rows[0] = 1


@given(st.lists(st.lists(st.integers(0, 39), max_size=6), max_size=6))
def test_a_growing_set_is_the_sets_one_after_the_other(parts: list[list[int]]) -> None:
    growing, before = GrowingSet(GRAPHS.vocabulary), None
    for rows in parts:
        before = growing.architectures
        kept = list(before)
        growing.append(GRAPHS.select(rows))
        assert list(before) == kept
    assert list(growing.architectures) == [GRAPHS[row] for rows in parts for row in rows]


def test_attributes_come_along() -> None:
    space = NATSSize()
    some = space.sample(9, np.random.default_rng(0))
    growing = GrowingSet(space.vocabulary)
    for rows in ([0, 1], [2], [3, 4, 5, 6, 7, 8]):
        growing.append(some.select(rows))
    assert list(growing.architectures) == list(some)
    plain = some.with_attributes(None, ())
    growing.append(plain)
    assert list(growing.architectures) == list(ArchitectureSet.concatenate([some, plain]))


def test_another_vocabulary_is_refused() -> None:
    growing = GrowingSet(GRAPHS.vocabulary)
    with pytest.raises(ArchflowError, match="different vocabularies"):
        growing.append(NASBench201().sample(1, np.random.default_rng(0)))
    assert len(growing.architectures) == 0
