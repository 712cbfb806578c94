"""The contract of workers, which run evaluations."""

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
        evaluate: The evaluator.
        needed: Metrics without which an evaluation fails.
        watch: Whether to stop a running evaluation.
        timeout: Time limit of an evaluation in seconds; None for no limit.
    """

    evaluate: Any
    needed: tuple[str, ...]
    watch: Watch
    timeout: float | None = None


@dataclass
class Finished:
    """An evaluation that completed, failed or was stopped.

    Attributes:
        number: Number of the trial.
        worker: Index of the worker that ran it, from 0.
        begin, end: Seconds on the clock of the search.
        metrics: Its last metrics; empty if it failed.
        failure: Why it failed; "" if it did not.
        epochs: Number of epochs after which the metrics were measured; 0 if the evaluator does not measure by epoch.
        stopped: Whether it was stopped before its last epoch.
        curve: (epochs, metrics) at each measured epoch.
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
        """Append the metrics at an epoch; they become the latest metrics."""
        self.epochs, self.metrics = epochs, dict(metrics)
        self.curve.append((epochs, self.metrics))

    def fail(self, failure: str) -> None:
        """Mark the evaluation as failed and discard its metrics."""
        self.failure, self.metrics, self.stopped = failure, {}, False


Watch = Callable[[Finished], bool]
"""Given a running evaluation with its measurements so far: whether to stop it."""


class Workers(ABC):
    """Runs evaluations, one per worker at a time. A context manager: on exit everything that runs is ended."""

    @property
    @abstractmethod
    def clock(self) -> float:
        """Seconds since the search began, not counting interruptions."""

    @property
    @abstractmethod
    def free(self) -> int:
        """Number of idle workers."""

    @abstractmethod
    def start(self, number: int, architecture: Architecture, seed: int) -> None:
        """Start an evaluation on an idle worker."""

    @abstractmethod
    def wait(self) -> Sequence[Finished]:
        """Wait for an event, and return the evaluations that ended, if any."""

    @abstractmethod
    def close(self) -> None:
        """End all running evaluations."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_last(evaluate: Any, epochs: int) -> bool:
    """Whether the metrics at this epoch are the last ones, as far as is known in advance."""
    known = getattr(evaluate, "epochs", ())
    return epochs == 0 or (bool(known) and epochs >= known[-1])
