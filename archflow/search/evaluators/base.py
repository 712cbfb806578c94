"""The contract of a search's evaluator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.printable import shown
from archflow.spaces.base import SearchSpace

Point = tuple[int, Mapping[str, float]]
"""A number of epochs, and the metrics after them."""

LARGEST = 1e100
"""The largest metric accepted: the squares of larger values, as from a diverged training, overflow."""

LONGEST = 500
"""Maximum length of a failure message in characters."""


class SearchEvaluator(ABC):
    """Measures an architecture, after several epochs where possible.

    It is an `Evaluator`, and `archflow.testing.check_evaluator` checks that contract.

    A metric called `seconds` is the cost of the measurement; without it a search uses the elapsed time.

    Attributes:
        metrics: Names of the metrics; empty if they are not known in advance.
        epochs: Epochs at which `curve` yields metrics, ascending; empty if it yields them only at the end, or if the
            number of epochs is not known in advance.
        simulated: Whether measurements are looked up, so that `seconds` is what they took originally.
    """

    metrics: tuple[str, ...] = ()
    epochs: tuple[int, ...] = ()
    simulated: bool = False

    @property
    @abstractmethod
    def config(self) -> dict[str, Any]:
        """All settings that determine the measurements, as plain JSON values."""

    @abstractmethod
    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        """Yield the metrics after several epochs, the final ones last.

        Raises `ArchflowError` if the architecture cannot be measured.
        """

    def limited(self, timeout: float) -> SearchEvaluator:
        """A copy that gives up by itself after `timeout` seconds, if the evaluator supports it."""
        return self

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        curve = list(self.curve(architecture, seed))
        if not curve:
            raise ArchflowError("the evaluation gave no metrics")
        return curve[-1][1]


@dataclass(frozen=True)
class Wanted:
    """What a search requests of an evaluator.

    Attributes:
        space: The name of the search space; None for the evaluator's own.
        metrics: Names of the objectives and constraints, without signs; empty for the evaluator's default metric.
        reported: Further metrics, which the search method does not see.
        settings: Settings of the evaluator, by name.
        by_epoch: Whether metrics at several epochs are requested, so that a search can stop evaluations early.
    """

    space: str | None = None
    metrics: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_epoch: bool = False


@dataclass(frozen=True)
class Target:
    """What is searched and how it is measured.

    Attributes:
        evaluate: The evaluator.
        space: The space that is searched.
        metrics: The requested metrics under the evaluator's names; its default metric if none was requested.
        reported: The reported metrics under the evaluator's names.
        columns: A set of architectures -> a table of what is known before any measurement; None if nothing is.
        note: A remark for the user, in one sentence.
    """

    evaluate: SearchEvaluator
    space: SearchSpace
    metrics: tuple[str, ...]
    reported: tuple[str, ...] = ()
    columns: Callable[[ArchitectureSet], Table] | None = None
    note: str = ""


def points(evaluate: Any, architecture: Architecture, seed: int) -> Iterator[Point]:
    """The curve of any evaluator; one that measures only at the end yields a single point at epoch 0."""
    if isinstance(evaluate, SearchEvaluator):
        yield from evaluate.curve(architecture, seed)
    else:
        yield 0, evaluate(architecture, seed)


def checked(metrics: Any, needed: tuple[str, ...]) -> dict[str, float]:
    """Return metrics as numbers by name, none larger than `LARGEST`.

    Raises:
        ArchflowError: If `metrics` is not a mapping of numbers, or a needed metric is missing, not finite or too large.
            Other metrics that are not finite or too large are dropped.
    """
    if not isinstance(metrics, Mapping):
        raise ArchflowError(f"the evaluation gave {shown(metrics)}, not metrics by name")
    found: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ArchflowError(
                f"the evaluation gave {shown(str(name))} as {shown(value)}, which is not a number"
            ) from None
    for name in needed:
        if name not in found:
            raise ArchflowError(f"the evaluation gave no {name!r}; it gave: {', '.join(found) or 'nothing'}")
        if not abs(found[name]) <= LARGEST:
            raise ArchflowError(f"{name} is {found[name]}")
    return {name: value for name, value in found.items() if abs(value) <= LARGEST}


def failure_of(error: BaseException) -> str:
    """Describe a failed evaluation in one line of bounded length."""
    text = str(error) if isinstance(error, ArchflowError) else f"{type(error).__name__}: {error}"
    line = " ".join(text[: 10 * LONGEST].split()) or type(error).__name__
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."
