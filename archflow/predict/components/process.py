"""A Gaussian process on embeddings and plain features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.arrays import floats_of, indices_of
from archflow.predict.components.base import COMPONENTS, Component, FittedComponent, Guess, Lesson
from archflow.predict.context import CONTEXT
from archflow.predict.folder import part_of
from archflow.predict.kernels import covariances, hyperparameters, relations, split, with_context
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard

Values = NDArray[np.float64]

MOST = 2048
"""The maximum number of labels that processes learn from: time grows with its cube."""

ENOUGH = 512
"""The maximum number of labels used to fit hyperparameters."""

LARGEST_THETA = 20.0
"""An upper bound on the logarithm of a hyperparameter."""

LEAST_VARIANCE = 1e-12
"""A lower bound on variances, which rounding could make negative."""

ENTRIES = 2**22
"""The maximum number of covariances of one fold that are computed at once: 32 MB."""


class FittedProcess(FittedComponent):
    """F processes, each conditioned on the labels that it learns from.

    Args:
        standards: Standardise embeddings, plain features and, if rows have a device or task, its numbers.
        known: (n, Q) standardised values of labelled architectures, for each input that has columns.
        targets: (n,) labels on the scale of the targets.
        held: (F, n) True for labels that a process does not learn from.
        theta: (F, H) hyperparameters (`archflow.predict.kernels`).

    Raises:
        numpy.linalg.LinAlgError: If a covariance matrix is singular.
    """

    def __init__(
        self, standards: list[Standard], known: list[Values], targets: Values, held: NDArray[np.bool_], theta: Values
    ) -> None:
        from scipy.linalg import cho_solve, cholesky

        self.standards, self.targets, self.held, self.theta = standards, targets, held, theta
        # One memory layout, so that a loaded process gives bit-identical results.
        self.known = [np.ascontiguousarray(x) for x in known]
        among = _related(standards, self.known, self.known)
        self._solved = []
        for own, each in zip(held, theta, strict=True):
            rows = np.flatnonzero(~own)
            covariance = covariances(among[:, rows][:, :, rows], each)
            root = cholesky(covariance + np.exp(each[-1]) * np.eye(len(rows)), lower=True)
            self._solved.append((rows, root, cho_solve((root, True), targets[rows])))

    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        mean, std = np.empty((2, len(self.theta), len(seen)))
        columns, step = _standardised(seen, self.standards), max(1, ENTRIES // len(self.targets))
        for first in range(0, len(seen), step):
            part = slice(first, first + step)
            mean[:, part], std[:, part] = self._guess([x[part] for x in columns])
        return Guess(mean, std)

    def _guess(self, columns: list[Values]) -> tuple[Values, Values]:
        """(F, N) mean and std for standardised inputs (N, Q)."""
        from scipy.linalg import solve_triangular

        mean, std = np.empty((2, len(self.theta), len(columns[0])))
        to_known, to_self = _related(self.standards, self.known, columns), _to_self(self.standards, columns)
        for fold, (theta, (rows, root, weights)) in enumerate(zip(self.theta, self._solved, strict=True)):
            between = covariances(to_known[:, rows], theta)
            mean[fold] = weights @ between
            explained = np.square(solve_triangular(root, between, lower=True)).sum(0)
            before = split(theta, len(to_known))[0] @ to_self
            std[fold] = np.sqrt(np.maximum(before - explained, LEAST_VARIANCE))
        return mean, std

    def arrays(self) -> dict[str, NDArray]:
        parts = {
            f"standard.{i}.{name}": a for i, each in enumerate(self.standards) for name, a in each.arrays().items()
        }
        known = {f"known.{i}": x for i, x in enumerate(self.known)}
        return {**parts, **known, "targets": self.targets, "held": self.held.astype(np.uint8), "theta": self.theta}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        apart = "standard.2.centre" in arrays  # in earlier files the context is among the plain features
        if apart and CONTEXT not in usual.described:
            raise ArchflowError("its Gaussian processes read a device or task, and it has none; fit again")
        columns = enumerate(_columns(usual, apart))
        standards = [Standard.restored(part_of(arrays, f"standard.{i}."), each.shape[1]) for i, each in columns]
        widths = [each.width for each in standards if each.width]
        count = len(np.atleast_1d(arrays.get("targets", ())))
        shapes = {f"known.{i}": (count, width) for i, width in enumerate(widths)}
        lengths, linear, context = _parts(standards)
        thetas = (folds, (lengths + linear) * (1 + context) + context + lengths + 1)
        found = floats_of(arrays, {**shapes, "targets": (count,), "theta": thetas})
        held = indices_of(arrays, {"held": (folds, count)})["held"]
        whole = 0 < count <= MOST and held.max() <= 1 and not held.all(1).any()
        if not widths or not whole or np.abs(found["theta"]).max() > LARGEST_THETA:
            raise ArchflowError("the arrays of its Gaussian processes contradict each other; fit again")
        try:
            return cls(standards, [found[name] for name in shapes], found["targets"], held.astype(bool), found["theta"])
        except np.linalg.LinAlgError:
            raise ArchflowError("the covariances of its Gaussian processes have no inverse; fit again") from None


@COMPONENTS.register("process")
class Process(Component):
    """A Gaussian process on embeddings and plain features.

    Its kernel is the sum of a Matern-3/2 kernel on embeddings, one on plain features, a linear kernel on plain
    features, and noise; all columns are standardised. If rows have a device or task, the sum also has a Matern-3/2
    kernel on its numbers, and the product of each part with this kernel. Variances, and the lengths of the kernels on
    embeddings and features, maximise the marginal likelihood, so that an uninformative part gets little weight; on the
    context and in products, lengths are 1. Of more than `MOST` labels, a random subset of that size is used.
    """

    name = "process"
    fitted = FittedProcess

    def applies(self, lesson: Lesson) -> bool:
        return any(Standard.of(columns).width for columns in _columns(lesson.usual, apart=False))

    def fit(self, lesson: Lesson) -> FittedProcess:
        standards = [Standard.of(columns) for columns in _columns(lesson.usual, CONTEXT in lesson.usual.described)]
        rng = np.random.default_rng(lesson.seed)
        chosen = np.sort(rng.permutation(len(lesson.targets))[:MOST])
        known = _standardised(lesson.known.select(chosen), standards)
        targets, held = lesson.targets[chosen], lesson.folds.held[:, chosen]
        few = rng.permutation(len(chosen))[:ENOUGH]
        among = _related(standards, [x[few] for x in known], [x[few] for x in known])
        theta = [
            hyperparameters(among[:, rows][:, :, rows], targets[few][rows], _parts(standards).lengths)
            for rows in (np.flatnonzero(~own[few]) for own in held)
        ]
        return FittedProcess(standards, known, targets, held, np.stack(theta))


class _Parts(NamedTuple):
    """The numbers of Matern parts, of linear parts, and of contexts, of which there is one or none."""

    lengths: int
    linear: int
    context: int


def _parts(standards: list[Standard]) -> _Parts:
    context = int(len(standards) > 2 and standards[2].width > 0)
    return _Parts(sum(each.width > 0 for each in standards[:2]), int(standards[1].width > 0), context)


def _columns(seen: Seen, apart: bool) -> list[NDArray]:
    """Embeddings and plain features; the context is among these, or stands apart."""
    if not apart:
        return [seen.embeddings, seen.plain]
    return [seen.embeddings, seen.without_context, seen.features[CONTEXT]]


def _standardised(seen: Seen, standards: list[Standard]) -> list[Values]:
    """(N, Q) standardised values of each input that has columns."""
    columns = _columns(seen, len(standards) > 2)
    return [each(own) for each, own in zip(standards, columns, strict=True) if each.width]


def _related(standards: list[Standard], a: list[Values], b: list[Values]) -> Values:
    """(P, n, m) inputs of the kernel parts for standardised inputs (n, Q) and (m, Q)."""
    lengths, linear, context = _parts(standards)
    if not context:
        return relations(a, b, linear)
    (apart,) = relations(a[-1:], b[-1:], 0)
    parts = relations(a[:-1], b[:-1], linear) if lengths else np.empty((0, *apart.shape))
    return with_context(parts, lengths, (1 + apart) * np.exp(-apart))


def _to_self(standards: list[Standard], columns: list[Values]) -> Values:
    """(P, N) value of each kernel part for an architecture with itself, if its variance is 1."""
    lengths, linear, context = _parts(standards)
    plain = np.square(columns[lengths - 1]).mean(1)
    once = np.concatenate([np.ones((lengths, len(plain))), np.tile(plain, (linear, 1))])
    return np.concatenate([once, np.ones((context, len(plain))), *[once] * context])
