"""What to measure first: the greedy rule written plainly, and what it is for."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import kendalltau
from sklearn.gaussian_process.kernels import Matern

from archflow.errors import ArchflowError
from archflow.predict.choose import CANDIDATES, MOST, choose, prior
from archflow.predict.kernels import NOISE


def plainly(x: np.ndarray, count: int, measured: list[int]) -> list[int]:
    """Each next one by fitting a Gaussian process anew for every candidate."""
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    left = [row for row in range(len(x)) if row not in measured]
    chosen: list[int] = []

    def unknown(known: list[int]) -> float:
        across = prior(x[known], x[left])
        within = prior(x[known], x[known]) + NOISE * np.eye(len(known))
        return float((1 - np.einsum("kn,kn->n", across, np.linalg.solve(within, across))).sum())

    for _ in range(count):
        rest = [row for row in left if row not in chosen]
        chosen.append(min(rest, key=lambda row: unknown([*measured, *chosen, row])))
    return chosen


@given(st.integers(0, 1000), st.integers(0, 4))
def test_each_next_one_leaves_least_unknown(seed, measured):
    x = np.random.default_rng(seed).normal(size=(12, 3))
    known = list(range(measured))
    assert choose(x, 4, known).tolist() == plainly(x, 4, known)


def test_the_kernel_is_that_of_the_process():
    x, other = np.random.default_rng(0).normal(size=(2, 7, 5))
    assert_allclose(prior(x, other), Matern(5**0.5, nu=1.5)(x, other), atol=1e-12)


def test_one_of_every_group_comes_before_a_second():
    groups = np.repeat(np.eye(6) * 10, 5, axis=0) + np.random.default_rng(1).normal(0, 0.01, (30, 6))
    assert set(choose(groups, 6) // 5) == set(range(6))
    assert set(choose(groups, 4, [0, 5]) // 5) == {2, 3, 4, 5}


def test_what_is_chosen_tells_more_than_chance():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 2)) * [1, 3]
    y, at = np.sin(x[:, 0]) + 0.3 * x[:, 1], x / x.std(0)

    def tau(rows) -> float:
        within = prior(at[rows], at[rows]) + NOISE * np.eye(len(rows))
        return kendalltau(prior(at, at[rows]) @ np.linalg.solve(within, y[rows]), y).statistic

    chance = [tau(rng.choice(400, 15, replace=False)) for _ in range(8)]
    assert tau(choose(x, 15)) > np.mean(chance)


def test_large_tables_are_sampled_by_the_seed(monkeypatch):
    monkeypatch.setattr("archflow.predict.choose.CANDIDATES", 20)
    x = np.random.default_rng(3).normal(size=(100, 4))
    assert choose(x, 5).tolist() == choose(x, 5).tolist()
    assert choose(x, 5).tolist() != choose(x, 5, seed=22).tolist()
    assert len(set(choose(x, 30).tolist())) == 30


def test_many_measured_ones_take_memory_linear_in_them():
    x = np.random.default_rng(4).normal(size=(33_000, 8))
    tracemalloc.start()
    chosen = choose(x, 3, np.arange(30_768))  # their covariances would be 7 GiB
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()
    assert (chosen >= 30_768).all()


def test_of_many_measured_ones_the_nearest_count():
    groups = np.repeat(np.eye(6) * 10, 600, axis=0) + np.random.default_rng(1).normal(0, 0.01, (3600, 6))
    known = np.arange(2400)
    assert len(known) > CANDIDATES
    assert set(choose(groups, 2, known) // 600) == {4, 5}


def test_more_than_memory_allows_cannot_be_chosen_at_once():
    with pytest.raises(ArchflowError, match=f"choose: {MOST + 1} at once; .* ask for at most {MOST}"):
        choose(np.zeros((MOST + 1, 1)), MOST + 1)


@pytest.mark.parametrize("count", [0, 4])
def test_more_than_there_are_cannot_be_chosen(count):
    with pytest.raises(ArchflowError, match="of 3 architectures without a label; ask for 1 to 3"):
        choose(np.eye(5), count, [1, 4])
