import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from archflow.predict.pareto import crowding, first_front, fronts, hypervolume, hypervolume_gains

VALUES = st.integers(1, 3).flatmap(
    lambda m: arrays(np.float64, st.tuples(st.integers(1, 12), st.just(m)), elements=st.integers(0, 6).map(float))
)


def dominated(values, row):
    return any((other >= values[row]).all() and (other > values[row]).any() for other in values)


@given(VALUES)
def test_the_first_front_is_what_nothing_dominates(values):
    assert first_front(values).tolist() == [row for row in range(len(values)) if not dominated(values, row)]


@given(VALUES)
def test_every_front_is_the_first_of_what_those_before_leave(values):
    number = fronts(values)
    for front in range(number.max() + 1):
        left = np.flatnonzero(number >= front)
        assert left[first_front(values[left])].tolist() == np.flatnonzero(number == front).tolist()


@given(VALUES, st.integers(1, 12))
def test_only_enough_rows_get_a_front_of_their_own(values, enough):
    every, some = fronts(values), fronts(values, enough)
    last = every[np.argsort(every)[min(enough, len(every)) - 1]]
    np.testing.assert_array_equal(some, np.minimum(every, last + 1))


@given(VALUES)
def test_the_hypervolume_counts_the_unit_cubes_below(values):
    cubes = itertools.product(range(6), repeat=values.shape[1])
    covered = sum(any((value >= np.array(cube) + 1).all() for value in values) for cube in cubes)
    assert hypervolume(values, np.zeros(values.shape[1])) == covered


@given(VALUES, st.integers(0, 6))
def test_a_row_adds_the_volume_by_which_the_whole_grows(values, count):
    front, reference = values[:count], np.full(values.shape[1], 0.5)
    grown = [hypervolume(np.concatenate([front, row[None]]), reference) for row in values]
    np.testing.assert_allclose(
        hypervolume_gains(values, front, reference), np.array(grown) - hypervolume(front, reference)
    )


def test_crowding_is_infinite_at_the_ends_and_the_gaps_between():
    values = np.array([[0, 10], [1, 6], [4, 4], [10, 0]], float)
    found = crowding(values)
    assert np.isinf(found[[0, 3]]).all()
    np.testing.assert_allclose(found[1:3], [4 / 10 + 6 / 10, 9 / 10 + 6 / 10])
