"""The record of an evaluation, and the entries of the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.search.base import Searcher
from archflow.search.workers.base import Finished


@dataclass(frozen=True)
class Record:
    """One evaluation.

    Attributes:
        number: Number of the trial, in the order in which trials were asked for.
        worker: Index of the worker that ran it.
        begin, end: Seconds on the clock of the search.
        metrics: All measured metrics; empty if the evaluation failed.
        failure: Why it could not be measured; "" otherwise.
        epochs: Number of epochs after which the metrics were measured; 0 if the evaluator does not measure by epoch.
        stopped: Whether it was stopped before its last epoch.
        cost: 1 for a full evaluation, less for one that was stopped.
        curve: (epochs, metrics) at each measured epoch.
    """

    number: int
    worker: int
    begin: float
    end: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    failure: str = ""
    epochs: int = 0
    stopped: bool = False
    cost: float = 1.0
    curve: tuple[tuple[int, Mapping[str, float]], ...] = ()

    @classmethod
    def of(cls, finished: Finished, last_epoch: int) -> Record:
        """Make the record of a finished evaluation; `last_epoch` is 0 if the total number of epochs is unknown."""
        curve = tuple((epoch, metrics) for epoch, metrics in finished.curve if epoch > 0 and not finished.failure)
        cost = finished.epochs / last_epoch if finished.stopped and last_epoch else 1.0
        own = {name: getattr(finished, name) for name in ("number", "worker", "begin", "end", "metrics", "failure")}
        return cls(**own, epochs=finished.epochs, stopped=finished.stopped, cost=cost, curve=curve)

    @property
    def seconds(self) -> float:
        """Cost in seconds: the evaluator's `seconds`, else the elapsed time."""
        return self.metrics.get("seconds", self.end - self.begin)


def asked_entry(searcher: Searcher, asked: ArchitectureSet, first: int) -> dict[str, Any]:
    """The journal entry for the architectures just asked for: trials from `first` on."""
    trials = searcher.history.trials[first:]
    return {
        "asked": [
            {
                "number": trial.number,
                "native": searcher.space.format(architecture),
                "origin": trial.origin,
                "belief": _belief(trial.belief),
                **architecture.to_json(),  # a native string may number the nodes differently
            }
            for trial, architecture in zip(trials, asked, strict=True)
        ]
    }


def replay_asked(searcher: Searcher, entry: Mapping[str, Any]) -> list[int]:
    """Restore asked-for architectures to a searcher's history; returns the numbers of their trials."""
    asked = entry["asked"]
    architectures = ArchitectureSet.from_architectures(
        [Architecture.from_json(each) for each in asked], searcher.space.vocabulary
    )
    if [each["number"] for each in asked] != list(range(len(searcher.history), len(searcher.history) + len(asked))):
        raise ArchflowError("the journal does not hold its trials in order; search again with another --out")
    beliefs = [None if each["belief"] is None else tuple(map(float, each["belief"])) for each in asked]
    origins = [each["origin"] for each in asked]
    searcher.history.ask(architectures, searcher.space.keys(architectures), origins, beliefs)  # pyright: ignore[reportArgumentType]  # pairs
    return [each["number"] for each in asked]


def told_entry(record: Record) -> dict[str, Any]:
    """The journal entry for a result, equal to what reading it back from JSON gives."""
    return {"told": json.loads(json.dumps(asdict(record)))}


def replay_told(searcher: Searcher, entry: Mapping[str, Any]) -> Record:
    """Pass a recorded result to a searcher: the metrics of its problem, and no others."""
    told = dict(entry["told"])
    record = Record(**{**told, "curve": tuple((int(epoch), metrics) for epoch, metrics in told["curve"])})
    needed = {name: record.metrics[name] for name in searcher.problem.metrics} if not record.failure else None
    searcher.history.tell(searcher.history.trials[record.number].key, needed, record.failure)
    return record


def _belief(belief: tuple[float, float] | None) -> list[float] | None:
    """The belief; None if JSON cannot represent it."""
    return None if belief is None or any(abs(each) == float("inf") or each != each for each in belief) else list(belief)
