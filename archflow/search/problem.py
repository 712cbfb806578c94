"""The statement of a search problem: a space, objectives with directions, and constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features.known import known_columns
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces.base import SearchSpace
from archflow.spaces.table_space import TableSpace

_CONSTRAINT = re.compile(r"\s*(?P<metric>[^<>=]+?)\s*(?P<sense><=|>=)\s*(?P<bound>[^<>=]+?)\s*")


@dataclass(frozen=True)
class Constraint:
    """A bound on a metric.

    Attributes:
        metric: Name of the metric.
        bound: The bound, in the metric's own unit.
        most: Whether the bound is an upper bound (`<=`) rather than a lower one (`>=`).
    """

    metric: str
    bound: float
    most: bool = True

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Parse text such as `latency<=5` or `accuracy>=90`. Raises ArchflowError for anything else."""
        found = _CONSTRAINT.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            bound = float(found["bound"])
            if not np.isfinite(bound):
                raise ValueError
        except ValueError:
            raise ArchflowError(f"constraint {text!r}: write METRIC<=NUMBER or METRIC>=NUMBER") from None
        return cls(found["metric"], bound, found["sense"] == "<=")

    def violation(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) by how much values (N,) break the bound; 0 where they satisfy it."""
        return np.maximum(values - self.bound if self.most else self.bound - values, 0.0)

    def __str__(self) -> str:
        return f"{self.metric}{'<=' if self.most else '>='}{self.bound:g}"


@dataclass(frozen=True)
class Problem:
    """What a search optimises, and where.

    Attributes:
        space: The search space.
        objectives: Names of metrics, each with a leading minus if lower is better: `("accuracy", "-latency")`.
        constraints: Bounds on the same or other metrics.
        columns: A set of N architectures -> a table of what is known before any measurement, such as parameters or
            zero-cost proxies; None if nothing is.

    Raises:
        ArchflowError: If there is no objective, an objective is given twice, or constraints contradict each other.
    """

    space: SearchSpace
    objectives: Sequence[str]
    constraints: Sequence[Constraint] = ()
    columns: Callable[[ArchitectureSet], Table] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        objectives = (self.objectives,) if isinstance(self.objectives, str) else tuple(self.objectives)
        object.__setattr__(self, "objectives", objectives)
        object.__setattr__(self, "constraints", tuple(self.constraints))
        if not self.objectives or "" in self.metrics:
            raise ArchflowError("search: no objective; name at least one metric")
        named = [name.removeprefix("-") for name in self.objectives]
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise ArchflowError(f"search: the objective {twice!r} is given twice; give it once, in one direction")
        for metric in {each.metric for each in self.constraints}:
            most = min((each.bound for each in self.constraints if each.metric == metric and each.most), default=np.inf)
            least = max(
                (each.bound for each in self.constraints if each.metric == metric and not each.most), default=-np.inf
            )
            if least > most:
                raise ArchflowError(
                    f"search: no value of {metric} is at least {least:g} and at most {most:g}; correct the constraints"
                )

    @classmethod
    def in_table(
        cls,
        table: Table,
        objectives: Sequence[str] | str,
        constraints: Sequence[Constraint] = (),
        name: str = "table",
    ) -> Problem:
        """The problem of finding the best architecture of a table.

        Columns whose names mark them as known before any measurement (`archflow.features.known`), such as parameters
        and zero-cost proxies, are available to the method.
        """
        space = TableSpace(table, name)
        problem = cls(space, objectives, constraints)
        known = [each for each in known_columns(table, problem.metrics) if each not in problem.metrics]
        shown = TableSpace(Table(table.architectures, {each: table.metric(each) for each in known}))
        return cls(space, objectives, constraints, shown.table_of)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that an evaluator must return: those of the objectives, then further ones of the constraints."""
        named = [name.removeprefix("-") for name in self.objectives]
        return tuple(dict.fromkeys([*named, *(each.metric for each in self.constraints)]))

    @property
    def signs(self) -> NDArray[np.float64]:
        """(M,) 1 for an objective that is better when higher, -1 when lower."""
        return np.array([-1.0 if name.startswith("-") else 1.0 for name in self.objectives])

    def rising(self, metrics: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(N, M) objectives, signed so that higher is better, from metrics (N,) by name."""
        return np.stack([metrics[name.removeprefix("-")] for name in self.objectives], 1) * self.signs

    def violation(self, metrics: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(N,) total violation of the constraints, relative to the bounds, by metrics (N,); 0 where all hold."""
        broken = [
            each.violation(metrics[each.metric]) / (abs(each.bound) if each.bound else 1.0) for each in self.constraints
        ]
        return np.sum(broken, 0) if broken else np.zeros(len(metrics[self.metrics[0]]))

    def table(self, architectures: ArchitectureSet) -> Table:
        """A table of the architectures with what is known before any measurement."""
        return Table(architectures) if self.columns is None else self.columns(architectures)
