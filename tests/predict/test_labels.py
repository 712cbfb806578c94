"""What predictors make of labels far from zero, close together, huge, tiny, or over decades."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import FineTuneSettings, NetworkPredictor
from archflow.predict.objectives import OBJECTIVES, Hinge, Squared
from archflow.predict.unit import Unit
from tests.predict.learnable import target

QUICK = FineTuneSettings(epochs=3, learning_rate=3e-3)
FINE = np.arange(60.0)


def fitted(architectures, y, objective="hinge"):
    predictor = NetworkPredictor(create("gin", architectures, width=8), members=2, objective=objective, settings=QUICK)
    predictor.fit(architectures, y)
    return predictor


def ranks(predictor, architectures) -> np.ndarray:
    return predictor.rank(Table(architectures)).metrics["rank_metric0"]


LINES = [
    (1.0, 1e9),
    (1.0, 1.7e9),
    (100.0, 1e12),
    (1.0, 1e15),
    (0.5, -1e9),
    (1e300, 1e300),
    (1e300, 0.0),
    (1e-9, 0.0),
    (1e-310, 0.0),
]


@pytest.mark.parametrize("objective", ["hinge", "squared"])
def test_the_same_is_learnt_from_labels_on_any_rising_line(architectures, objective):
    """Labels of six values, so that ties are split by differences far below a label's last digit."""
    y = FINE % 6
    first = fitted(architectures, y, objective)
    order = ranks(first, architectures)
    for slope, offset in LINES:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            other = fitted(architectures, slope * y + offset, objective)
            mean, std = other.predict(architectures)
            ends = other.interval(architectures, 0.6)
        np.testing.assert_array_equal(ranks(other, architectures), order, f"{slope} y + {offset}")
        np.testing.assert_allclose((mean - offset) / slope, first.predict(architectures)[0], atol=0.3, rtol=1e-3)
        assert np.isfinite([mean, std, *ends]).all()


@given(st.floats(1e-200, 1e200), st.floats(-1e200, 1e200), st.sampled_from(OBJECTIVES.names()))
def test_an_objective_sees_the_same_in_labels_on_any_rising_line(slope, offset, name):
    y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    on_line = slope * y + offset
    kind = OBJECTIVES.get(name)
    if len(np.unique(on_line)) < 7 or np.ptp(on_line) < 1e-3 * np.abs(on_line).max() or kind.positive:
        return  # digits are lost already; logarithms of a line are another task
    found = []
    for labels in (y, on_line):
        objective = kind().spanning(labels)
        counts = objective.unit.counts(labels)
        found.append(objective.scaled_to(counts).targets(counts))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-9)


def test_labels_near_the_end_of_float64_are_refused_in_one_line(architectures):
    y = np.where(FINE == 5, -1.7e308, FINE)
    with pytest.raises(ArchflowError, match=r"labels: row 5 is -1\.7e\+308, too large .*; give labels in a larger"):
        fitted(architectures, y)


def test_ordinary_labels_count_themselves():
    for lowest, highest in ((0.0, 1.0), (93.1, 94.4), (-1e9, 1e20), (1e-30, 2e-30)):
        assert Unit.of(lowest, highest) == Unit()


@given(st.floats(-1e304, 1e304), st.floats(-1e304, 1e304))
def test_counts_are_of_moderate_size_and_come_back(one, other):
    lowest, highest = sorted((one, other))
    if lowest == highest:
        return
    unit = Unit.of(lowest, highest)
    labels = np.array([lowest, lowest / 2 + highest / 2, highest])
    counts = unit.counts(labels)
    assert np.abs(counts).max() < 2.0**301
    assert np.abs(counts).max() > 2.0**-302
    np.testing.assert_allclose(unit.labels(counts), labels, rtol=1e-15, atol=1e-15 * np.abs(labels).max())


def test_predictions_of_positive_labels_over_decades_are_positive(architectures):
    y = np.geomspace(0.01, 792, 60)[np.random.default_rng(0).permutation(60)]
    predictor = fitted(architectures, y, Hinge(lower_is_better=True))
    mean, std = predictor.predict(architectures)
    low, high = predictor.interval(architectures, 0.8)
    assert (mean > 0).all()
    assert (low > 0).all()
    assert (std > 0).all()
    assert ((low <= mean) & (mean <= high)).all()
    rank = ranks(predictor, architectures)
    assert (np.diff(mean[np.argsort(rank)]) >= 0).all()
    half = np.median(mean)
    assert half < 100  # the middle of the labels is 2.8, of their range 396


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("objective", ["hinge", "squared"])
@pytest.mark.parametrize("lowest", [0.0, 0.5])
def test_predictions_have_no_sign_that_no_label_has(architectures, objective, sign, lowest):
    y = sign * (lowest + np.random.default_rng(0).exponential(5.0, 60).round(2) * (FINE > 9))
    predictor = fitted(architectures, y, objective)
    others = create("gin", architectures).prepare(architectures).select(np.arange(60))
    mean, _ = predictor.predict(others)
    for values in (mean, *predictor.interval(others, 0.8)):
        assert (sign * values >= 0).all()


def test_a_regression_whose_scores_run_away_keeps_the_sign_of_its_labels():
    labels = np.linspace(1.0, 50.0, 20)
    for sign in (1, -1):
        objective = Squared().spanning(sign * labels).scaled_to(sign * labels)
        values = objective.outputs(np.linspace(-9, 9, 50), np.zeros(0))
        assert (sign * values > 0).all()
        assert (np.diff(values) > 0).all()
        assert (sign * values).max() > 100  # larger networks may well be slower than all measured ones


@pytest.mark.parametrize("lower", [False, True])
@given(st.lists(st.floats(-3, 3), min_size=5, max_size=30, unique=True), st.floats(1, 90))
def test_predictions_stay_near_the_labels_and_in_order(lower, scores, spread):
    """Scores far beyond those of the labelled architectures."""
    scores = np.sort(np.float32(scores).astype(float))
    if np.diff(scores).min() < 1e-4:
        return
    labels = 20 + spread * np.linspace(0, 1, len(scores)) ** 2
    labels = labels[::-1] if lower else labels
    objective = Hinge(lower_is_better=lower).spanning(labels).scaled_to(labels)
    far = np.concatenate([scores[0] - np.geomspace(20, 1e-3, 30), scores, scores[-1] + np.geomspace(1e-3, 20, 30)])
    values = objective.outputs(far, objective.output_map(scores, labels))
    assert (objective.sign * np.diff(values) > 0).all()
    reach = np.ptp(labels) / 10
    assert labels.min() - reach < values.min()
    assert values.max() < labels.max() + 1.001 * reach


def test_the_best_is_not_far_above_the_best_label(architectures):
    few = np.argsort(target(architectures), kind="stable")[:30]  # the best are not among the labelled
    y = 20 + 40 * target(architectures)[few]
    predictor = NetworkPredictor(
        create("gin", architectures, width=8), members=2, settings=FineTuneSettings(epochs=25, learning_rate=5e-3)
    )
    predictor.fit(architectures.select(few), y)
    mean, _ = predictor.predict(architectures)
    assert mean.max() <= y.max() + 0.101 * np.ptp(y)
    assert mean.min() >= y.min() - 0.101 * np.ptp(y)
    assert len(np.unique(mean)) == len(np.unique(predictor.scores(architectures).sum(0)))
