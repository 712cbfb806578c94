"""What runs draw: rows apart, labels nested, seeds and permutations as promised."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from archflow.errors import ArchflowError
from archflow_reproduce.protocol.runs import MODEL_SEEDS
from archflow_reproduce.travel.pool import LEAST, MOST, Pool, draw, label_count, rows_of
from tests.reproduce.travel.pools import pool


@given(arrays.arrays(np.uint64, st.integers(0, 50)))
def test_every_architecture_is_for_choices_or_for_results(hashes):
    both = np.concatenate([rows_of(hashes, "development"), rows_of(hashes, "reported")])
    assert sorted(both) == list(range(len(hashes)))
    assert set(hashes[rows_of(hashes, "development")] % np.uint64(10)) <= {0, 1, 2}


def test_other_rows_are_refused():
    with pytest.raises(ArchflowError, match="rows 'test': there are reported and development"):
        rows_of(np.zeros(3, np.uint64), "test")


@given(st.integers(1, 10**6), st.floats(0.1, 100))
def test_shares_stay_within_their_bounds(rows, share):
    assert LEAST <= label_count(f"{share:.3f}%", rows) <= MOST


def test_budgets():
    assert [label_count(budget, 15625) for budget in ("30", "7", "1%", "5%")] == [30, 7, 156, 500]
    assert label_count("1%", 300) == 30


@pytest.mark.parametrize("budget", ["0", "-3", "x", "1.5", "0%", "101%", "nan%", "inf%", "nan", "%", "", "10000000000"])
def test_other_budgets_are_refused(budget):
    with pytest.raises(ArchflowError, match="give a count such as 30, or a percentage such as 1%"):
        label_count(budget, 100)


def test_three_runs_are_three_seeds_on_three_permutations_and_nine_are_all_pairs():
    cells = pool()
    tasks = [draw(cells, 20, run, Path()) for run in range(9)]
    drawn = [(each.seed, tuple(each.labelled)) for each in tasks]
    for first in (0, 3, 6):
        assert {seed for seed, _ in drawn[first : first + 3]} == set(MODEL_SEEDS)
        assert len({rows for _, rows in drawn[first : first + 3]}) == 3
    assert len(set(drawn)) == 9
    assert len({rows for _, rows in drawn}) == 3


@given(st.integers(1, 60), st.integers(0, 8))
def test_labels_are_never_tested_and_fewer_are_the_first_of_more(labels, run):
    cells = pool()
    drawn = draw(cells, labels, run, Path())
    assert len(drawn.labelled) == labels
    assert sorted([*drawn.labelled, *drawn.test]) == list(range(len(cells)))
    assert np.array_equal(draw(cells, 60, run, Path()).labelled[:labels], drawn.labelled)
    assert np.array_equal(drawn.y, cells.labels[drawn.labelled])
    assert np.array_equal(drawn.truth, cells.labels[drawn.test])


def test_the_test_rows_of_a_large_pool_are_the_same_for_every_budget(monkeypatch):
    monkeypatch.setattr("archflow_reproduce.travel.pool.TESTED", 50)
    cells = pool()
    tests = [draw(cells, labels, 1, Path()).test for labels in (10, 30, 60)]
    assert len(tests[0]) == 50
    assert np.array_equal(tests[0], tests[1])
    assert np.array_equal(tests[0], tests[2])


def test_too_many_labels_are_refused():
    with pytest.raises(ArchflowError, match="cells: 61 labels of 120 architectures"):
        draw(pool(), 61, 0, Path())


def test_features_have_no_constant_columns_and_know_no_labels():
    cells = pool()
    other = Pool(cells.entry, cells.table, -cells.labels, cells.whole)
    for kind in ("plain", "columns", "counts"):
        found = cells.features(kind)
        assert len(found) == len(cells)
        assert (found != found[:1]).any(0).all()
        assert np.array_equal(found, other.features(kind))
    assert pool(columns=False).features("columns").shape == (120, 0)
