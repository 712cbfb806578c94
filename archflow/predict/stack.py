"""What fitting a stacked predictor gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from archflow.features import Features
from archflow.features.columns import Columns
from archflow.graph.table import Table
from archflow.predict.blending import Blend, Score
from archflow.predict.components import Component, FittedComponent
from archflow.predict.feature_kinds import COLUMNS
from archflow.predict.target_scale import TargetScale


@dataclass(frozen=True)
class Share:
    """What one component has to do with the predictions.

    Attributes:
        name: Of the component.
        weight: Its share of the blend; all sum to 1.
        tau: Kendall's tau of its predictions of labels that it did not learn from.
    """

    name: str
    weight: float
    tau: float


@dataclass(frozen=True)
class Stacking:
    """How fitting went.

    Attributes:
        shares: Of all components, the largest first.
        tau: Kendall's tau of the blend on labels that its components did not learn from.
        labels: How many labels there are.
        features: How many columns each kind of features has.
        columns: Of the table, those that were learnt from.
    """

    shares: list[Share]
    tau: float
    labels: int
    features: Mapping[str, int]
    columns: Sequence[str] = ()

    @classmethod
    def of(cls, components: Sequence[str], score: Score, labels: int, features: Mapping[str, Features]) -> Stacking:
        """From the names of the components and how they predicted `labels` labels, with features by name."""
        each = zip(components, score.shares, score.components, strict=True)
        shares = sorted((Share(*one) for one in each), key=lambda share: -share.weight)
        widths = {name: len(each.names) for name, each in features.items()}
        columns = list(features[COLUMNS].names) if COLUMNS in features else []
        return cls(shares, score.blend, labels, widths, columns)

    @property
    def informative(self) -> bool:
        """Whether the blend ranks better than chance would in one of twenty cases."""
        n = self.labels
        return self.tau > 1.645 * np.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)))


@dataclass(frozen=True)
class Plan:
    """What `StackedPredictor` was asked for beside encoders and objective: what it is fitted again with.

    Attributes:
        components: All, those that turned out to have no weight among them.
        kinds: Of features, by name.
        columns: Those that were named as known before training; None if their names decide.
        seed: Of everything.
    """

    components: Sequence[Component]
    kinds: Sequence[str]
    columns: Sequence[str] | None
    seed: int


@dataclass(frozen=True)
class Stack:
    """What fitting gave.

    Attributes:
        metric: Its name.
        features: By name.
        parts: Components, and what they became.
        blend: Of these; some may have no weight.
        scale: Of the targets.
        stacking: How it went.
        models: F, how many of each component there are.
        plan: What it came of.
    """

    metric: str
    features: Mapping[str, Features]
    parts: Sequence[tuple[Component, FittedComponent]]
    blend: Blend
    scale: TargetScale
    stacking: Stacking
    models: int
    plan: Plan

    def oddities(self, table: Table) -> dict[str, str]:
        """By name, what is odd in a table about columns that were learnt from."""
        found: dict[str, str] = {}
        for _, fitted in self.parts:
            found |= fitted.oddities(table)
        columns = self.features.get(COLUMNS)
        return found | (columns.oddities(table) if isinstance(columns, Columns) else {})

    @property
    def counted(self) -> Stack:
        """Without the components that have no weight: the same predictions."""
        counts = self.blend.weights > 0
        parts = [part for part, each in zip(self.parts, counts, strict=True) if each]
        return replace(self, parts=parts, blend=replace(self.blend, weights=self.blend.weights[counts]))
