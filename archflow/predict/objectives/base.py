"""The contract of an objective: the loss, the selection score, and how scores become values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray
from torch import Tensor

from archflow.bounds import Bounded
from archflow.described import parse
from archflow.errors import ArchflowError
from archflow.predict.greatest import greatest_possible
from archflow.predict.metrics import regression_summary, summary
from archflow.predict.unit import LARGEST, Unit
from archflow.registry import Registry

Values = NDArray[np.float64]
Extreme = Annotated[float, Interval(ge=-LARGEST, le=LARGEST)]

OBJECTIVES: Registry[type[Objective]] = Registry("objective", "archflow.predict.objectives")


@dataclass(frozen=True)
class Objective(Bounded, ABC):
    """Loss, selection score, output map and direction of one metric.

    A network gives every architecture one score; a higher score always means better. In `fit`, a predictor calls
    `spanning` and `scaled_to` once, trains on `loss(scores, targets)`, keeps the epoch with the highest
    `selection_score`, and then learns the output map; in `predict`, it calls `outputs` and `from_scale`.

    All methods but `spanning`, `check` and `quality` take labels as counts in `unit`, which for ordinary labels are the
    labels themselves; `predictions` turns counts into labels.

    Args:
        lower_is_better: Whether low values of the metric are good, as for latency.
        lowest, highest: The extremes of all known labels; set by `spanning`.
        most: The upper bound of the metric, or None if it has no known one; set by `spanning`.
    """

    lower_is_better: bool = False
    lowest: Extreme | None = None
    highest: Extreme | None = None
    most: float | None = None

    measure: ClassVar[str]
    """The name of what `selection_score` measures."""
    positive: ClassVar[bool] = False
    """Whether labels must be positive."""
    predicts_values: ClassVar[bool] = False
    """Whether predictions should be close to the labels, rather than only in the same order."""
    passes: ClassVar[int] = 1
    """How often a training batch holds each of its architectures, every time with dropout of its own: the batch, then
    the same architectures again."""

    @property
    def sign(self) -> float:
        """1 if high values are good, -1 if low values are."""
        return -1.0 if self.lower_is_better else 1.0

    @property
    def unit(self) -> Unit:
        """The unit in which labels are counted."""
        if self.lowest is None or self.highest is None:
            return Unit()
        return Unit.of(self.lowest, self.highest, from_zero=self.positive)

    @property
    def linear(self) -> bool:
        """Whether the scale of `to_scale` is that of the labels rather than of their logarithms."""
        return not self.positive

    def spanning(self, labels: Values, metric: str = "") -> Self:
        """This objective with bounds from all known labels (n,) of a metric, including those for validation."""
        return replace(
            self, lowest=float(labels.min()), highest=float(labels.max()), most=greatest_possible(labels, metric)
        )

    def predictions(self, counts: Values) -> Values:
        """Counts -> labels, none with a sign that no known label has, and none above the metric's upper bound."""
        labels = self.unit.labels(counts)
        if self.lowest is None or self.highest is None:
            return labels
        most = np.inf if self.most is None else self.most
        return np.clip(labels, 0.0 if self.lowest >= 0 else -np.inf, 0.0 if self.highest <= 0 else most)

    @abstractmethod
    def scaled_to(self, labels: Values) -> Objective:
        """This objective, fitted to the labels to learn from: (n,), all finite."""

    def check(self, labels: Values, what: str) -> None:
        """Refuse labels that the objective cannot learn.

        Args:
            labels: (N,), NaN where missing.
            what: How the message calls them.

        Raises:
            ArchflowError: If a label is not possible; the message names the first one.
        """
        if self.positive and (labels <= 0).any():
            raise ArchflowError(
                f"{what}: {labels[labels <= 0][0]:g} is not positive and has no relative error; learn it by 'squared'"
            )

    @abstractmethod
    def targets(self, labels: Values) -> Values:
        """Labels (n,) -> targets (n,) for the loss, higher is better. NaN stays NaN."""

    @abstractmethod
    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """(..., n) scores and targets -> (...) loss. A NaN target is missing; without any target the loss is 0."""

    @abstractmethod
    def selection_score(self, scores: NDArray, targets: NDArray) -> Values:
        """(K, n) scores and targets of held-out architectures -> (K,), higher is better. A NaN target is missing."""

    @abstractmethod
    def output_map(self, scores: Values, labels: Values) -> Values:
        """Scores and labels (n,) of labelled architectures -> the map (P,) that `outputs` needs."""

    @abstractmethod
    def outputs(self, scores: Values, output_map: Values) -> Values:
        """(n,) scores -> (n,) predictions on the scale of `to_scale`."""

    @abstractmethod
    def to_scale(self, labels: Values) -> Values:
        """Labels on the scale on which errors are symmetric: their own or a logarithmic one."""

    @abstractmethod
    def from_scale(self, values: Values) -> Values:
        """The inverse of `to_scale`."""

    def quality(self, predicted: Values, measured: Values) -> dict[str, float] | None:
        """Measures of the quality of predictions, by name; None if fewer than ten architectures are measured.

        Args:
            predicted: (N,) predictions in the metric's unit.
            measured: (N,) labels, NaN where not measured.
        """
        known = np.isfinite(measured)
        if known.sum() < 10:
            return None
        predicted, measured = predicted[known], measured[known]
        errors = regression_summary(predicted, measured) if self.predicts_values and measured.all() else {}
        return {**summary(self.sign * predicted, self.sign * measured), **errors}


def describe_objective(objective: Objective) -> dict[str, Any]:
    """Describe an objective in JSON form.

    Raises:
        ArchflowError: If its class has no registered name.
    """
    name = OBJECTIVES.name_of(type(objective))
    if name is not None:
        return {"name": name, **asdict(objective)}
    raise ArchflowError(f"{type(objective).__name__} has no name; register it with @OBJECTIVES.register to save it")


def rebuild_objective(about: Mapping[str, Any]) -> Objective:
    """Restore an objective from its description. Raises ArchflowError if the description is damaged."""
    settings = dict(about)
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise ArchflowError("the description of the objective is damaged: it has no name; fit again")
    return parse(OBJECTIVES.saved(name), settings, "the description of the objective is damaged", "fit again")


def one_for_each(objective: Objective | str | Sequence[Objective | str], n_metrics: int) -> list[Objective]:
    """Return one objective per metric: the given one for all of them, or as many as given.

    Raises:
        ArchflowError: If their number does not fit, or a name is unknown.
    """
    given = [objective] if isinstance(objective, str | Objective) else list(objective)
    made = [OBJECTIVES.get(each)() if isinstance(each, str) else each for each in given]
    if len(made) == 1:
        made *= n_metrics
    if len(made) != n_metrics:
        raise ArchflowError(f"{len(made)} objectives for {n_metrics} metrics; give one, or one for each metric")
    return made
