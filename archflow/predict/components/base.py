"""The contract of a component."""

from __future__ import annotations

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
from archflow.registry import Registry

Values = NDArray[np.float64]

COMPONENTS: Registry[type[Component]] = Registry("component", "archflow.predict.components")


class Guess(NamedTuple):
    """What the F models of a component say of N architectures, on the scale of the targets; higher is better.

    Attributes:
        mean: (F, N).
        std: (F, N) how unsure each is, without the noise of a single measurement; NaN where it cannot say.
    """

    mean: Values
    std: Values


@dataclass(frozen=True)
class Lesson:
    """What a component learns from.

    Attributes:
        known: The n labelled architectures.
        targets: (n,) labels on a scale with mean about 0 and variance about 1, higher is better.
        folds: F divisions of the labels. A component fits one model for each; nothing of it may depend on the targets
            of the labels that it holds out.
        usual: Architectures that show what is usual, labelled or not.
        seed: Decides everything that is drawn.
        checkpoint: File that keeps the state of long training, if any; the same call then continues it.
        on_epoch: Called with the number of epochs done, by a component that trains long.
        metrics: Names of what is to be predicted, where they are columns; no component may read these.
    """

    known: Seen
    targets: Values
    folds: Folds
    usual: Seen
    seed: int = 21
    checkpoint: Path | None = None
    on_epoch: Callable[[int], None] | None = None
    metrics: Sequence[str] = ()


class Component(Configured, ABC):
    """A way to learn labels, before it has seen any. Its settings are the arguments of its constructor.

    `StackedPredictor` calls `fit` once, weights the fitted component by how well it predicts the labels that its
    models did not learn from, and keeps it if it has any weight.
    """

    name: ClassVar[str]
    """Its registered name."""
    fitted: ClassVar[type[FittedComponent]]
    """What `fit` gives."""

    def __init__(self) -> None:
        """Without settings, unless a component has its own."""

    @property
    def reads(self) -> Sequence[str]:
        """Columns of the table, beside features, that it reads."""
        return ()

    def applies(self, usual: Seen) -> bool:
        """Whether there is anything that it could learn from in architectures such as these."""
        return True

    def epochs(self, labels: int) -> int:
        """How many epochs `fit` reports by `Lesson.on_epoch`, if each model learns from so many labels."""
        return 0

    @abstractmethod
    def fit(self, lesson: Lesson) -> FittedComponent:
        """Fit one model for every fold."""


class FittedComponent(ABC):
    """The F models of a component."""

    @abstractmethod
    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        """What the models say of N architectures. No row depends on the others.

        Args:
            seen: The architectures.
            on_batch: Called again and again with how many more are done, by a component that takes long.
        """

    def oddities(self, table: Table) -> dict[str, str]:
        """By name, what is odd in a table about columns that the component reads beside features."""
        return {}

    @abstractmethod
    def arrays(self) -> dict[str, NDArray]:
        """What `restored` needs, as numeric arrays."""

    @classmethod
    @abstractmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        """The component that gave the arrays.

        Args:
            arrays: From a file: of any names, shapes and values.
            usual: A few architectures as the predictor reads them, which tell the widths of embeddings and features.
            folds: F.

        Raises:
            ArchflowError: If no component of this kind can have given them.
        """
