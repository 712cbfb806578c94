"""The result of fitting a stacked predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from archflow.features import Features
from archflow.features.columns import Columns
from archflow.graph.table import Table
from archflow.predict.blending import Blend, Score
from archflow.predict.components import Component, FittedComponent
from archflow.predict.components.networks import FittedNetworks
from archflow.predict.context import CONTEXT, Context, ContextChoice
from archflow.predict.explain.contract import Network, Networks
from archflow.predict.feature_kinds import COLUMNS
from archflow.predict.held_out import HeldOut
from archflow.predict.seen import Seen
from archflow.predict.shown import Facts
from archflow.predict.target_scale import TargetScale


@dataclass(frozen=True)
class Share:
    """One component's part in the predictions.

    Attributes:
        name: The component's name.
        weight: Its weight in the blend; all weights sum to 1.
        tau: Kendall's tau of its predictions of held-out labels.
    """

    name: str
    weight: float
    tau: float


@dataclass(frozen=True)
class Stacking:
    """How fitting went.

    Attributes:
        shares: One per component, the largest first.
        tau: Kendall's tau of the blend on labels that its components did not learn from.
        labels: The number of labels.
        features: How many columns each kind of features has.
        columns: Columns of the table that were learnt from.
    """

    shares: list[Share]
    tau: float
    labels: int
    features: Mapping[str, int]
    columns: Sequence[str] = ()

    @classmethod
    def of(cls, components: Sequence[str], score: Score, labels: int, features: Mapping[str, Features]) -> Stacking:
        """Summarise the components and their score on `labels` labels, with features by name."""
        each = zip(components, score.shares, score.components, strict=True)
        shares = sorted((Share(*one) for one in each), key=lambda share: -share.weight)
        widths = {name: len(each.names) for name, each in features.items()}
        columns = list(features[COLUMNS].names) if COLUMNS in features else []
        return cls(shares, score.blend, labels, widths, columns)

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The components with their weights and Kendall's tau, as text."""
        return [(share.name, f"{share.weight:.2f}", f"{share.tau:.3f}") for share in self.shares]

    @property
    def informative(self) -> bool:
        """Whether the blend ranks better than chance at the 5 % level."""
        n = self.labels
        return self.tau > 1.645 * np.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)))


@dataclass(frozen=True)
class Plan:
    """The arguments of `StackedPredictor`, other than encoders and objective, with which it is fitted again.

    Attributes:
        components: All components, including those that got no weight.
        kinds: Names of kinds of features.
        columns: Columns named as known before training; None to find them by name.
        seed: Random seed.
        context: The column of devices or tasks, and how it is used; None if there is none.
    """

    components: Sequence[Component]
    kinds: Sequence[str]
    columns: Sequence[str] | None
    seed: int
    context: ContextChoice | None = None


@dataclass(frozen=True)
class Stack:
    """A fitted stack.

    Attributes:
        metric: The name of the metric.
        features: Features by name.
        parts: The components, and their fitted counterparts.
        blend: The blend of the components; some may have no weight.
        scale: The scale of the targets.
        stacking: How fitting went.
        models: F, the number of models of each component.
        plan: The arguments that it was fitted with.
        held_out: What the blend predicted for the labels by models that did not learn from them.
    """

    metric: str
    features: Mapping[str, Features]
    parts: Sequence[tuple[Component, FittedComponent]]
    blend: Blend
    scale: TargetScale
    stacking: Stacking
    models: int
    plan: Plan
    held_out: HeldOut

    @property
    def facts(self) -> Facts:
        """What it predicts, from how many labels, and how well, in words; and the components."""
        metric = f"-{self.metric}" if self.scale.objective.lower_is_better else self.metric
        tau = f"Kendall tau {self.stacking.tau:.3f} on held-out labels"
        heads = ("component", "weight", "Kendall tau")
        return Facts(metric, f"{self.stacking.labels} labels", tau, heads=heads, rows=self.stacking.rows)

    @property
    def context(self) -> Context | None:
        """The numbers of devices or tasks, if rows have a context."""
        found = self.features.get(CONTEXT)
        return found if isinstance(found, Context) else None

    def oddities(self, table: Table) -> dict[str, str]:
        """By name, what is odd in a table about the columns that were learnt from."""
        found: dict[str, str] = {}
        for _, fitted in self.parts:
            found |= fitted.oddities(table)
        columns = self.features.get(COLUMNS)
        return found | (columns.oddities(table) if isinstance(columns, Columns) else {})

    def networks(self, seen: Seen) -> Networks:
        """The networks among the components, with their slopes on the scale of the targets, but for its sign.

        Args:
            seen: One architecture, whose device or task the networks read.
        """
        found, sign = [], self.scale.objective.sign
        for (_, fitted), weight in zip(self.parts, self.blend.weights, strict=True):
            if isinstance(fitted, FittedNetworks) and weight > 0:
                for f, (model, chosen) in enumerate(zip(fitted.models, fitted.chosen, strict=True)):
                    slope = partial(fitted.scale.slope, f, sign * weight / self.models)
                    found.append(Network(model, seen.embedders[chosen], 0, slope, fitted.context(seen)))
        return Networks(found, "standard deviations")

    @property
    def counted(self) -> Stack:
        """The stack without components of weight 0; its predictions are the same."""
        counts = self.blend.weights > 0
        parts = [part for part, each in zip(self.parts, counts, strict=True) if each]
        return replace(self, parts=parts, blend=replace(self.blend, weights=self.blend.weights[counts]))
