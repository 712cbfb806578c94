"""Gaussian processes on embeddings, on plain features, and on both."""

from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from archflow.errors import ArchflowError
from archflow.predict.components import process
from archflow.predict.components.process import FittedProcess, Process
from archflow.predict.context import CONTEXT, Context
from archflow.predict.kernels import split
from archflow.predict.metrics import kendall_tau
from archflow.predict.seen import Seen
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


def on_devices(count: int = 30, *, embeddings: bool = True, features: bool = True) -> tuple[Seen, np.ndarray]:
    """Every cell on two devices, the second of which ranks them in the opposite order and 5 higher."""
    cells = seen(count, embeddings=embeddings, features=features)
    names = np.repeat(["board A, 4 x Cortex-A53 1.4 GHz", "board B, 4 x Cortex-A72 2.8 GHz"], count)
    table = cells.table.select(np.tile(np.arange(count), 2)).with_texts({"device": names.tolist()})
    y = scores(cells)
    both = np.concatenate([y, 5 - y])
    return Seen(table, cells.embedders, {**cells.described, CONTEXT: Context.of(table)}), (both - 2.5) / both.std()


@pytest.mark.parametrize("only", ["both", "embeddings", "features", "context"])
def test_with_a_context_it_works_with_any_of_the_others(only):
    known, y = on_devices(20, embeddings=only in ("both", "embeddings"), features=only in ("both", "features"))
    check_component(Process(), known, y)


def test_each_device_has_its_level_and_its_order():
    known, y = on_devices(60)
    rows = np.r_[0:30, 60:90]
    fitted = Process().fit(lesson(known.select(rows), y[rows]))
    guess = fitted(known).mean.mean(0)
    for others in (np.arange(30, 60), np.arange(90, 120)):
        assert kendall_tau(guess[others], y[others]) > 0.6
    assert guess[90:].mean() > guess[30:60].mean() + 1


def test_what_it_does_not_know_of_a_device_it_is_unsure_of():
    known, y = on_devices(40)
    fitted = Process().fit(lesson(known.select(np.arange(44)), y[:44]))  # four labels of the second device
    _, std = fitted(known)
    assert std[:, 44:].mean() > 1.5 * std[:, :40].mean()


def test_a_file_from_before_has_the_context_among_the_features():
    known, y = on_devices(20)
    plain = Seen(known.table, known.embedders, {**known.described, "last": known.described[CONTEXT]})
    del plain.described[CONTEXT]
    before = Process().fit(lesson(plain, y))
    restored = FittedProcess.restored(before.arrays(), known, 10)
    for part, expected in zip(restored(known), before(plain), strict=True):
        np.testing.assert_allclose(part, expected)


def test_a_context_that_is_gone_is_refused():
    known, y = on_devices(20)
    arrays = Process().fit(lesson(known, y)).arrays()
    del known.described[CONTEXT]
    with pytest.raises(ArchflowError, match="read a device or task"):
        FittedProcess.restored(arrays, known, 10)
