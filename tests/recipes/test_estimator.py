"""`ArchitectureRegressor` is what scikit-learn takes for a regressor, on graphs in place of arrays."""

import logging
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import _safe_indexing
from sklearn.utils import estimator_checks as checks
from sklearn.utils.validation import _num_samples

from archflow import ArchitectureRegressor
from archflow.encoders.embedder import as_table
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.predict.objectives import OBJECTIVES
from archflow.recipes import estimator
from archflow.recipes.stacks import RECIPES, Recipe
from tests.tables import scored_cells

TABLE = scored_cells(30)
SCORE = TABLE.metric("score")
PARAMS = SCORE + np.random.default_rng(2).normal(0, 0.3, len(SCORE))
CELLS = Table(TABLE.architectures, {"params": PARAMS, "score": SCORE}, TABLE.native)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """A recipe of one component, so that a fit takes a few milliseconds."""
    monkeypatch.setitem(RECIPES, "plain", Recipe({"ridge": {}}))  # type: ignore[misc]


def plain(**parameters):
    return ArchitectureRegressor("plain", **parameters)


@pytest.mark.parametrize(
    "check",
    [
        checks.check_estimator_cloneable,
        checks.check_estimator_repr,
        checks.check_valid_tag_types,
        checks.check_estimator_tags_renamed,
        checks.check_no_attributes_set_in_init,
        checks.check_do_not_raise_errors_in_init_or_set_params,
        checks.check_parameters_default_constructible,
        checks.check_get_params_invariance,
        checks.check_set_params,
        checks.check_mixin_order,
        checks.check_estimators_unfitted,
    ],
    ids=lambda check: check.__name__,
)
def test_the_checks_of_scikit_learn_that_need_no_arrays(check):
    """All others fit the estimator to arrays of numbers, which are no architectures.

    Those that make sense for graphs follow by hand: fitting returns the estimator, keeps its parameters and does not
    change X, fits are repeatable, and a prediction does not depend on the other rows.
    """
    check("ArchitectureRegressor", ArchitectureRegressor())


def test_fit_returns_the_estimator_and_keeps_its_parameters_and_x():
    unfitted = plain(reference=CELLS)
    before, hashes = unfitted.get_params(), CELLS.architectures.hashes.copy()
    assert unfitted.fit(CELLS, SCORE) is unfitted
    assert unfitted.get_params() == before
    assert CELLS.column_names == ["params", "score"]
    assert (CELLS.architectures.hashes == hashes).all()
    assert isinstance(unfitted.predictor_, StackedPredictor)


@pytest.fixture(scope="module")
def fitted():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "plain", Recipe({"ridge": {}}))  # type: ignore[misc]
        return plain().fit(CELLS, SCORE)


def test_fits_are_repeatable_and_rows_independent(fitted):
    found = fitted.predict(CELLS)
    assert found.shape == SCORE.shape
    again = pickle.loads(pickle.dumps(clone(fitted).fit(CELLS, SCORE)))
    assert np.array_equal(again.predict(CELLS), found)
    order = np.random.default_rng(0).permutation(len(CELLS))
    np.testing.assert_allclose(fitted.predict(CELLS[order]), found[order])
    np.testing.assert_allclose(fitted.predict(CELLS[:1]), found[:1])


def test_it_does_what_the_recipe_does(fitted):
    named = CELLS.with_metrics({"y": SCORE})
    predictor = RECIPES["plain"].predictor()
    predictor.fit(named, metrics=["y"], reference=named)
    assert np.array_equal(fitted.predict(CELLS), predictor.predict(CELLS).mean)


def test_deviations_score_and_refusal_before_fit(fitted):
    with pytest.raises(NotFittedError):
        plain().predict(CELLS)
    with pytest.raises(NotFittedError):
        plain().score(CELLS, SCORE)
    mean, std = fitted.predict(CELLS, return_std=True)
    assert mean.shape == std.shape == SCORE.shape
    assert (std > 0).all()
    assert fitted.score(CELLS, SCORE) > 0.6
    assert fitted.score(CELLS, -SCORE) == -fitted.score(CELLS, SCORE)
    some = np.where(np.arange(len(SCORE)) < 10, SCORE, np.nan)
    assert fitted.score(CELLS, some) == fitted.score(CELLS[:10], SCORE[:10])
    with pytest.raises(ArchflowError, match="no sample_weight"):
        fitted.score(CELLS, SCORE, sample_weight=SCORE)


@pytest.mark.parametrize(
    "form",
    [CELLS, CELLS.architectures, list(CELLS.architectures), CELLS.to_pandas(), CELLS.to_arrow()],
    ids=["table", "set", "list", "pandas", "arrow"],
)
def test_splitters_take_rows_of_every_form(form):
    assert _num_samples(form) == len(CELLS)
    rows = np.array([5, 2, 9])
    part = as_table(_safe_indexing(form, rows))
    assert part.architectures.hashes.tolist() == CELLS.architectures.hashes[rows].tolist()
    if hasattr(form, "shape"):  # it has columns
        assert part.metric("params").tolist() == CELLS.metric("params")[rows].tolist()


def test_columns_stay_with_the_rows_in_cross_validation():
    """The column says almost everything, and the architectures nothing."""
    same = Table(CELLS.architectures.select(np.zeros(len(SCORE), int)), {"params": PARAMS})
    assert cross_val_score(plain(), same, SCORE, cv=2, error_score="raise").min() > 0.6


def test_grid_search_in_a_pipeline():
    steps = make_pipeline(FunctionTransformer(lambda table: table.without(["score"])), plain())
    grid = {"architectureregressor__features": [None, []]}
    found = GridSearchCV(steps, grid, cv=2, error_score="raise", refit=False).fit(CELLS, SCORE)
    assert found.best_params_ == {"architectureregressor__features": None}


def test_unlabelled_rows_and_a_reference_are_not_learnt_from(monkeypatch):
    tasks = []
    monkeypatch.setattr(estimator, "fit_task", lambda predictor, task: tasks.append(task))
    some = pd.Series(np.where(np.arange(len(SCORE)) < 20, SCORE, np.nan), name="score")
    plain(reference=CELLS[:7], lower_is_better=True).fit(CELLS, some)
    (task,) = tasks
    assert task.rows.tolist() == list(range(20))
    assert len(task.table) == len(CELLS) + 7
    assert (list(task.metrics), list(task.lower_is_better)) == (["score"], [True])
    assert np.isnan(task.table.metric("score")[20:]).all()


def test_direction_and_objects_and_seeds():
    latency = OBJECTIVES.get("squared")(lower_is_better=True)
    fitted = plain(objective=latency, random_state=np.random.RandomState(0)).fit(CELLS, SCORE)
    assert [type(each) for each in fitted.predictor_.objectives] == [type(latency)]
    assert fitted.score(CELLS, SCORE) > 0.6  # predictions keep the sign of the labels
    ranks = fitted.predictor_.rank(CELLS).metric("rank_y")
    assert SCORE[ranks == 1] < np.median(SCORE)


@pytest.mark.parametrize(
    ("parameters", "labels", "message"),
    [
        ({}, SCORE[:5], r"y: its shape is \(5,\); give one label for each of 30"),
        ({}, ["good"] * 30, "not all of it are numbers"),
        ({}, np.full(30, np.nan), "0 of 30 architectures are measured"),
        ({"recipe": "plian"}, SCORE, "did you mean 'plain'"),
        ({"objective": "squard"}, SCORE, "did you mean 'squared'"),
        ({"features": ["parms"]}, SCORE, "parms"),
        ({"recipe": "networks", "features": ["params"]}, SCORE, "not of the recipe 'networks'"),
    ],
)
def test_mistakes_are_one_line(parameters, labels, message):
    with pytest.raises(ArchflowError, match=message) as caught:
        ArchitectureRegressor(**{"recipe": "plain", **parameters}).fit(CELLS, labels)
    assert "\n" not in str(caught.value)


def test_labels_in_another_order_than_the_frame_are_refused():
    frame = pd.DataFrame({"ops": [["a", "b"]] * 30, "edge_src": [[0]] * 30, "edge_dst": [[1]] * 30})
    labels, shuffled = pd.Series(SCORE), frame.sample(frac=1, random_state=0)
    with pytest.raises(ArchflowError, match=r"y: its index is that of X in another order; give y\.loc\[X\.index\]"):
        ArchitectureRegressor("plain").fit(shuffled, labels)
    for X, y in ((frame, labels), (shuffled, labels.loc[shuffled.index]), (shuffled, SCORE), (CELLS, labels[::-1])):
        assert len(estimator._labels(y, 30, X)[1]) == 30


def test_notes_go_to_the_log(caplog):
    with caplog.at_level(logging.WARNING, "archflow"):
        plain().fit(CELLS, pd.Series(SCORE, name="latency"))
    assert "the highest latency is taken for the best; if the lowest is, give lower_is_better=True" in caplog.text


def test_options_are_called_as_the_parameters():
    with pytest.raises(ArchflowError, match=r"^features: not of the recipe 'networks'.*give another recipe$"):
        ArchitectureRegressor("networks", features=["params"]).fit(CELLS, SCORE)
