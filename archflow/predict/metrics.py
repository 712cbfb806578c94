"""How good predictions are: as a ranking (higher is better, except regret), and as values (lower errors are better)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.errors import ArchflowError
from archflow.predict.unit import Unit

PAIRWISE = 200
"""Rows up to this length are compared pair by pair all at once, which is faster than sorting each row."""


def kendall_tau(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Kendall's tau-b; 0 if either array is constant."""
    from scipy.stats import kendalltau

    predicted, measured = _both(predicted, measured)
    if np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return 0.0
    return float(kendalltau(predicted, measured).statistic)  # type: ignore[attr-defined]


def kendall_tau_rows(predicted: NDArray, measured: NDArray) -> NDArray[np.float64]:
    """Kendall's tau-b of every row: (K, n), (K, n) -> (K,); 0 where either row is constant.

    Short rows compare all pairs at once; long rows are computed one by one, in memory linear in n.
    """
    if predicted.shape[1] > PAIRWISE:
        return np.array([kendall_tau(p, m) for p, m in zip(predicted, measured, strict=True)])
    a, b = (np.sign(x[:, :, None] - x[:, None, :]) for x in (predicted, measured))
    norm = np.sqrt((a != 0).sum((1, 2)) * (b != 0).sum((1, 2), dtype=np.float64))
    return np.divide((a * b).sum((1, 2)), norm, out=np.zeros(len(a)), where=norm > 0)


def spearman(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Spearman's rank correlation; 0 if either array is constant."""
    from scipy.stats import spearmanr

    predicted, measured = _both(predicted, measured)
    if np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return 0.0
    return float(spearmanr(predicted, measured).statistic)  # type: ignore[attr-defined]


def precision_at(share: float, predicted: ArrayLike, measured: ArrayLike) -> float:
    """Fraction of the predicted top k that is in the true top k; k = int(share * n), at least 1 (FGP's P@1 % ...)."""
    predicted, measured = _both(predicted, measured)
    return float(precision_curve(predicted, measured, [max(1, int(share * len(measured)))])[0])


def precision_curve(predicted: ArrayLike, measured: ArrayLike, ks: ArrayLike) -> NDArray[np.float64]:
    """Precision@k for every k: the fraction of the predicted top k that is in the true top k. Ties are broken by row.

    Raises ArchflowError for a k below 1.
    """
    predicted, measured = _both(predicted, measured)
    if np.min(ks) < 1:
        raise ArchflowError(f"precision@{np.min(ks)}: k must be at least 1")
    by_prediction, by_measure = np.argsort(-predicted, kind="stable"), np.argsort(-measured, kind="stable")
    place = np.empty(len(measured), np.int64)
    place[by_measure] = np.arange(len(measured))
    # An architecture counts for every k from the larger of its two ranks on.
    needed = np.sort(np.maximum(place[by_prediction], np.arange(len(measured))))
    ks = np.asarray(ks)
    return np.searchsorted(needed, ks, side="left") / ks


def regret_at(k: int, predicted: ArrayLike, measured: ArrayLike) -> float:
    """Best measured value minus the best among the predicted top k, in the metric's unit; 0 is perfect.

    Raises ArchflowError for a k below 1.
    """
    predicted, measured = _both(predicted, measured)
    if k < 1:
        raise ArchflowError(f"regret@{k}: k must be at least 1")
    chosen = np.argsort(-predicted, kind="stable")[:k]
    return float(measured.max() - measured[chosen].max())


def rmse(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Root mean square error, in the metric's unit."""
    predicted, measured = _both(predicted, measured)
    errors = np.abs(predicted - measured)
    unit = Unit.of(0.0, float(errors.max()), from_zero=True)
    return float(unit.widths(np.sqrt(np.mean(np.square(unit.counts(errors))))))


def mape(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Mean absolute error relative to the measured value, as a fraction: 0.1 is 10 %.

    Raises:
        ArchflowError: If a measured value is 0.
    """
    return float(np.mean(_relative_errors(predicted, measured)))


def within(share: float, predicted: ArrayLike, measured: ArrayLike) -> float:
    """Fraction of the predictions that are off by at most `share` of the measured value.

    Raises:
        ArchflowError: If a measured value is 0.
    """
    return float(np.mean(_relative_errors(predicted, measured) <= share))


def summary(predicted: ArrayLike, measured: ArrayLike) -> dict[str, float]:
    """All ranking measures by name: tau, spearman, p_at_1, p_at_5, p_at_10 (fractions), regret_at_10."""
    return {
        "tau": kendall_tau(predicted, measured),
        "spearman": spearman(predicted, measured),
        "p_at_1": precision_at(0.01, predicted, measured),
        "p_at_5": precision_at(0.05, predicted, measured),
        "p_at_10": precision_at(0.10, predicted, measured),
        "regret_at_10": regret_at(10, predicted, measured),
    }


def regression_summary(predicted: ArrayLike, measured: ArrayLike) -> dict[str, float]:
    """The errors by name: rmse, mape, within_5, within_10.

    Raises:
        ArchflowError: If a measured value is 0.
    """
    return {
        "rmse": rmse(predicted, measured),
        "mape": mape(predicted, measured),
        "within_5": within(0.05, predicted, measured),
        "within_10": within(0.10, predicted, measured),
    }


def _relative_errors(predicted: ArrayLike, measured: ArrayLike) -> NDArray[np.float64]:
    predicted, measured = _both(predicted, measured)
    if (measured == 0).any():
        row = int(np.argmax(measured == 0))
        raise ArchflowError(f"row {row}: the measured value is 0, which has no relative error; leave the row out")
    return np.abs(predicted - measured) / np.abs(measured)


def _both(predicted: ArrayLike, measured: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    predicted, measured = np.asarray(predicted, np.float64), np.asarray(measured, np.float64)
    if predicted.shape != measured.shape or predicted.ndim != 1 or len(measured) < 2:
        shapes = f"{predicted.shape} and {measured.shape}"
        raise ArchflowError(f"predictions are judged on two equally long lists of at least 2 values, not {shapes}")
    if not (np.isfinite(predicted).all() and np.isfinite(measured).all()):
        row = int(np.argmin(np.isfinite(predicted) & np.isfinite(measured)))
        raise ArchflowError(f"row {row}: the predicted or measured value is not a finite number; leave the row out")
    return predicted, measured
