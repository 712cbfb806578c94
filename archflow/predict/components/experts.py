"""Experts: cheap metrics and other tasks as sources, each weighted by how far it is trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.components.base import COMPONENTS, Component, Lesson
from archflow.predict.components.fitted_experts import FittedExperts, inputs, linear, read
from archflow.predict.gated_process import GatedProcess, Pairs, transfer_weights
from archflow.predict.rank_scale import RankScale
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard

Values = NDArray[np.float64]

LEAST = 5
"""The least number of architectures for which a source must be known."""

ROWS = 512
"""The approximate maximum number of architectures that an expert learns a source from."""

ENOUGH = 192
"""The maximum number of architectures used to fit hyperparameters."""

MOST = 2048
"""The maximum number of labels that are used."""


@COMPONENTS.register("experts")
class Experts(Component):
    """Low-fidelity experts, other tasks and earlier epochs in one model.

    A source is a column of the table: a proxy, or an accuracy after few epochs, with one seed, or on another data set
    or task. Where the column is known, its value is used; where it is empty, an expert predicts it from embeddings,
    features and the sources that are known for more architectures.
    The target is the sum of the sources, each times a gate that depends on the architecture, and a residual
    (`archflow.predict.gated_process`). Sources that rank the fold's labels well have larger gates a priori.

    With each source known for fewer architectures than the one before, and the target last, this is the recursive model
    of fidelities.

    Source: DELE (Zhao et al., 2023) for experts and gates; Kennedy and O'Hagan, Predicting the output from a complex
        computer code when fast approximations are available, 2000, for the recursion of fidelities.

    Args:
        columns: Names of sources in addition to the columns that are already features.
    """

    name = "experts"
    fitted = FittedExperts

    def __init__(self, columns: Sequence[str] = ()) -> None:
        if isinstance(columns, str) or not all(isinstance(name, str) and name for name in columns):
            raise ArchflowError("experts: columns must be a list of names")
        if len(set(columns)) < len(columns):
            raise ArchflowError("experts: a column is named twice; name it once")
        self.columns = tuple(columns)

    @property
    def reads(self) -> Sequence[str]:
        return self.columns

    def applies(self, lesson: Lesson) -> bool:
        usual = lesson.usual
        return bool(self._names(usual)) and any(Standard.of(each).width for each in inputs(usual))

    def fit(self, lesson: Lesson) -> FittedExperts:
        rng = np.random.default_rng(lesson.seed)
        names = self._names(lesson.usual)
        both = (lesson.known, lesson.usual)
        values = np.concatenate([read(seen, names) for seen in both])
        hashes = np.concatenate([seen.table.architectures.hashes for seen in both])
        fullest = np.argsort(-np.isfinite(values).sum(1), kind="stable")
        rows = fullest[np.unique(hashes[fullest], return_index=True)[1]]
        self._check(lesson, names, values[rows])
        counts = np.isfinite(values[rows]).sum(0)
        scales = [RankScale.of(each[np.isfinite(each)]) for each in values[rows].T]
        order = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= LEAST and scales[i]]
        if not order:
            raise ArchflowError("experts: no source has different values; name other columns")
        names, counts = [names[i] for i in order], counts[order]
        kept = [scale for i in order if (scale := scales[i])]
        scores = np.stack([scale(values[:, i]) for scale, i in zip(kept, order, strict=True)], 1)

        standards = [Standard.of(each) for each in inputs(lesson.usual)]
        # Predictions for labelled architectures set weights and calibrate, so experts should not have seen them.
        others = rows[~np.isin(hashes[rows], hashes[: len(lesson.known)])]
        rows = others if (np.isfinite(scores[others]).sum(0) >= LEAST).all() else rows
        rows = _chosen(scores, rng.permutation(rows))
        columns = [
            np.concatenate([standard(each) for each in parts])
            for standard, *parts in zip(standards, *map(inputs, both), strict=True)
            if standard.width
        ]
        reference = [x[rows] for x in columns]
        fitted = FittedExperts(names, kept, standards, reference, scores[rows])
        among = Pairs.of(reference, reference, linear(standards))
        for source in range(len(names)):
            learnt = np.flatnonzero(np.isfinite(scores[rows, source]))
            weights = np.zeros(len(names))
            more = np.flatnonzero(counts > counts[source])
            weights[more] = transfer_weights(fitted.said[learnt][:, more], scores[rows][learnt, source])
            few = rng.permutation(len(learnt))[:ENOUGH]
            own = scores[rows][learnt, source]
            expert = GatedProcess(among.take(learnt, learnt), fitted.said[learnt], own, weights, few=few)
            fitted.add_expert(expert, learnt, among)
        chosen = np.sort(rng.permutation(len(lesson.targets))[:MOST])
        labelled = lesson.known.select(chosen)
        said, _ = fitted.say(labelled)
        known = [x[chosen] for x in columns]
        among = Pairs.of(known, known, linear(standards))
        few = rng.permutation(len(chosen))[:ENOUGH]
        targets, processes = lesson.targets[chosen], []
        for held in lesson.folds.held[:, chosen]:
            learnt = np.flatnonzero(~held)
            place = np.full(len(held), -1)
            place[learnt] = np.arange(len(learnt))
            some = place[few][place[few] >= 0]
            weights = transfer_weights(said[learnt], targets[learnt])
            processes.append(GatedProcess(among.take(learnt, learnt), said[learnt], targets[learnt], weights, few=some))
        fitted.learn(processes, known, said, targets, lesson.folds.held[:, chosen])
        return fitted

    def _names(self, seen: Seen) -> list[str]:
        """The numeric columns among the features, and the named columns."""
        features = seen.described.get("columns")
        own = [] if features is None else [each for each in features.names if each in seen.table.metrics]
        return [*dict.fromkeys([*own, *self.columns])]

    def _check(self, lesson: Lesson, names: list[str], values: Values) -> None:
        """Refuse a named column that is the target or carries no information."""
        predicted = {each for name in lesson.metrics for each in (name, name.removeprefix("-"))}
        for name in self.columns:
            if name.removeprefix("-") in predicted:
                raise ArchflowError(f"experts: {name!r} is the metric to predict; leave it out")
            if not any(name in seen.table.column_names for seen in (lesson.known, lesson.usual)):
                raise ArchflowError(f"experts: the table has no column {name!r}; name one of its columns")
            own = values[:, names.index(name)]
            there = own[np.isfinite(own)]
            if len(there) < LEAST or len(np.unique(there)) < 2:
                what = f"has {len(there)} values" if len(there) < LEAST else "is the same for all architectures"
                raise ArchflowError(f"experts: column {name!r} {what}; leave it out or measure more")


def _chosen(scores: Values, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose from the rows so that each source is known for about `ROWS`; the rarest sources choose first."""
    chosen = np.zeros(0, np.int64)
    for column in scores.T[np.argsort(np.isfinite(scores[rows]).sum(0), kind="stable")]:
        missing = ROWS - np.isfinite(column[chosen]).sum()
        more = np.setdiff1d(rows[np.isfinite(column[rows])], chosen, assume_unique=True)
        chosen = np.concatenate([chosen, rows[np.isin(rows, more)][: max(0, missing)]])
    return np.sort(chosen)
