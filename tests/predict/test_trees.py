"""Trees as arrays give what scikit-learn's give, and those of a file end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor

from archflow.errors import ArchflowError
from archflow.predict import trees
from archflow.predict.trees import DEEPEST, Trees


def planted(count: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, (count, 5)) / 3  # thresholds lie between values that float32 rounds
    return x.astype(np.float32), x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(0, 0.1, count)


def forests(kind=ExtraTreesRegressor, folds: int = 3):
    x, y = planted()
    return [kind(7, max_depth=DEEPEST, random_state=fold).fit(x, y) for fold in range(folds)]


@pytest.mark.parametrize("kind", [ExtraTreesRegressor, RandomForestRegressor])
def test_forests_give_what_scikit_learn_gives(kind, monkeypatch):
    fitted, (x, _) = forests(kind), planted(300, seed=1)
    own = Trees.of([[tree.tree_ for tree in forest.estimators_] for forest in fitted])
    each = np.stack([[tree.predict(x) for tree in forest.estimators_] for forest in fitted])
    mean, std = own(x)
    np.testing.assert_allclose(mean, each.mean(1), rtol=1e-12)
    np.testing.assert_allclose(std, each.std(1), atol=1e-12)
    monkeypatch.setattr(trees, "TOGETHER", 100)
    np.testing.assert_allclose(own(x), (mean, std), atol=1e-12)


def test_boosted_trees_give_what_scikit_learn_gives():
    (x, y), (new, _) = planted(), planted(300, seed=1)
    model = GradientBoostingRegressor(init="zero", n_estimators=30, learning_rate=0.2, subsample=0.7).fit(x, y)
    own = Trees.of([[tree.tree_ for tree in model.estimators_[:, 0]]], scale=0.2 * 30)
    np.testing.assert_allclose(own(new)[0][0], model.predict(new), atol=1e-12)


def test_values_at_a_threshold_go_as_scikit_learn_sends_them():
    x = np.array([[0.1], [0.3]], np.float32)
    tree = ExtraTreesRegressor(1, random_state=0).fit(x, [0.0, 1.0]).estimators_
    threshold = tree[0].tree_.threshold[0]
    around = np.float32(threshold) + np.spacing(np.float32(threshold)) * np.arange(-2, 3, dtype=np.float32)
    own = Trees.of([[tree[0].tree_]])
    np.testing.assert_array_equal(own(around[:, None])[0][0], tree[0].predict(around[:, None]))


def arrays() -> dict[str, np.ndarray]:
    return Trees.of([[tree.tree_ for tree in forest.estimators_] for forest in forests()]).arrays()


def test_restored_trees_give_the_same():
    x, _ = planted(50, seed=2)
    given_ = arrays()
    fitted = Trees.of([[tree.tree_ for tree in forest.estimators_] for forest in forests()])
    restored = Trees.restored({name: each.copy() for name, each in given_.items()}, 5, 3)
    assert restored.depth == fitted.depth
    np.testing.assert_array_equal(restored(x), fitted(x))


@pytest.mark.parametrize(
    ("name", "value"),
    [("left", 0), ("right", 0), ("left", 10**6), ("feature", 5), ("feature", -1), ("roots", 10**6), ("value", np.nan)],
)
def test_trees_that_would_not_end_or_look_elsewhere_are_refused(name, value):
    damaged = arrays()
    node = 0 if name == "roots" else int(np.flatnonzero(damaged["left"] != np.arange(len(damaged["left"])))[1])
    damaged[name].flat[node] = value
    with pytest.raises(ArchflowError):
        Trees.restored(damaged, 5, 3)


def chain(length: int) -> dict[str, np.ndarray]:
    own = np.arange(length + 1)
    return {
        "feature": np.zeros(length + 1, np.int64),
        "threshold": np.zeros(length + 1),
        "left": np.minimum(own + 1, length),
        "right": np.minimum(own + 1, length),
        "value": np.zeros(length + 1),
        "roots": np.zeros((1, 1), np.int64),
    }


def test_trees_that_take_too_long_are_refused():
    assert Trees.restored(chain(DEEPEST), 1, 1).depth == DEEPEST
    with pytest.raises(ArchflowError, match="deeper"):
        Trees.restored(chain(DEEPEST + 1), 1, 1)


@pytest.mark.parametrize("nodes", [0, 1])
def test_no_trees_are_refused(nodes):
    empty = {name: each[:nodes] for name, each in chain(0).items()} | {"roots": np.zeros((1, 0), np.int64)}
    with pytest.raises(ArchflowError):
        Trees.restored(empty, 1, 1)


@given(st.integers(0, 2**32 - 1))
def test_whatever_is_accepted_can_be_evaluated(seed):
    rng, damaged = np.random.default_rng(seed), arrays_of_one()
    name = rng.choice(["feature", "left", "right", "roots"])
    damaged[name].flat[rng.integers(damaged[name].size)] = rng.integers(-1, 30)
    try:
        restored = Trees.restored(damaged, 5, 1)
    except ArchflowError:
        return
    assert np.isfinite(restored(planted(20)[0])).all()


def arrays_of_one() -> dict[str, np.ndarray]:
    x, y = planted(20)
    return Trees.of([[tree.tree_ for tree in ExtraTreesRegressor(2, max_depth=3, random_state=0).fit(x, y)]]).arrays()
