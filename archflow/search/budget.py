"""The budget of a search."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archflow.errors import ArchflowError
from archflow.printable import shown

_UNITS = {"": 0.0, "h": 3600.0, "min": 60.0, "s": 1.0}
_BUDGET = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>h|min|s)?")


@dataclass(frozen=True)
class Budget:
    """What a search may cost: a number of queries, or an amount of time.

    Exactly one of the two is given.

    Attributes:
        queries: Full evaluations. An evaluation that was stopped early counts as the fraction of its epochs that it
            ran.
        seconds: Time on the clock of the search, which is simulated for tables. No evaluation starts after it has run
            out; running ones are finished.
    """

    queries: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        given = [each for each in (self.queries, self.seconds) if each is not None]
        if len(given) != 1 or not 0 < given[0] < float("inf"):
            raise ArchflowError("budget: give a positive number of queries or of seconds")

    def __str__(self) -> str:
        return f"{self.queries:,} queries" if self.queries is not None else f"{self.seconds:,.0f} s"

    @classmethod
    def parse(cls, text: str | int) -> Budget:
        """Parse `100` (queries), `12h`, `90min` or `30s`. Raises ArchflowError for anything else."""
        found = _BUDGET.fullmatch(str(text).strip())
        number, unit = (float(found["number"]), found["unit"] or "") if found else (0.0, "")
        if number <= 0 or (not unit and number != int(number)):
            raise ArchflowError(f"--budget {shown(text)}: write a number of queries (100) or a time (12h, 90min, 30s)")
        return cls(seconds=number * _UNITS[unit]) if unit else cls(queries=int(number))

    @property
    def steps(self) -> int:
        """Length of a progress bar: queries or seconds."""
        return self.queries if self.queries is not None else max(1, round(self.seconds or 0))

    def allows(self, cost: float, running: int, clock: float) -> bool:
        """Whether another evaluation may start, given the cost and time spent and the number of running evaluations."""
        if self.seconds is not None:
            return clock < self.seconds
        return cost + running + 1 <= (self.queries or 0) + 1e-9

    def spent(self, cost: float, clock: float) -> float:
        """Queries or seconds of the budget that are spent."""
        return min(cost if self.seconds is None else clock, self.steps)
