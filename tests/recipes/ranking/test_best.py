import numpy as np

from archflow.recipes.ranking.best import Best, Rows
from archflow.spaces import NASBench201


def rows(scores, first, digests):
    count = len(scores)
    numbers = np.arange(first, first + count)
    both = np.stack([np.array(digests, np.uint64), np.zeros(count, np.uint64)], 1)
    values = np.array(scores, float)
    return Rows(NASBench201().enumerate()[numbers], values, values, values * np.nan, numbers, both)


def test_the_best_of_a_stream_are_those_of_all():
    generator = np.random.default_rng(0)
    digests = generator.integers(0, 150, 400)
    scores = generator.normal(size=400).round(1)  # many ties
    best = Best(20)
    for first in range(0, 400, 50):
        some = slice(first, first + 50)
        best.add(rows(scores[some], first, digests[some]).best(20))
    classes = {}
    for row in np.argsort(-scores, kind="stable").tolist():
        classes.setdefault(digests[row], row)
    order = list(classes.values())[:20]
    assert best.rows is not None
    assert best.rows.number.tolist() == order
    assert list(best.rows.architectures) == list(NASBench201().enumerate()[order])


def test_no_class_is_kept_twice():
    best = Best(3)
    best.add(rows([1, 2], 0, [7, 8]))
    best.add(rows([1, 9], 2, [8, 7]))
    assert best.rows is not None
    assert best.rows.number.tolist() == [3, 1]
    best.add(rows([0, 0.5, 0.5], 4, [1, 2, 3]))
    assert best.rows.score.tolist() == [9, 2, 0.5]
    assert best.rows.number.tolist() == [3, 1, 5]
