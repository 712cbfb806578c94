import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from archflow.report.projection import principal_components


def test_same_map_as_scikit_learn_up_to_signs() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 12)) @ np.diag(np.arange(12.0))
    ours, shares = principal_components(rows)
    reference = PCA(2, svd_solver="full").fit(rows)
    assert np.allclose(np.abs(ours), np.abs(reference.transform(rows)))
    assert shares == pytest.approx(reference.explained_variance_ratio_)


@given(st.integers(0, 100))
def test_signs_do_not_depend_on_the_order_of_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(20, 5)) * [5, 3, 1, 1, 1]
    order = rng.permutation(20)
    assert np.allclose(principal_components(rows)[0][order], principal_components(rows[order])[0])


def test_rows_that_are_not_finite_have_no_place_and_do_not_move_the_others() -> None:
    rows = np.random.default_rng(1).normal(size=(30, 4))
    spoilt = np.vstack([rows, [[np.nan, 0, 0, 0], [0, np.inf, 0, 0]]])
    coordinates, _ = principal_components(spoilt)
    assert np.allclose(coordinates[:30], principal_components(rows)[0])
    assert np.isnan(coordinates[30:]).all()


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (5, 1), (4, 0), (2, 3)])
def test_small_shapes(shape: tuple[int, int]) -> None:
    coordinates, shares = principal_components(np.arange(float(np.prod(shape))).reshape(shape))
    assert coordinates.shape == (shape[0], 2)
    assert np.isfinite(coordinates).all()
    assert shares[1] == pytest.approx(0, abs=1e-12)


def test_constant_and_very_large_embeddings() -> None:
    constant, shares = principal_components(np.full((5, 3), 7.0))
    assert not constant.any()
    assert not shares.any()
    large, shares = principal_components(np.array([[1e200, 0.0], [-1e200, 0.0]]))
    assert np.abs(large[:, 0]) == pytest.approx(1e200)
    assert shares == pytest.approx([1, 0])


@given(st.integers(0, 100))
def test_the_largest_loading_of_an_axis_is_positive(seed: int) -> None:
    rows = (
        np.random.default_rng(seed).normal(size=(30, 4)) * [9, 4, 1, 1] * np.random.default_rng(seed).choice([-1, 1], 4)
    )
    coordinates, _ = principal_components(rows)
    for axis in range(2):
        loadings = (rows - rows.mean(axis=0)).T @ coordinates[:, axis]
        assert loadings[np.abs(loadings).argmax()] > 0


def test_a_far_origin_costs_no_accuracy() -> None:
    rows = np.random.default_rng(3).normal(size=(100, 5)) * [3, 2, 1, 1, 1]
    assert np.allclose(principal_components(rows + 2.0**26)[0], principal_components(rows)[0], atol=1e-6)
