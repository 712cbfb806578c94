"""Splits follow the paper, and by class nothing leaks."""

import numpy as np
import pytest

from archflow.data.splits import isomorphism_classes, labelled_rows, pool, shared_classes, split
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.spaces import NASBench201


@pytest.fixture(scope="module")
def cells() -> Table:
    space = NASBench201()
    architectures = space.sample(400, np.random.default_rng(0))
    return Table(architectures, {}, [space.format(a) for a in architectures])


def test_random_split_takes_labels_validation_and_test_in_order():
    order = np.random.default_rng(1).permutation(100)
    parts = split(order, train=50, labels=7, validation=10)
    assert np.array_equal(parts.labelled, order[:7])
    assert np.array_equal(parts.validation, order[50:60])
    assert np.array_equal(parts.test, order[60:])


def test_class_split_keeps_every_class_on_one_side(cells):
    classes = isomorphism_classes(cells)
    order = np.random.default_rng(2).permutation(len(cells))
    loose = split(order, 200, 200, 40)
    assert shared_classes(classes, loose.labelled, loose.test) > 0, "the sample must hold isomorphic cells"
    strict = split(order, 200, 400, 40, classes)
    judged = np.concatenate([strict.validation, strict.test])
    assert shared_classes(classes, strict.labelled, judged) == 0
    assert sorted(np.concatenate([strict.labelled, judged])) == list(range(400))


def test_classes_of_cells_are_the_space_s_and_of_other_tables_the_graph_s(cells):
    by_space = isomorphism_classes(cells)
    by_graph = isomorphism_classes(Table(cells.architectures))
    assert len(np.unique(by_space)) < len(np.unique(by_graph))
    space = NASBench201()
    for a, b in np.random.default_rng(3).integers(0, len(cells), (200, 2)):
        same = space.canonical(cells.architectures[int(a)]) == space.canonical(cells.architectures[int(b)])
        assert same == (by_space[a] == by_space[b])


def test_pool_keeps_the_order_of_a_whole_table_and_draws_from_a_larger_one():
    assert np.array_equal(pool(10, 5, 5), np.arange(10))
    drawn = pool(1000, 30, 20)
    assert len(np.unique(drawn)) == 50
    assert np.array_equal(drawn, pool(1000, 30, 20))
    with pytest.raises(ArchflowError, match="more than the 10"):
        pool(10, 8, 8)


def test_too_small_parts_are_refused():
    with pytest.raises(ArchflowError, match="labelled"):
        split(np.arange(100), 50, 1, 40)
    with pytest.raises(ArchflowError, match="test"):
        split(np.arange(100), 60, 10, 40)


def test_labelled_rows_draws_among_the_measured():
    values = np.full(50, np.nan)
    values[10:30] = 1.0
    assert np.array_equal(labelled_rows(values, None, 0), np.arange(10, 30))
    drawn = labelled_rows(values, 0.5, 0)
    assert len(drawn) == 10
    assert np.isin(drawn, np.arange(10, 30)).all()
    assert len(labelled_rows(values, 7, 0)) == 7
    for labels in (1, 21):
        with pytest.raises(ArchflowError, match="of 20 measured"):
            labelled_rows(values, labels, 0)
