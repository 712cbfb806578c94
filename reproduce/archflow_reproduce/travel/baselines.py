"""Regressors on numeric features with a practitioner's settings: trees, ridge regression, a Gaussian process."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow_reproduce.travel.answer import COVERAGES, Answer, Scale
from archflow_reproduce.travel.pool import Task

Features = NDArray[np.float32]
Values = NDArray[np.float64]

XGBOOST = {
    "n_estimators": 300,
    "max_depth": 4,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "min_child_weight": 1,
    "reg_lambda": 1.0,
}
LIGHTGBM = {
    "n_estimators": 300,
    "num_leaves": 15,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.5,
}
FOREST = {"n_estimators": 300, "max_features": 1 / 3}
PENALTIES = tuple(10.0**power for power in range(-2, 5))


def features_of(task: Task, kinds: Sequence[str]) -> Features:
    """(N, F) features of all architectures of the pool, several kinds concatenated."""
    return np.concatenate([task.pool.features(kind) for kind in kinds], 1)


def xgboost(task: Task, x: Features) -> Answer:
    """Gradient-boosted trees of XGBoost."""
    model = _library("xgboost").XGBRegressor(**XGBOOST, random_state=task.seed, n_jobs=1)
    model.fit(x[task.labelled], Scale(task.y).targets)
    return Answer(model.predict(x[task.test]).astype(np.float64))


def lightgbm(task: Task, x: Features) -> Answer:
    """Gradient-boosted trees of LightGBM, with leaves small enough for few labels."""
    smallest = min(20, max(3, len(task.y) // 15))
    model = _library("lightgbm").LGBMRegressor(
        **LIGHTGBM, min_child_samples=smallest, random_state=task.seed, n_jobs=1, verbose=-1
    )
    model.fit(x[task.labelled], Scale(task.y).targets)
    return Answer(np.asarray(model.booster_.predict(x[task.test]), np.float64))


def random_forest(task: Task, x: Features) -> Answer:
    """A random forest; the deviation is that between its trees."""
    from sklearn.ensemble import RandomForestRegressor

    scale, filled = Scale(task.y), _filled(x, -1e6)
    model = RandomForestRegressor(**FOREST, random_state=task.seed, n_jobs=1)
    model.fit(filled[task.labelled], scale.targets)
    trees = np.stack([tree.predict(filled[task.test]) for tree in model.estimators_])
    return _spread(scale, trees.mean(0), trees.std(0))


def ridge(task: Task, x: Features) -> Answer:
    """Ridge regression on standardised features, with the penalty of least leave-one-out error."""
    from sklearn.linear_model import RidgeCV

    values = _standardised(x)
    model = RidgeCV(PENALTIES).fit(values[task.labelled], Scale(task.y).targets)
    return Answer(model.predict(values[task.test]))


def gaussian_process(task: Task, x: Features) -> Answer:
    """A Gaussian process with a Matern-5/2 kernel on standardised features, fitted by its marginal likelihood."""
    from scipy.stats import norm
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    scale, values = Scale(task.y), _standardised(x)
    kernel = ConstantKernel(1.0) * Matern(values.shape[1] ** 0.5, (1e-1, 1e4), nu=2.5) + WhiteKernel(0.1, (1e-4, 10.0))
    model = GaussianProcessRegressor(kernel, random_state=task.seed)
    with warnings.catch_warnings():
        # Ignore warnings about hyperparameters at their bounds.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(values[task.labelled], scale.targets)
    predicted: Any = model.predict(values[task.test], return_std=True)
    mean, std = predicted  # the deviation includes the noise of a measurement
    answer = _spread(scale, mean, std)
    reach = {coverage: norm.ppf(0.5 + coverage / 2) * std for coverage in COVERAGES}
    intervals = {each: (scale.labels(mean - part), scale.labels(mean + part)) for each, part in reach.items()}
    return Answer(answer.scores, answer.mean, answer.std, intervals)


def column(task: Task, name: str) -> Answer:
    """A known column alone, with the sign given by the labels."""
    from archflow.predict.metrics import kendall_tau

    values = task.pool.table.metrics[name]
    values = _filled(values, float(np.nanmedian(values)))
    sign = -1.0 if kendall_tau(values[task.labelled], task.y) < 0 else 1.0
    return Answer(sign * values[task.test])


def _library(name: str) -> Any:
    """Import a library that only the study needs. Raises ArchflowError if it is not installed."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:  # LightGBM needs a system library
        raise ArchflowError(f"{name}: cannot be imported ({error}); pip install 'archflow-reproduce[travel]'") from None


def _spread(scale: Scale, mean: Values, std: Values) -> Answer:
    """Predictions of normal scores converted to the unit of the labels."""
    return Answer(mean, scale.labels(mean), (scale.labels(mean + std) - scale.labels(mean - std)) / 2)


def _standardised(x: Features) -> Values:
    """(N, F) with mean 0 and variance 1 over the pool; a feature that does not apply becomes the mean."""
    values: Any = x.astype(np.float64)
    centred = values - np.nanmean(values, 0)
    return _filled(centred / (np.nanstd(values, 0) + 1e-9), 0.0)


def _filled(x: NDArray, value: float) -> NDArray:
    return np.where(np.isfinite(x), x, value)
