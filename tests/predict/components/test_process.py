"""Gaussian processes on embeddings, on plain features, and on both."""

from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from archflow.errors import ArchflowError
from archflow.predict.components import process
from archflow.predict.components.process import FittedProcess, Process
from archflow.predict.kernels import split
from archflow.testing import check_component
from tests.predict.described import lesson, scores, seen


@pytest.mark.parametrize("only", ["embeddings", "features"])
def test_it_works_with_either_alone(only):
    known = seen(40, embeddings=only == "embeddings", features=only == "features")
    check_component(Process(), known, scores(known))


def test_it_predicts_what_scikit_learn_does_with_the_same_kernel():
    known, others = seen(40, features=False), seen(30, features=False, seed=2)
    given = lesson(known)
    fitted = Process().fit(given)
    guess = fitted(others)
    (standard, _), (x,) = fitted.standards, fitted.known
    for fold in (0, 9):
        (variance,), (length,), noise = split(fitted.theta[fold], 1)
        kernel = ConstantKernel(variance) * Matern(length * x.shape[1] ** 0.5, nu=1.5) + WhiteKernel(noise)
        rows = given.folds.train[fold]
        fixed: Any = None
        other = GaussianProcessRegressor(kernel, optimizer=fixed).fit(x[rows], given.targets[rows])
        mean, std = map(np.asarray, other.predict(standard(others.embeddings), return_std=True))
        np.testing.assert_allclose(guess.mean[fold], mean, atol=1e-6)
        np.testing.assert_allclose(guess.std[fold] ** 2, std**2 - noise, atol=1e-6)


def test_it_is_surer_of_what_it_knows():
    known, others = seen(60), seen(60, seed=3)
    fitted = Process().fit(lesson(known))
    assert fitted(known).std.mean() < 0.9 * fitted(others).std.mean()


def test_of_many_labels_a_part_is_learnt(monkeypatch):
    monkeypatch.setattr(process, "MOST", 40)
    monkeypatch.setattr(process, "ENOUGH", 20)
    known = seen(90)
    fitted = Process().fit(lesson(known))
    assert len(fitted.targets) == 40
    assert fitted.held.shape == (10, 40)
    check_component(Process(), known, scores(known))


def test_predictions_do_not_depend_on_how_many_are_made_at_once(monkeypatch):
    known = seen(40)
    fitted = Process().fit(lesson(known))
    together = fitted(known)
    monkeypatch.setattr(process, "ENTRIES", 300)
    for part, expected in zip(fitted(known), together, strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-9)


def damaged(name: str, value: float) -> dict[str, np.ndarray]:
    arrays = Process().fit(lesson(seen(30))).arrays()
    arrays[name] = np.full_like(arrays[name], value)
    return arrays


@pytest.mark.parametrize(
    ("name", "value"), [("theta", 1e3), ("theta", -1e3), ("held", 2), ("held", 1), ("known.0", 1e13)]
)
def test_arrays_that_no_process_gives_are_refused(name, value):
    with pytest.raises(ArchflowError, match="fit again"):
        FittedProcess.restored(damaged(name, value), seen(30), 10)


def test_covariances_without_an_inverse_are_refused():
    arrays = damaged("known.0", 0.0)
    arrays["known.1"][:] = 0
    arrays["theta"][:, :-1], arrays["theta"][:, -1] = 19, -20
    with pytest.raises(ArchflowError, match="no inverse"):
        FittedProcess.restored(arrays, seen(30), 10)
