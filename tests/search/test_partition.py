import numpy as np

from archflow.search.partition import Partition, below, by_clusters, by_values

GENERATOR = np.random.default_rng(0)
CENTRES = np.array([[0, 0], [0, 1], [9, 0], [9, 1]], float)
OF = GENERATOR.integers(4, size=80)
X = CENTRES[OF] + GENERATOR.normal(0, 0.05, (80, 2))


def test_clusters_are_found_one_in_the_other():
    leaves = Partition(X, by_clusters(X, 5), 2).leaves(X)
    assert len(np.unique(leaves)) == 4
    assert all(len(np.unique(leaves[each == OF])) == 1 for each in range(4))
    assert len(np.unique(leaves[OF < 2] // 2)) == 1


def test_an_unseen_row_has_the_leaf_of_its_cluster():
    tree = Partition(X, by_clusters(X, 5), 2)
    assert (tree.leaves(CENTRES)[OF] == tree.leaves(X)).all()


def test_the_upper_half_promises_more():
    y = X[:, 1] + 0.01 * X[:, 0]
    leaves = Partition(X, by_values(X, y, 5), 1).leaves(X)
    assert set(leaves.tolist()) == {2, 3}
    assert y[leaves == 3].mean() > y[leaves == 2].mean() + 0.8


def test_few_rows_equal_rows_and_equal_values_stay_together():
    assert set(Partition(X[:9], by_clusters(X[:9], 5), 3).leaves(X)) == {1}
    same = np.ones((20, 2))
    assert set(Partition(same, by_clusters(same, 5), 3).leaves(same)) == {1}
    assert set(Partition(X, by_values(X, np.ones(80), 5), 3).leaves(X)) == {1}


def test_leaves_are_below_what_they_are_halves_of():
    leaves = np.array([0, 1, 4, 5, 9, 20])
    assert below(leaves, 1).tolist() == [False, True, True, True, True, True]
    assert below(leaves, 2).tolist() == [False, False, True, True, True, True]
    assert below(leaves, 5).tolist() == [False, False, False, True, False, True]
