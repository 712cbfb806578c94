"""Ridge regression on features, and on costs alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.predict.components.fitted_linear import PENALTIES, ridge
from archflow.predict.components.line import FittedLine, Line
from archflow.predict.components.ridge import Ridge
from archflow.predict.metrics import kendall_tau
from archflow.testing import check_component
from tests.predict.described import lesson, scores, seen


def left_out(x, y, penalty) -> float:
    """Mean squared error of models fitted to all but one."""
    errors = []
    for row in range(len(y)):
        others = np.arange(len(y)) != row
        centre, middle = x[others].mean(0), y[others].mean()
        inputs = x[others] - centre
        scale = penalty * x.shape[1] * np.eye(x.shape[1])
        weights = np.linalg.solve(inputs.T @ inputs + scale, inputs.T @ (y[others] - middle))
        errors.append(y[row] - middle - (x[row] - centre) @ weights)
    return float(np.square(errors).mean())


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(4, 12), st.integers(1, 15))
def test_the_penalty_has_the_least_leave_one_out_error(seed, count, width):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, width))
    y = x[:, 0] + rng.normal(0, rng.choice([0.1, 1, 10]), count)
    errors = [left_out(x, y, penalty) for penalty in PENALTIES]
    best = PENALTIES[int(np.argmin(errors))]
    inputs = x - x.mean(0)
    expected = np.linalg.solve(inputs.T @ inputs + best * width * np.eye(width), inputs.T @ (y - y.mean()))
    np.testing.assert_allclose(ridge(x, y), [*expected, y.mean() - x.mean(0) @ expected], atol=1e-6)


def test_columns_of_one_value_get_no_weight():
    x = np.zeros((10, 3))
    np.testing.assert_allclose(ridge(x, np.arange(10.0)), [0, 0, 0, 4.5])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_finds_which_way_is_up(sign):
    known = seen(60)
    guess = Line().fit(lesson(known, sign * scores(known)))(known)
    assert sign * kendall_tau(guess.mean.mean(0), scores(known)) > 0.8


def test_a_line_without_costs_takes_the_size_of_the_graph():
    known = seen(60, features=False)
    assert FittedLine.columns(known).shape == (60, 3)
    targets = known.table.architectures.node_counts - 4.0
    guess = Line().fit(lesson(known, targets))(known)
    np.testing.assert_allclose(guess.mean.mean(0), targets, atol=0.2)
    check_component(Line(), known, scores(known))


def test_ridge_needs_features():
    assert not Ridge().applies(lesson(seen(30, features=False)))
    assert Ridge().applies(lesson(seen(30, embeddings=False)))
