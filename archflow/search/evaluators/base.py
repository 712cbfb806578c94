"""What a search measures with."""

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
"""The largest metric: squares of what lies beyond, as of a training that has diverged, are no numbers any more."""

LONGEST = 500
"""Characters of a failure that are kept."""


class SearchEvaluator(ABC):
    """Measures an architecture, by epochs where it can. It is an `Evaluator`: `archflow.testing.check_evaluator` holds
    it to that contract.

    A metric called `seconds` is what the measurement cost; without it a search counts the seconds that went by.

    Attributes:
        metrics: The names of what it measures; empty if they are not known before.
        epochs: After which epochs `curve` has metrics, ascending; empty if it has them at the end alone, or if the
            number of epochs is not known before.
        simulated: Whether it looks up what was measured elsewhere, and `seconds` is how long that took.
    """

    metrics: tuple[str, ...] = ()
    epochs: tuple[int, ...] = ()
    simulated: bool = False

    @property
    @abstractmethod
    def config(self) -> dict[str, Any]:
        """All that decides the measurements, as plain JSON values."""

    @abstractmethod
    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        """The metrics after some epochs, in the end after all of them. An `ArchflowError` says that it cannot be."""

    def limited(self, timeout: float) -> SearchEvaluator:
        """The same, which gives up by itself after so many seconds if it can."""
        return self

    def __call__(self, architecture: Architecture, seed: int) -> Mapping[str, float]:
        curve = list(self.curve(architecture, seed))
        if not curve:
            raise ArchflowError("the evaluation gave no metrics")
        return curve[-1][1]


@dataclass(frozen=True)
class Wanted:
    """What the user of a search asks for, as far as an evaluator needs to know it.

    Attributes:
        space: The name of the search space; None for the evaluator's own.
        metrics: The names that objectives and constraints have, without signs; empty for the evaluator's usual one.
        reported: Further metrics, which the search does not see.
        settings: Of the evaluator, by name.
        by_epoch: Whether metrics after some epochs are wanted, so that a search can stop early.
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
        evaluate: Measures.
        space: The space that is searched.
        metrics: The names asked for, as the evaluator calls them; its usual one if none was.
        reported: The same, of the metrics that the search does not see.
        columns: A set of architectures -> a table with what is known before anything is measured; None if nothing is.
        note: What the user should know, in a sentence.
    """

    evaluate: SearchEvaluator
    space: SearchSpace
    metrics: tuple[str, ...]
    reported: tuple[str, ...] = ()
    columns: Callable[[ArchitectureSet], Table] | None = None
    note: str = ""


def points(evaluate: Any, architecture: Architecture, seed: int) -> Iterator[Point]:
    """The curve of any evaluator: that of one that measures only at the end has a single point, after epoch 0."""
    if isinstance(evaluate, SearchEvaluator):
        yield from evaluate.curve(architecture, seed)
    else:
        yield 0, evaluate(architecture, seed)


def checked(metrics: Any, needed: tuple[str, ...]) -> dict[str, float]:
    """Metrics as numbers by name, none beyond `LARGEST`.

    Raises:
        ArchflowError: They are something else, one that is needed is missing, not finite or too large. Another one that
            is not finite or too large is left out.
    """
    if not isinstance(metrics, Mapping):
        raise ArchflowError(f"the evaluation gave {shown(metrics)}, not metrics by name")
    found: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ArchflowError(
                f"the evaluation gave {shown(str(name))} as {shown(value)}, which is no number"
            ) from None
    for name in needed:
        if name not in found:
            raise ArchflowError(f"the evaluation gave no {name!r}; it gave: {', '.join(found) or 'nothing'}")
        if not abs(found[name]) <= LARGEST:
            raise ArchflowError(f"{name} is {found[name]}")
    return {name: value for name, value in found.items() if abs(value) <= LARGEST}


def failure_of(error: BaseException) -> str:
    """Why an evaluation failed, on one line of bounded length."""
    text = str(error) if isinstance(error, ArchflowError) else f"{type(error).__name__}: {error}"
    line = " ".join(text[: 10 * LONGEST].split()) or type(error).__name__
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."
