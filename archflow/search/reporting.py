"""The content of a search report, taken from its outcome."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from archflow.report.search import search_report
from archflow.report.search_facts import Bar, Belief, Drawn, Proposed, SearchFacts
from archflow.search.outcome import Outcome
from archflow.search.study import Study

DRAWN = 6
"""Number of architectures of a front that are drawn."""


def write_report(path: Path, study: Study, outcome: Outcome) -> None:
    """Write the report of a search. The file is written completely or not at all.

    Raises:
        ArchflowError: If the file cannot be written, or the extra `report` is missing.
    """
    search_report(path, facts_of(study, outcome))


def facts_of(study: Study, outcome: Outcome) -> SearchFacts:
    """Collect what the report shows."""
    signs = outcome.searcher.problem.signs
    names = [name.removeprefix("-") for name in outcome.objectives]
    front = outcome.front
    return SearchFacts(
        title=f"Search in {outcome.searcher.space.name}",
        space=outcome.searcher.space.name,
        method=outcome.method,
        seed=outcome.searcher.seed,
        objectives=outcome.objectives,
        constraints=[str(each) for each in outcome.searcher.problem.constraints],
        values=outcome.rising * signs,
        counted=outcome.eligible,
        best_so_far=outcome.best_so_far(),
        reported={name: outcome.best_so_far(name) for name in outcome.reported},
        front=front,
        drawn=[_drawn(outcome, place, names) for place in _even(front)],
        bars=[
            Bar(each.worker, each.begin, each.end, _state(each.failure, each.stopped), each.number)
            for each in outcome.records
        ],
        beliefs=_beliefs(outcome),
        proposed=_proposed(outcome),
        failures=[(each.number, each.failure) for each in outcome.records if each.failure],
        simulated=study.simulated,
    )


def _state(failure: str, stopped: bool) -> str:
    return "failed" if failure else "stopped early" if stopped else "measured"


def _even(front: list[int]) -> list[int]:
    """The ends of a front, and evenly spaced rows in between."""
    if len(front) <= DRAWN:
        return front
    return [front[place] for place in np.linspace(0, len(front) - 1, DRAWN).round().astype(int)]


def _drawn(outcome: Outcome, place: int, names: list[str]) -> Drawn:
    record, row = outcome.records[place], outcome.row(place)
    shown = [*names, *(name for name in outcome.reported if name in record.metrics)]
    values = {name: record.metrics[name] for name in dict.fromkeys(shown)}
    architecture = outcome.searcher.history.architecture(record.number)
    origin = outcome.searcher.history.trials[record.number].origin
    return Drawn(architecture, row["architecture"], place + 1, values, origin)


def _beliefs(outcome: Outcome) -> list[Belief]:
    """The predictions for full evaluations at proposal time, in the metric's own sign."""
    sign, found = float(outcome.searcher.problem.signs[0]), []
    for place, record in enumerate(outcome.records):
        belief = outcome.searcher.history.trials[record.number].belief
        if belief is not None and not record.failure and not record.stopped:
            measured = sign * float(outcome.rising[place, 0])
            found.append(Belief(place + 1, sign * belief[0], belief[1], measured))
    return found


def _proposed(outcome: Outcome) -> list[Proposed]:
    """The number of evaluations per origin and the best of them; numbers in origins are ignored."""
    groups: dict[str, list[int]] = {}
    for place, record in enumerate(outcome.records):
        origin = outcome.searcher.history.trials[record.number].origin
        kind = " ".join(re.sub(r"\s*\b(of )?\d+\b", "", origin).split()) or "proposed"
        groups.setdefault(kind, []).append(place)
    sign = float(outcome.searcher.problem.signs[0])
    found = []
    for kind, places in groups.items():
        values = [outcome.rising[place, 0] for place in places if outcome.eligible[place]]
        best = sign * float(max(values)) if values else float("nan")
        mean = sign * float(np.mean(values)) if values else float("nan")
        found.append(Proposed(kind, len(places), mean, best))
    return sorted(found, key=lambda each: -each.count)
