"""A predictor that blends several components, without setting labels aside to weight them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from archflow.bounds import whole
from archflow.device import usable
from archflow.encoders import Embedder
from archflow.encoders.embedder import Architectures, as_table, check_weights
from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.features.leaks import check_sources
from archflow.graph import Vocabulary
from archflow.graph.table import Table
from archflow.predict import stacked_folder
from archflow.predict.base import Prediction, Predictor, ranked
from archflow.predict.blending import Blend
from archflow.predict.components import COMPONENTS, Component, Lesson
from archflow.predict.components.base import Guess, fit_timed
from archflow.predict.context import ContextChoice
from archflow.predict.explain.contract import ByModel, Networks
from archflow.predict.feature_kinds import features_of
from archflow.predict.folds import Folds
from archflow.predict.forecast import Forecast
from archflow.predict.held_out import HeldOut
from archflow.predict.labels import Labelled, one_metric
from archflow.predict.objectives import Hinge, Objective, one_for_each
from archflow.predict.reference import reference_rows, with_gaps_of
from archflow.predict.seen import Seen
from archflow.predict.shown import Facts, Shown
from archflow.predict.stack import Plan, Stack, Stacking
from archflow.predict.target_scale import TargetScale
from archflow.progress import notebook_bar

Values = NDArray[np.float64]

REFERENCE = 2000
"""The maximum number of reference architectures, evenly spaced: enough for a mean and a standard deviation."""

ROWS = 4096
"""Architectures that are predicted at once, so that memory does not grow with the table."""


class StackedPredictor(Shown, Predictor):
    """Ranks architectures by several components, each weighted by how well it predicts held-out labels.

    Every component is fitted about ten times, each time without a part of the labels (`Folds`). Its predictions of the
    held-out labels determine its weight (`stacked_weights`), the deviations (`Spread`) and the intervals
    (`CrossConformal`). The prediction is the mean over all fitted models; no model learns from all labels, and no label
    is set aside only for weighting.

    Args:
        embedders: Pre-trained encoders of one vocabulary, for components that use embeddings or fine-tune networks.
            May be empty.
        components: By name in `COMPONENTS`, or as objects; all that apply if None.
        features: Kinds of features by name in `FEATURES`; all if None.
        columns: Columns of the table that are known before training and may be used; None to find them by name, such
            as parameters and FLOPs.
        context: The column that names the device or task of each row, and how it is used; a name is enough.
        objective: The objective, by its name in `OBJECTIVES` or as an object: a ranking by default. It decides the
            scale of the targets and the direction.
        seed: Random seed.
        device: Where embeddings are computed and networks are trained.
    """

    def __init__(
        self,
        embedders: Embedder | Sequence[Embedder] = (),
        *,
        components: Sequence[Component | str] | None = None,
        features: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        context: ContextChoice | str | None = None,
        objective: Objective | str | None = None,
        seed: int = 21,
        device: torch.device | str = "cpu",
    ) -> None:
        self.embedders = [embedders] if isinstance(embedders, Embedder) else list(embedders)
        if any(each.vocabulary != self.embedders[0].vocabulary for each in self.embedders):
            raise ArchflowError("predictor: its encoders know different operations; give them one vocabulary")
        given = COMPONENTS.names() if components is None else _several(components)
        self.components = [COMPONENTS.get(each)() if isinstance(each, str) else each for each in given]
        if not self.components:
            raise ArchflowError("predictor: no component; give at least one")
        # In the order in which they are read from a file.
        self.kinds = sorted(set(FEATURES.names() if features is None else _several(features)))
        self.columns = None if columns is None else list(_several(columns))
        self.context = ContextChoice(context) if isinstance(context, str) else context
        self.objective: Objective | str = objective or Hinge()
        self.seed, self.device = whole("predictor: seed", seed, 0), usable(device)
        self._stack: Stack | None = None

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The operations that its encoders or features know; None if it has neither."""
        if self.embedders:
            return self.embedders[0].vocabulary
        features = self._stack.features.values() if self._stack else ()
        known = next((each.operations for each in features if each.operations is not None), None)
        return None if known is None else Vocabulary(known)

    @property
    def context_columns(self) -> Sequence[str]:
        return [self.context.column] if self.context else ()

    def epochs(self, labels: int) -> int:
        """How many epochs `fit` reports for this number of labels; 0 if no component trains for long."""
        each = Folds.of(labels, self.seed).train.shape[1]
        return sum(component.epochs(each) for component in self.components)

    @property
    def metrics(self) -> Sequence[str]:
        return [self._stack.metric] if self._stack else ()

    @property
    def objectives(self) -> Sequence[Objective]:
        return [self._stack.scale.objective] if self._stack else ()

    def facts(self) -> Facts:
        return self._stack.facts if self._stack else Facts("not fitted")

    @property
    def stacking(self) -> Stacking:
        """How fitting went. Raises ArchflowError before `fit`."""
        return self.fitted.stacking

    @property
    def fitted(self) -> Stack:
        """The fitted stack. Raises ArchflowError before `fit`."""
        if self._stack is None:
            raise ArchflowError("predictor: nothing to predict with yet; call fit or load first")
        return self._stack

    def fit(
        self,
        architectures: Architectures,
        y: ArrayLike | None = None,
        *,
        mask: ArrayLike | None = None,
        reference: Architectures | None = None,
        validation: tuple[Architectures, ArrayLike] | Table | None = None,
        metrics: Sequence[str] | None = None,
        checkpoint: Path | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Stacking:
        """As `Predictor.fit`. `validation` labels are used like the others: for learning, weighting and calibration.

        Columns are read from `architectures` and `reference` if these are tables.

        Raises:
            ArchflowError: As for `Predictor.fit`; also for several metrics, or fewer than five labels.
        """
        for embedder in self.embedders:
            check_weights(embedder.encoder)
        table = as_table(architectures)
        metric, known, values = one_metric(table, Labelled.of(table, y, mask, metrics), validation)
        (objective,) = one_for_each(self.objective, 1)
        objective.check(values, f"labels of {metric}")
        scale, targets = TargetScale.of(objective, values, metric)
        whole_reference = table if reference is None else as_table(reference)
        if self.context and not self.context.covers(whole_reference, known):
            whole_reference = known  # a device or task that typical architectures lack would tell nothing
        wanted = [name for component in self.components for name in component.reads]
        usual = whole_reference.select(reference_rows(whole_reference, REFERENCE, wanted))
        check_sources(wanted, known, values)
        features = features_of(usual, self.kinds, self.columns, [metric], (known, values), self.context)
        seen_usual, seen = (Seen(each, self.embedders, features, self.device) for each in (usual, known))
        held_together = self.context.groups(known) if self.context and self.context.unseen else None
        folds = Folds.of(len(values), self.seed, held_together)
        lesson = Lesson(
            *(seen, targets, folds, seen_usual, self.seed, checkpoint),
            metrics=[metric],
            ranks=not scale.objective.predicts_values,
            log_spread=scale.log_spread,
        )
        able = [component for component in self.components if component.applies(lesson)]
        if not able:
            raise ArchflowError("predictor: none of its components applies; give it encoders or features")
        with notebook_bar(f"fitting on {len(values)} labels", self.epochs(len(values)), on_epoch) as report:
            lesson = replace(lesson, on_epoch=report)
            parts = [(component, fit_timed(component, lesson)) for component in able]
        tested = seen
        if wanted:
            emptied = with_gaps_of(known, whole_reference, wanted, self.seed)
            tested = Seen(emptied, self.embedders, features, self.device)
        odds = [component.odds(lesson) for component in able]
        blend, score = Blend.of([fitted(tested) for _, fitted in parts], targets, folds, odds)
        stacking = Stacking.of([component.name for component in able], score, len(values), features)
        plan = Plan(list(self.components), self.kinds, self.columns, self.seed, self.context)
        texts = self.context.texts(known) if self.context else None
        held_out = HeldOut.of(targets, score.predicted, score.deviations, known.architectures.hashes, texts)
        self._stack = Stack(metric, features, parts, blend, scale, stacking, len(folds), plan, held_out)
        return stacking

    def predict(self, architectures: Architectures, on_batch: Callable[[int], None] | None = None) -> Prediction:
        """As `Predictor.predict`. std is that of labels around the prediction, calibrated on held-out labels."""
        return self.forecast(architectures, on_batch).prediction

    def rank(
        self,
        table: Table | Architectures,
        on_batch: Callable[[int], None] | None = None,
        coverage: float | None = None,
        top: int | None = None,
    ) -> Table:
        """As `Predictor.rank`; also ranks by differences that are lost to rounding in the labels' unit.

        Args:
            table: The architectures to rank.
            on_batch: As in `predict`.
            coverage: As in `Predictor.rank`.
            top: K; also add a column `probability_top_K_METRIC`, the probability of being among the best K of these.
        """
        if coverage is not None:
            self.check_coverage(coverage)  # before the work
        forecast = self.forecast(table, on_batch)
        ends = None if coverage is None else forecast.interval(coverage)
        found = ranked(table, forecast.prediction, forecast.order, self, ends)
        if top is None:
            return found
        column = f"probability_top_{top}_{self.fitted.metric}"
        return found.with_metrics({column: forecast.top_probability(top, self.seed)})

    def interval(self, architectures: Architectures, coverage: float) -> tuple[Values, Values]:
        """As `Predictor.interval`; wider where the prediction is less certain."""
        return self.forecast(architectures).interval(coverage)

    def check_coverage(self, coverage: float) -> None:
        """Raise ArchflowError if there are too few labels for this coverage."""
        self.fitted.blend.conformal.place(coverage)

    def top_probability(self, architectures: Architectures, k: int) -> Values:
        """(N,) the probability that an architecture is among the best k of these."""
        return self.forecast(architectures).top_probability(k, self.seed)

    def oddities(self, table: Table) -> list[str]:
        """Lines about columns that were learnt from and that are empty, have gaps or are in another unit in a table.

        Raises:
            ArchflowError: If the table lacks a column; the message names it.
        """
        return [f"column {name!r} {what}" for name, what in self.fitted.oddities(table).items()]

    def embed(self, architectures: Architectures) -> NDArray[np.float32]:
        """(N, D) embeddings of all encoders side by side. Raises ArchflowError without encoders."""
        if not self.embedders:
            raise ArchflowError("predictor: has no encoder to embed with; give it one")
        return Seen(as_table(architectures), self.embedders, {}, self.device).embeddings

    def guesses(self, architectures: Architectures) -> dict[str, Guess]:
        """The predictions of each component, by name, on the scale of the targets; higher is better."""
        seen = self._seen(architectures)
        return {component.name: fitted(seen) for component, fitted in self.fitted.parts}

    def forecast(self, architectures: Architectures, on_batch: Callable[[int], None] | None = None) -> Forecast:
        """Everything that can be predicted of architectures, computed once. Arguments as for `predict`."""
        stack, table = self.fitted.counted, as_table(architectures)
        means, deviations = [], []
        for first in range(0, max(len(table), 1), ROWS):
            part = table if len(table) <= ROWS else table.select(np.arange(first, min(first + ROWS, len(table))))
            seen = self._seen(part)
            mean, deviation = stack.blend([fitted(seen) for _, fitted in stack.parts])
            means.append(mean)
            deviations.append(deviation)
            if on_batch:
                on_batch(len(part))
        return Forecast(np.concatenate(means, 1), np.concatenate(deviations), stack.blend.conformal, stack.scale)

    def by_model(self, architectures: Architectures) -> ByModel:
        return self.forecast(architectures).by_model()

    def networks(self, row: Table, metric: int = 0) -> Networks:
        return self.fitted.networks(self._seen(row))

    def _seen(self, architectures: Architectures) -> Seen:
        return Seen(as_table(architectures), self.embedders, self.fitted.features, self.device)

    def save(self, folder: str | Path) -> None:
        """Write predictor.json and the weights that it names into a folder. Raises ArchflowError before `fit`."""
        if self._stack is None:
            raise ArchflowError("predictor: nothing to save yet; call fit first")
        stacked_folder.write(Path(folder), self._stack.counted, self.embedders)

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str = "cpu") -> Self:
        """As `Predictor.load`; when fitted again, it behaves like a new predictor with the same arguments."""
        stack, embedders = stacked_folder.read(Path(folder))
        plan = stack.plan
        predictor = cls(
            embedders,
            components=plan.components,
            features=plan.kinds,
            columns=plan.columns,
            context=plan.context,
            objective=stack.scale.objective,
            seed=plan.seed,
            device=device,
        )
        predictor._stack = stack
        return predictor


def _several(names: Sequence[Any] | str) -> Sequence[Any]:
    """A list of names; a single string counts as a list of one."""
    return [names] if isinstance(names, str) else names
