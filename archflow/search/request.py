"""A search as its user states it, in names and strings, and the objects built from it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.progress import LOGGER
from archflow.search.base import SEARCHERS, Searcher
from archflow.search.budget import Budget
from archflow.search.evaluators.base import Target, Wanted
from archflow.search.evaluators.named import known_name
from archflow.search.evaluators.parse import parse
from archflow.search.problem import Constraint, Problem
from archflow.search.stopping.base import STOPPING, StoppingRule
from archflow.search.study import Say, Study

Settings = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Request:
    """What to search for, where, by which method, and with which budget.

    Args:
        evaluate: `train:IMAGES`, `command:WORDS`, `package.module:function`, a data set's name or a table file; in
            Python also a function, an evaluator or a table.
        objectives: Metrics, with a leading minus if lower is better; default: the evaluator's default metric.
        space: The name of the search space; default: that of the data set, the table itself, or nasbench201.
        reported: Metrics to report that the method does not see, such as the test accuracy.
        method: The name of the search method.
        budget: A number of queries such as `100`, or a time such as `12h`, which is simulated for tables.
        seed: Seed of every random draw.
        constraints: Strings such as `latency<=5`.
        settings: Settings of the method (under its name or `method`), of the evaluator (`evaluate`) and of early
            stopping (`stopping`, with the name of a rule as `rule`).
        workers: Number of parallel evaluations; 0 for one in this process.
        timeout: Seconds after which an evaluation fails.
        batch: Number of architectures to ask for at once; default: as published.
    """

    evaluate: str | Callable[..., Any] | Table
    objectives: Sequence[str] = ()
    space: str | None = None
    reported: Sequence[str] = ()
    method: str = "archflow"
    budget: str | int = 100
    seed: int = 0
    constraints: Sequence[str] = ()
    settings: Settings = field(default_factory=dict)
    workers: int = 1
    timeout: float | None = None
    batch: int | None = None

    def study(self, folder: str | Path, say: Say = LOGGER.debug) -> Study:
        """Build the study in a folder.

        Raises:
            ArchflowError: If a name is unknown (the message suggests the nearest one), or settings are inconsistent.
        """
        method, budget = SEARCHERS.get(self.method), Budget.parse(self.budget)
        for target in self.settings:
            known_name("target of --set", target, (self.method, "method", "evaluate", "stopping"))
        stopping = _rule(self.settings.get("stopping", {}))
        constraints = [Constraint.parse(text) for text in self.constraints]
        target = self._target(constraints, stopping)
        if target.note:
            say(target.note)
        problem = _problem(self.objectives, constraints, target)
        own = {**self.settings.get("method", {}), **self.settings.get(self.method, {})}
        searcher = _made(self.method, method, problem, self.seed, own)
        more = {"reported": target.reported, "stopping": stopping, "say": say}
        chosen = {"workers": self.workers, "timeout": self.timeout, "batch": self.batch}
        return Study(searcher, target.evaluate, Path(folder), budget, **chosen, **more)

    def _target(self, constraints: Sequence[Constraint], stopping: StoppingRule | None) -> Target:
        """Build the target; the metrics of the objectives come first."""
        named = [*(name.removeprefix("-") for name in self.objectives), *(each.metric for each in constraints)]
        wanted = Wanted(
            self.space,
            tuple(dict.fromkeys(named)) if self.objectives else (),
            tuple(self.reported),
            self.settings.get("evaluate", {}),
            stopping is not None,
        )
        target = parse(self.evaluate, wanted)
        if constraints and not self.objectives:  # the default objective is now known
            return parse(self.evaluate, replace(wanted, metrics=tuple(dict.fromkeys([*target.metrics, *named]))))
        return target


def _problem(objectives: Sequence[str], constraints: Sequence[Constraint], target: Target) -> Problem:
    """Build the problem, under the names that the evaluator gives its metrics."""
    given = list(objectives) or [target.metrics[0]]
    asked = dict.fromkeys([*(name.removeprefix("-") for name in given), *(each.metric for each in constraints)])
    called = dict(zip(asked, target.metrics, strict=True))
    signed = [("-" if name.startswith("-") else "") + called[name.removeprefix("-")] for name in given]
    bounds = [replace(each, metric=called[each.metric]) for each in constraints]
    return Problem(target.space, signed, bounds, target.columns)


def _rule(settings: Mapping[str, Any]) -> StoppingRule | None:
    if not settings:
        return None
    if "rule" not in settings:
        raise ArchflowError(f"--set stopping.{next(iter(settings))}: which rule? Add --set stopping.rule=median")
    name = str(settings["rule"])
    kind = STOPPING.get(name)
    return _built(f"stopping rule {name}", kind, {key: value for key, value in settings.items() if key != "rule"})


def _made(name: str, kind: type[Searcher], problem: Problem, seed: int, settings: Mapping[str, Any]) -> Searcher:
    return _built(name, kind, settings, problem, seed)


def _built(name: str, kind: Callable[..., Any], settings: Mapping[str, Any], *given: Any) -> Any:
    """Build a component with these settings. Raises ArchflowError for an unknown setting, suggesting the nearest."""
    parameters = list(inspect.signature(kind).parameters)[len(given) :]
    for setting in settings:
        known_name(f"setting of {name}", setting, parameters)
    try:
        return kind(*given, **settings)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, ArchflowError) else ArchflowError(f"{name}: {error}") from None
