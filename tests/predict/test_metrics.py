import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from archflow.errors import ArchflowError
from archflow.predict.metrics import (
    kendall_tau,
    kendall_tau_rows,
    precision_at,
    precision_curve,
    regret_at,
    spearman,
    summary,
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


@pytest.mark.parametrize("metric", [kendall_tau, spearman, summary])
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
