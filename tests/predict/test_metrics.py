import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from archflow.errors import ArchflowError
from archflow.predict.metrics import (
    PAIRWISE,
    kendall_tau,
    kendall_tau_rows,
    mape,
    precision_at,
    precision_curve,
    regression_summary,
    regret_at,
    rmse,
    spearman,
    summary,
    within,
)

tied = st.integers(-3, 3).map(float)
rankings = st.lists(st.tuples(tied, tied), min_size=2, max_size=12).map(lambda pairs: np.array(pairs).T)


def tau_b(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's tau-b from its definition, pair by pair."""
    pairs = [(i, j) for i in range(len(a)) for j in range(i)]
    concordance = sum(np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i, j in pairs)
    apart = [sum(x[i] != x[j] for i, j in pairs) for x in (a, b)]
    return float(concordance / np.sqrt(apart[0] * apart[1])) if all(apart) else 0.0


@given(rankings)
def test_tau_is_its_definition_ties_included(ranking):
    expected = tau_b(*ranking)
    assert kendall_tau(*ranking) == pytest.approx(expected, abs=1e-12)
    assert kendall_tau_rows(*ranking[:, None])[0] == pytest.approx(expected, abs=1e-12)


@given(rankings)
def test_rank_correlations_are_scipys(ranking):
    assume(all(np.ptp(x) > 0 for x in ranking))
    assert kendall_tau(*ranking) == pytest.approx(kendalltau(*ranking).statistic)
    assert spearman(*ranking) == pytest.approx(spearmanr(*ranking).statistic)


def test_rows_are_independent():
    predicted, measured = np.random.default_rng(0).integers(0, 9, (2, 5, 40)).astype(float)
    expected = [kendalltau(p, m).statistic for p, m in zip(predicted, measured, strict=True)]
    np.testing.assert_allclose(kendall_tau_rows(predicted, measured), expected)


def test_long_rows_have_the_same_tau_without_a_matrix_of_pairs():
    import tracemalloc

    predicted, measured = np.random.default_rng(0).integers(0, 900, (2, 2, 3000)).astype(float)
    measured[1] = 4.0  # constant
    measured[0] += predicted[0]
    tracemalloc.start()
    found = kendall_tau_rows(predicted, measured)
    assert tracemalloc.get_traced_memory()[1] < 3000 * 3000
    tracemalloc.stop()
    assert found == pytest.approx([kendalltau(predicted[0], measured[0]).statistic, 0])
    assert len(predicted[0]) > PAIRWISE


def top(values: np.ndarray, k: int) -> set[int]:
    return set(sorted(range(len(values)), key=lambda i: (-values[i], i))[:k])


@given(rankings, st.data())
def test_precision_is_the_overlap_of_the_two_tops(ranking, data):
    predicted, measured = ranking
    ks = list(range(1, len(measured) + 1))
    expected = [len(top(predicted, k) & top(measured, k)) / k for k in ks]
    assert precision_curve(predicted, measured, ks).tolist() == expected
    share = data.draw(st.floats(0.01, 1))
    assert precision_at(share, predicted, measured) == expected[max(1, int(share * len(measured))) - 1]


@given(rankings, st.integers(1, 12))
def test_regret_is_what_the_best_of_the_predicted_top_lacks(ranking, k):
    predicted, measured = ranking
    assert regret_at(k, predicted, measured) == max(measured) - max(measured[i] for i in top(predicted, k))


def test_perfect_and_reversed_rankings():
    values = np.random.default_rng(0).permutation(500).astype(float)
    best = summary(values * 2 + 1, values)
    assert best == pytest.approx({"tau": 1, "spearman": 1, "p_at_1": 1, "p_at_5": 1, "p_at_10": 1, "regret_at_10": 0})
    worst = summary(-values, values)
    assert worst["tau"] == pytest.approx(-1)
    assert (worst["p_at_10"], worst["regret_at_10"]) == (0, 490)
    assert kendall_tau(np.zeros(500), values) == spearman(values, np.zeros(500)) == 0


def test_the_summary_has_each_share_under_its_name():
    """Of 200: the best 2 are found, 5 of the best 10, 15 of the best 20."""
    measured = np.arange(200.0)[::-1]
    found = [0, 1, *range(7, 10), *range(10, 20)]
    order = [*found[:2], *range(100, 105), *found[2:5], *found[5:], *range(2, 7), *range(20, 100), *range(105, 200)]
    predicted = np.empty(200)
    predicted[order] = np.arange(200.0)[::-1]
    shares = {name: value for name, value in summary(predicted, measured).items() if name.startswith("p_at")}
    assert shares == {"p_at_1": 1.0, "p_at_5": 0.5, "p_at_10": 0.75}


def test_errors_are_those_of_the_definition():
    predicted, measured = [1.1, 1.9, 4.2, -8.0], [1.0, 2.0, 4.0, -10.0]
    assert rmse(predicted, measured) == pytest.approx(np.sqrt((0.01 + 0.01 + 0.04 + 4) / 4))
    assert mape(predicted, measured) == pytest.approx((0.1 + 0.05 + 0.05 + 0.2) / 4)
    assert within(0.06, predicted, measured) == 0.5
    assert within(0.15, predicted, measured) == 0.75
    assert regression_summary(predicted, measured) == {
        "rmse": rmse(predicted, measured),
        "mape": mape(predicted, measured),
        "within_5": within(0.05, predicted, measured),
        "within_10": within(0.10, predicted, measured),
    }
    assert regression_summary([107.0, 100.0], [100.0, 100.0])["within_5"] == 0.5
    assert regression_summary([107.0, 100.0], [100.0, 100.0])["within_10"] == 1.0


@pytest.mark.parametrize("metric", [mape, regression_summary])
def test_zero_has_no_relative_error(metric):
    with pytest.raises(ArchflowError, match="row 1: the measured value is 0"):
        metric([1.0, 2.0], [1.0, 0.0])


@pytest.mark.parametrize("metric", [kendall_tau, spearman, summary, rmse, mape, regression_summary])
@pytest.mark.parametrize(
    ("predicted", "measured", "message"),
    [
        ([1.0], [1.0], "at least 2 values"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], r"not \(2,\) and \(3,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], "two equally long lists"),
        ([1.0, np.nan, 3.0], [1.0, 2.0, 3.0], "row 1: the predicted or measured value is not a finite number"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, np.inf], "row 2"),
    ],
)
def test_what_is_no_ranking_is_refused(metric, predicted, measured, message):
    with pytest.raises(ArchflowError, match=message):
        metric(predicted, measured)


def test_errors_may_be_as_large_as_their_squares_are_not():
    measured = np.array([1e300, -2e300, 4e300])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rmse(measured + np.array([3e299, 0, 0]), measured) == pytest.approx(np.sqrt(3.0) * 1e299, rel=1e-9)
