"""Methods that rank architectures on a new device from a few measurements and from other devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.predict.metrics import spearman
from archflow_reproduce.devices.few_features import Floats, features, scaled
from archflow_reproduce.devices.multi_predict import of_sources, ranked
from archflow_reproduce.devices.process import Part, fit
from archflow_reproduce.devices.tasks import Task


@dataclass(frozen=True)
class Known:
    """What is known about N architectures before the new device is measured.

    Attributes:
        features: (N, F) features by kind.
        sources: (N, D) standardised log latencies on the source devices, predicted for all architectures from the
            measured ones.
        measured: (n,) architectures that were measured on the source devices.
        measurements: (n, D) their standardised log latencies.
        proxies: (N, 13) standardised ranks by zero-cost proxies, or None.
        learnt: A cache of what methods have learnt from the source devices, shared by all targets.
    """

    features: Mapping[str, Floats]
    sources: Floats
    measured: NDArray[np.int64]
    measurements: Floats
    proxies: Floats | None = None
    learnt: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, task: Task, measured: NDArray[np.int64]) -> Known:
        """Fit a Gaussian process to the measurements of the source devices alone."""
        kinds = features(task.architectures)
        logs = np.log(task.sources[measured])
        logs = (logs - logs.mean(0)) / logs.std(0)
        parts = [Part(x, smooth, 0.3) for x in kinds.values() for smooth in (False, True)]
        everything = np.arange(len(task.architectures))
        return cls(kinds, fit(parts, measured, logs, noise=0.01)(everything), measured, logs, task.proxies)

    def parts(self) -> list[Part]:
        """The parts of the process's covariance.

        They are linear and smooth covariances of the source devices' latencies, a linear one of their whitened
        principal directions, linear and smooth ones of operation counts, and a linear one of the operations by slot.
        """
        if "parts" not in self.learnt:
            self.learnt["parts"] = self._parts()
        return self.learnt["parts"]

    def _parts(self) -> list[Part]:
        sources = scaled(self.sources)
        directions = np.linalg.svd(sources[self.measured], full_matrices=False)[2]
        turned = sources @ directions.T
        whitened = scaled(turned / turned[self.measured].std(0))
        counts, slots = self.features["counts"], self.features["slots"]
        return [
            Part(sources, False, 1.0),
            Part(sources, True, 0.3),
            Part(whitened, False, 0.1),
            Part(counts, False, 0.1),
            Part(counts, True, 0.1),
            Part(slots, False, 0.1),
        ]


ON_PROXIES = "MultiPredict-like perceptron, proxies"

Method = Callable[[Known, NDArray[np.int64], Floats, NDArray[np.int64]], Floats]
"""What is known, rows (n,) measured on the new device, their log latencies (n,), rows to rank -> scores."""


def mean_source(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """Mean latency on the source devices; uses no measurement of the new one."""
    return known.sources[judged].mean(1)


def nearest_source(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """Latency on the source device that ranks the measured architectures best."""
    agreement = [spearman(column, labels) for column in known.sources[rows].T]
    return known.sources[judged][:, int(np.argmax(agreement))]


def ridge_on_sources(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """Ridge regression on the source devices' latencies."""
    from sklearn.linear_model import RidgeCV

    return RidgeCV(np.logspace(-3, 3, 13)).fit(known.sources[rows], labels).predict(known.sources[judged])


def trees_on_sources(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """Extremely randomised trees on the source devices' latencies and the counts."""
    from sklearn.ensemble import ExtraTreesRegressor

    x = np.concatenate([known.sources, known.features["counts"]], 1)
    return ExtraTreesRegressor(100, random_state=0).fit(x[rows], labels).predict(x[judged])


def process(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """A Gaussian process on the source devices' latencies and the features."""
    return fit(known.parts(), rows, labels)(judged)


def process_on_features(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """A Gaussian process on the features alone, without source devices."""
    return fit(known.parts()[3:], rows, labels)(judged)


def help_like(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """Gradient-boosted trees on counts and the device's latencies of the measured architectures.

    Source: HELP (Lee et al. 2021) describes a device by its latencies of reference architectures; its network and
    meta-learning are not reproduced. The residuals of the trees are fitted by a line.
    """
    key = ("trees", rows.tobytes())
    if key not in known.learnt:
        known.learnt[key] = _trees_of_devices(known, rows)
    x, trees = known.learnt[key]
    own = _standard(labels[:, None])[:, 0]

    def of(some: NDArray) -> Floats:
        return trees.predict(np.c_[x[some], np.tile(own, (len(some), 1))])

    guess = of(judged)
    slope = np.polyfit(of(rows), labels, 1)[0]
    return guess if slope > 0 else -guess


def _trees_of_devices(known: Known, rows: NDArray) -> tuple[Floats, Any]:
    """Return (N, F) features, and trees that use them together with a device's latencies of the rows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    x = known.features["counts"]
    code = _standard(known.sources[rows])  # (n, D): a column describes a device
    devices = known.measurements.shape[1]
    seen = np.concatenate(
        [np.c_[x[known.measured], np.tile(code[:, d], (len(known.measured), 1))] for d in range(devices)]
    )
    return x, HistGradientBoostingRegressor(max_iter=50, random_state=0).fit(seen, known.measurements.T.ravel())


def multi_predict_like(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """A perceptron on counts and a learned device embedding, trained on the sources, then on the new device."""
    x = known.features["counts"]
    return _perceptron(known, "counts", x / x.std(0), rows, labels, judged)


def multi_predict_on_proxies(known: Known, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    """The same on zero-cost proxies, which MultiPredict reads; only for tasks that have them."""
    assert known.proxies is not None
    return _perceptron(known, "proxies", known.proxies, rows, labels, judged)


def _perceptron(known: Known, name: str, x: Floats, rows: NDArray, labels: Floats, judged: NDArray) -> Floats:
    key = ("perceptron", name)
    if key not in known.learnt:
        known.learnt[key] = of_sources(x, known.measured, known.measurements)
    return ranked(known.learnt[key], x, known.sources[rows], rows, labels, judged)


def _standard(x: Floats) -> Floats:
    return (x - x.mean(0)) / (x.std(0) + 1e-12)


METHODS: Mapping[str, Method] = {
    "process": process,
    "process, features alone": process_on_features,
    "ridge on sources": ridge_on_sources,
    "trees on sources": trees_on_sources,
    "HELP-like trees": help_like,
    "MultiPredict-like perceptron": multi_predict_like,
    ON_PROXIES: multi_predict_on_proxies,
    "nearest source": nearest_source,
    "mean source": mean_source,
}


def usable(methods: Mapping[str, Method], task: Task) -> dict[str, Method]:
    """The methods that a task has what is needed for."""
    return {name: method for name, method in methods.items() if name != ON_PROXIES or task.proxies is not None}
