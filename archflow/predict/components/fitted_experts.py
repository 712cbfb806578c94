"""Fitted experts for all sources, and the fitted processes that weight them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features.ranges import Range
from archflow.graph.table import Table
from archflow.predict.arrays import floats_of, indices_of
from archflow.predict.components.base import FittedComponent, Guess
from archflow.predict.folder import part_of
from archflow.predict.gated_process import GatedProcess, Pairs
from archflow.predict.rank_scale import RankScale
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

ENTRIES = 2**21
"""The maximum number of covariances of one process that are computed at once: 16 MB."""

LARGEST_THETA = 50.0
"""An upper bound on the logarithm of a hyperparameter."""

COLUMNS = "columns"
"""The kind of features that are sources."""


class FittedExperts(FittedComponent):
    """An expert for each of S sources, and F processes fitted to labels.

    Args:
        names: Names of the sources, those known for the most architectures first.
        scales: Scales of the sources.
        standards: Standardise the inputs of experts and processes.
        reference: (R, Q) standardised inputs of the architectures that experts learn from, for each input with columns.
        scores: (R, S) sources of these architectures on `scales`, NaN where unknown.
    """

    def __init__(
        self,
        names: Sequence[str],
        scales: list[RankScale],
        standards: list[Standard],
        reference: list[Values],
        scores: Values,
    ) -> None:
        self.names, self.scales, self.standards = list(names), scales, standards
        # One memory layout, so that a loaded component gives bit-identical results.
        self.reference = [np.ascontiguousarray(x) for x in reference]
        self.said, self._known = np.zeros(scores.shape), scores
        self.experts: list[tuple[GatedProcess, Rows]] = []

    def add_expert(self, expert: GatedProcess, rows: Rows, among: Pairs) -> None:
        """Add the expert of the next source, which learnt from these rows of the reference."""
        source = len(self.experts)
        own = self._known[:, source]
        missing = np.flatnonzero(np.isnan(own))
        self.said[:, source] = np.nan_to_num(own)
        if len(missing):
            before = self._before([x[missing] for x in self.reference])
            self.said[missing, source] = expert(among.take(rows, missing), before, self.said[missing])[0]
        self.experts.append((expert, rows))

    def learn(
        self, processes: list[GatedProcess], known: list[Values], said: Values, targets: Values, held: NDArray[np.bool_]
    ) -> None:
        """Set the processes of all folds and what they learnt from."""
        self.known = [np.ascontiguousarray(x) for x in known]
        self.processes, self.known_said, self.targets, self.held = processes, said, targets, held

    def say(self, seen: Seen) -> tuple[Values, Values]:
        """(N, S) values of the sources, predicted by experts where unknown, and their variances."""
        values = read(seen, self.names)
        said = np.stack([scale(own) for scale, own in zip(self.scales, values.T, strict=True)], 1)
        missing, variance = np.isnan(said), np.zeros_like(said)
        said[missing] = 0
        columns = _standardised(seen, self.standards)
        for part in _steps(np.flatnonzero(missing.any(1)), len(self.said)):
            own = [x[part] for x in columns]
            pairs, before = Pairs.of(self.reference, own, linear(self.standards)), self._before(own)
            for source, (expert, learnt) in enumerate(self.experts):
                here = np.flatnonzero(missing[part, source])
                rows = part[here]
                so_far = np.where(np.arange(len(self.names)) < source, said[rows], 0.0)
                mean, doubt, gates = expert(pairs.take(learnt, here), before[:, here], so_far)
                variance[rows, source] = doubt + expert.noise + (np.square(gates) * variance[rows]).sum(1)
                said[rows, source] = mean
        return said, variance

    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        said, variance = self.say(seen)
        columns = _standardised(seen, self.standards)
        mean, std = np.empty((2, len(self.processes), len(seen)))
        for part in _steps(np.arange(len(seen)), len(self.targets)):
            own = [x[part] for x in columns]
            pairs, before = Pairs.of(self.known, own, linear(self.standards)), self._before(own)
            for fold, process in enumerate(self.processes):
                rows = np.flatnonzero(~self.held[fold])
                mean[fold, part], doubt, gates = process(pairs.take(rows), before, said[part])
                std[fold, part] = np.sqrt(doubt + (np.square(gates) * variance[part]).sum(1))
        return Guess(mean, std)

    def gates(self, seen: Seen) -> Values:
        """(N, S) gates: how strongly the target depends on each source, averaged over folds."""
        said, _ = self.say(seen)
        own = _standardised(seen, self.standards)
        pairs, before = Pairs.of(self.known, own, linear(self.standards)), self._before(own)
        found = [
            process(pairs.take(np.flatnonzero(~held)), before, said)[2]
            for process, held in zip(self.processes, self.held, strict=True)
        ]
        return np.mean(found, 0)

    def _before(self, columns: list[Values]) -> Values:
        """(P, N) relations of each architecture with itself, by kernel part."""
        last = len(columns) - linear(self.standards)
        return np.stack([np.ones(len(x)) for x in columns] + [np.square(x).mean(1) for x in columns[last:]])

    def oddities(self, table: Table) -> dict[str, str]:
        """Sources that seem to be in another unit. Empty sources are fine: their experts predict them."""
        there = {name: scale for name, scale in zip(self.names, self.scales, strict=True) if name in table.column_names}
        found = {}
        for name, scale in there.items():
            values = table.metric(name)
            if np.isfinite(values).any():
                found[name] = replace(Range.of(scale.values), gaps=1.0).oddity(values)
        return {name: what for name, what in found.items() if what}

    def arrays(self) -> dict[str, NDArray]:
        arrays: dict[str, NDArray] = {"names": np.frombuffer("\n".join(self.names).encode(), np.uint8).copy()}
        for i, standard in enumerate(self.standards):
            arrays |= {f"standard.{i}.{name}": a for name, a in standard.arrays().items()}
        for i, scale in enumerate(self.scales):
            arrays |= {f"scale.{i}.values": scale.values, f"scale.{i}.scores": scale.scores}
        for i, (reference, known) in enumerate(zip(self.reference, self.known, strict=True)):
            arrays |= {f"reference.{i}": reference, f"known.{i}": known}
        experts = [expert for expert, _ in self.experts]
        return {
            **arrays,
            "said": self.said,
            "missing": np.isnan(self._known).astype(np.uint8),
            "expert_weights": np.stack([each.weights for each in experts]),
            "expert_theta": np.stack([each.theta for each in experts]),
            "known_said": self.known_said,
            "targets": self.targets,
            "held": self.held.astype(np.uint8),
            "weights": np.stack([each.weights for each in self.processes]),
            "theta": np.stack([each.theta for each in self.processes]),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        names = _names(arrays)
        columns = enumerate(inputs(usual))
        standards = [Standard.restored(part_of(arrays, f"standard.{i}."), each.shape[1]) for i, each in columns]
        widths = [each.width for each in standards if each.width]
        s, n, r = len(names), len(np.atleast_1d(arrays.get("targets", ()))), len(np.atleast_2d(arrays.get("said", ())))
        parts = len(widths) + linear(standards) + 2
        hyper = parts + len(widths) + 1
        shapes = {
            **{f"reference.{i}": (r, width) for i, width in enumerate(widths)},
            **{f"known.{i}": (n, width) for i, width in enumerate(widths)},
            **{"said": (r, s), "known_said": (n, s), "targets": (n,), "weights": (folds, s), "theta": (folds, hyper)},
            **{"expert_weights": (s, s), "expert_theta": (s, hyper)},
        }
        found = floats_of(arrays, shapes)
        flags = indices_of(arrays, {"missing": (r, s), "held": (folds, n)})
        missing, held = flags["missing"], flags["held"]
        whole = n > 0 and r > 0 and widths and max(missing.max(), held.max()) <= 1
        largest = max(np.abs(found[name]).max() for name in ("theta", "expert_theta"))
        weights = min(found[name].min() for name in ("weights", "expert_weights"))
        if not whole or held.all(1).any() or missing.all(0).any() or largest > LARGEST_THETA or weights < 0:
            raise ArchflowError("the arrays of its experts contradict each other; fit again")
        scales = []
        for i in range(s):
            points = floats_of(part_of(arrays, f"scale.{i}."), {"values": (None,)}, most=np.inf)["values"]
            scores = floats_of(part_of(arrays, f"scale.{i}."), {"scores": (len(points),)})["scores"]
            scales.append(RankScale.restored(points, scores))
        missing, held = missing.astype(bool), held.astype(bool)
        said = np.where(missing, np.nan, found["said"])
        fitted = cls(names, scales, standards, [found[f"reference.{i}"] for i in range(len(widths))], said)
        known = [np.ascontiguousarray(found[f"known.{i}"]) for i in range(len(widths))]
        try:
            among = Pairs.of(fitted.reference, fitted.reference, linear(standards))
            for i in range(s):
                rows = np.flatnonzero(~missing[:, i])
                before = np.where(np.arange(s) < i, found["said"], 0.0)[rows]
                own = found["said"][rows, i], found["expert_weights"][i], found["expert_theta"][i]
                fitted.experts.append((GatedProcess(among.take(rows, rows), before, *own), rows))
            fitted.said = found["said"]
            among = Pairs.of(known, known, linear(standards))
            processes = []
            for own, weights, theta in zip(held, found["weights"], found["theta"], strict=True):
                rows = np.flatnonzero(~own)
                said, targets = found["known_said"][rows], found["targets"][rows]
                processes.append(GatedProcess(among.take(rows, rows), said, targets, weights, theta))
        except np.linalg.LinAlgError:
            raise ArchflowError("the covariances of its experts have no inverse; fit again") from None
        fitted.learn(processes, known, found["known_said"], found["targets"], held)
        return fitted


def inputs(seen: Seen) -> tuple[NDArray, NDArray]:
    """(N, P) embeddings, and the plain features that are not sources."""
    plain = [values for name, values in seen.features.items() if name != COLUMNS]
    return seen.embeddings, np.concatenate([np.zeros((len(seen), 0), np.float32), *plain], 1)


def linear(standards: list[Standard]) -> int:
    """The number of linear kernel parts: one if there are plain features."""
    return int(standards[1].width > 0)


def read(seen: Seen, names: Sequence[str]) -> Values:
    """(N, S) columns of the table; NaN where a value is missing and for columns that the table lacks."""
    there = {name: seen.table.metric(name) for name in names if name in seen.table.column_names}
    values = [there.get(name, np.full(len(seen), np.nan)) for name in names]
    return np.where(np.isfinite(values), values, np.nan).T.reshape(len(seen), len(names))


def _standardised(seen: Seen, standards: list[Standard]) -> list[Values]:
    return [standard(each) for standard, each in zip(standards, inputs(seen), strict=True) if standard.width]


def _steps(rows: Rows, known: int) -> list[Rows]:
    """Split the rows into parts whose covariances with `known` architectures fit in memory."""
    step = max(1, ENTRIES // max(known, 1))
    return [rows[first : first + step] for first in range(0, len(rows), step)]


def _names(arrays: Mapping[str, NDArray]) -> list[str]:
    """The names of sources. Raises ArchflowError if the array does not encode names."""
    letters = indices_of(arrays, {"names": (None,)})["names"]
    try:
        names = bytes(letters.tolist()).decode().split("\n")
    except ValueError:
        names = []
    if not names or not all(names) or len(set(names)) < len(names):
        raise ArchflowError("its array names holds no names of columns; fit again")
    return names
