"""The contract of a component."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from archflow.configured import Configured
from archflow.graph.table import Table
from archflow.predict.folds import Folds
from archflow.predict.seen import Seen
from archflow.progress import LOGGER
from archflow.registry import Registry

Values = NDArray[np.float64]

COMPONENTS: Registry[type[Component]] = Registry("component", "archflow.predict.components")


class Guess(NamedTuple):
    """Predictions by the F models of a component for N architectures, on the scale of the targets; higher is better.

    Attributes:
        mean: (F, N) predictions.
        std: (F, N) their uncertainty, without measurement noise; NaN where a model cannot estimate it.
    """

    mean: Values
    std: Values


@dataclass(frozen=True)
class Lesson:
    """What a component learns from.

    Attributes:
        known: The n labelled architectures.
        targets: (n,) labels on a scale with mean about 0 and variance about 1, higher is better.
        folds: F divisions of the labels. A component fits one model per fold; nothing in that model may depend on the
            targets that the fold holds out.
        usual: Typical architectures, labelled or not.
        seed: Random seed.
        checkpoint: File that keeps the state of long training, if any; the same call resumes from it.
        on_epoch: Called with the number of epochs done, by components that train for long.
        metrics: Names of the metrics to predict, if they are columns; no component may read these.
        ranks: Whether the targets are normal scores, which keep only the order of the labels.
        log_spread: For positive labels whose values are predicted, such as latencies: labels are a constant times
            exp(log_spread * targets), but for outliers. Negative where low labels are good. None for other labels.
    """

    known: Seen
    targets: Values
    folds: Folds
    usual: Seen
    seed: int = 21
    checkpoint: Path | None = None
    on_epoch: Callable[[int], None] | None = None
    metrics: Sequence[str] = ()
    ranks: bool = False
    log_spread: float | None = None


class Component(Configured, ABC):
    """An unfitted model of the labels. Its settings are the arguments of its constructor.

    `StackedPredictor` calls `fit` once, weights the fitted component by how well it predicts the labels that its
    models did not learn from, and keeps it if it has any weight.
    """

    name: ClassVar[str]
    """Its registered name."""
    fitted: ClassVar[type[FittedComponent]]
    """The class that `fit` returns."""

    def __init__(self) -> None:
        """Create the component; without settings unless a subclass adds some."""

    @property
    def reads(self) -> Sequence[str]:
        """Columns of the table that it reads in addition to the features."""
        return ()

    def applies(self, lesson: Lesson) -> bool:
        """Whether there is anything that it could learn from in such a lesson, whatever its targets are."""
        return True

    def odds(self, lesson: Lesson) -> float:
        """Its weight before any label is seen, relative to that of a component with 1; no target may change it."""
        return 1.0

    def epochs(self, labels: int) -> int:
        """How many epochs `fit` reports to `Lesson.on_epoch` if each model learns from this number of labels."""
        return 0

    @abstractmethod
    def fit(self, lesson: Lesson) -> FittedComponent:
        """Fit one model per fold."""


class FittedComponent(ABC):
    """The F models of a component."""

    @abstractmethod
    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        """Predict N architectures. No prediction depends on the other architectures.

        Args:
            seen: The architectures.
            on_batch: Called repeatedly with how many more are done, by components that take long.
        """

    def oddities(self, table: Table) -> dict[str, str]:
        """By name, what is odd in a table about the columns that the component reads in addition to the features."""
        return {}

    @abstractmethod
    def arrays(self) -> dict[str, NDArray]:
        """The numeric arrays that `restored` needs."""

    @classmethod
    @abstractmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        """Restore the component that wrote the arrays.

        Args:
            arrays: Arrays from a file; their names, shapes and values are untrusted.
            usual: A few architectures as the predictor reads them; they give the widths of embeddings and features.
            folds: F, the number of folds.

        Raises:
            ArchflowError: If no component of this kind can have written them.
        """


def fit_timed(component: Component, lesson: Lesson) -> FittedComponent:
    """Fit a component; its settings and the seconds that it took are details in the log."""
    begin = time.perf_counter()
    fitted = component.fit(lesson)
    seconds = time.perf_counter() - begin
    LOGGER.debug("component %s: fitted in %.1f s, settings %s", component.name, seconds, component.config)
    return fitted
