"""The contract of what runs evaluations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archflow.graph import Architecture


@dataclass(frozen=True)
class Job:
    """What workers do with an architecture.

    Attributes:
        evaluate: An evaluator.
        needed: Metrics without which an evaluation has failed.
        watch: Whether to stop an evaluation.
        timeout: Seconds that one may take; None for no limit.
    """

    evaluate: Any
    needed: tuple[str, ...]
    watch: Watch
    timeout: float | None = None


@dataclass
class Finished:
    """An evaluation that ended in one way or another.

    Attributes:
        number: Of the trial.
        worker: Which worker ran it, from 0.
        begin, end: Seconds on the clock of the search.
        metrics: Its last ones; empty if it failed.
        failure: Why it failed; "" if it did not.
        epochs: After which epochs the metrics are; 0 if they are not by epoch.
        stopped: Whether it was stopped before its last epoch.
        curve: (epochs, metrics) after each.
    """

    number: int
    worker: int
    begin: float
    end: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    epochs: int = 0
    stopped: bool = False
    curve: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    def point(self, epochs: int, metrics: Mapping[str, float]) -> None:
        """Add the metrics after some epochs, which are its last ones for now."""
        self.epochs, self.metrics = epochs, dict(metrics)
        self.curve.append((epochs, self.metrics))

    def fail(self, failure: str) -> None:
        """Say why it failed; what was measured before counts no more."""
        self.failure, self.metrics, self.stopped = failure, {}, False


Watch = Callable[[Finished], bool]
"""Given an evaluation that is under way, with what it has measured: whether to stop it there."""


class Workers(ABC):
    """Runs evaluations, as many at once as there are workers. It is a context manager: behind it nothing runs on."""

    @property
    @abstractmethod
    def clock(self) -> float:
        """Seconds since the search began, the time that it was interrupted for left out."""

    @property
    @abstractmethod
    def free(self) -> int:
        """How many workers have nothing to do."""

    @abstractmethod
    def start(self, number: int, architecture: Architecture, seed: int) -> None:
        """Begin an evaluation on a free worker."""

    @abstractmethod
    def wait(self) -> Sequence[Finished]:
        """Wait until something happens, and give the evaluations that ended, if any did."""

    @abstractmethod
    def close(self) -> None:
        """End what runs."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_last(evaluate: Any, epochs: int) -> bool:
    """Whether the metrics after so many epochs are the last ones, as far as is known before."""
    known = getattr(evaluate, "epochs", ())
    return epochs == 0 or (bool(known) and epochs >= known[-1])
