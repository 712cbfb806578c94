"""A search that runs: asks its method, measures in parallel, keeps everything on disk, and resumes."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import number, whole
from archflow.data.journal import Journal, open_journal
from archflow.errors import ArchflowError
from archflow.files import only_writer
from archflow.progress import Progress
from archflow.search.base import SEARCHERS, Searcher
from archflow.search.budget import Budget
from archflow.search.evaluators.base import SearchEvaluator
from archflow.search.evaluators.function import FunctionEvaluator
from archflow.search.learning_curves import LearningCurves
from archflow.search.outcome import Outcome
from archflow.search.record import Record, asked_entry, replay_asked, replay_told, told_entry
from archflow.search.stopping.base import StoppingRule
from archflow.search.workers.base import Finished, Job, Workers

JOURNAL = "journal.jsonl"
KEPT = "kept"
"""The folder of what the method keeps, inside the study's."""

LONGEST = 31_536_000.0
"""Seconds of the longest timeout, a year."""

MOST = 10_000
"""Workers."""

HOPELESS = 10
"""So many evaluations that all fail at the beginning end a search."""

Say = Callable[[str], None]


def quiet(line: str) -> None:
    """Say nothing."""


@dataclass
class Study:
    """A search method, an evaluator, and a folder that holds what came of it.

    Every proposal and every result is on the disk, in `journal.jsonl`, before the next: after an end at any moment the
    same study resumes, and measures nothing twice but what was under way. With one worker it then asks for exactly
    what the undisturbed search would have asked for, and so does a simulated one with any number of workers.

    Args:
        searcher: The method, freshly made.
        evaluate: Measures: a `SearchEvaluator`, or any `(architecture, seed) -> metrics`.
        folder: Where the journal is, and the report comes to be.
        budget: What it may cost. A larger one may be given later: the search then resumes.
        workers: Evaluations at once, each in a process of its own; 0 for one in this process; or what makes workers of
            another kind, such as those of `archflow.search.workers.ray_workers`. A worker never waits for another: when
            it has nothing to do, the method is asked for more.
        timeout: Seconds after which an evaluation has failed.
        batch: How many to ask for at once; default: as the method publishes.
        reported: Further metrics for the outcome, which the method does not see.
        stopping: Says which evaluations to stop early; the evaluator must measure by epoch.
        say: Is given a line for every evaluation that failed.
        about: Added to what the journal says of the search.
    """

    searcher: Searcher
    evaluate: Any
    folder: Path
    budget: Budget
    workers: int | Callable[[Job, float], Workers] = 1
    timeout: float | None = None
    batch: int | None = None
    reported: Sequence[str] = ()
    stopping: StoppingRule | None = None
    say: Say = quiet
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = Path(self.folder)
        self.searcher.folder = self.folder / KEPT
        if not callable(self.workers):
            self.workers = whole("workers", self.workers, 0, MOST)
        if self.batch is not None:
            self.batch = whole("batch", self.batch, 1)
        problem = self.searcher.problem
        if self.timeout is not None:
            self.timeout = number("timeout in seconds", self.timeout, above=0.0, most=LONGEST)
            if self.workers == 0:
                raise ArchflowError("timeout: nothing can end an evaluation in this process; give --workers 1 or more")
        if self.stopping is not None and len(problem.objectives) > 1:
            raise ArchflowError("stopping: goes by one objective; search for one, or without stopping")
        if self.budget.seconds is not None and self.simulated and "seconds" not in self.evaluate.metrics:
            raise ArchflowError(
                "budget: the table has no column of seconds, so time cannot be simulated; give a number of queries, or "
                "--set evaluate.seconds=COLUMN"
            )

    @property
    def method(self) -> str:
        """The name of the method."""
        kind = type(self.searcher)
        return next((name for name in SEARCHERS.names() if SEARCHERS.get(name) is kind), kind.__name__)

    @property
    def config(self) -> dict[str, Any]:
        """All that decides what is asked for and what comes back, as plain JSON values: not the budget, which may
        grow, and not the number of workers."""
        problem, evaluate = self.searcher.problem, self.evaluate
        named = getattr(evaluate, "config", None) or {"function": FunctionEvaluator(evaluate).name}
        rule = self.stopping
        return {
            "kind": "search",
            "space": problem.space.name,
            "method": self.method,
            "settings": self.searcher.config,
            "seed": self.searcher.seed,
            "objectives": list(problem.objectives),
            "constraints": [str(each) for each in problem.constraints],
            "reported": list(self.reported),
            "evaluate": named,
            "stopping": None if rule is None else {"rule": type(rule).__name__, **rule.config},
            "batch": self.batch,
            **self.about,
        }

    @property
    def simulated(self) -> bool:
        """Whether evaluations are looked up, on a simulated clock."""
        return isinstance(self.evaluate, SearchEvaluator) and self.evaluate.simulated

    def run(self, progress: Progress | None = None) -> Outcome:
        """Search until the budget is spent or the space exhausted; what the folder already holds counts.

        Args:
            progress: Is moved to what is spent, `budget.steps` in all.

        Raises:
            ArchflowError: The folder is that of another search or in use, the disk is full, or nothing could be
                measured. What was measured is kept.
        """
        with only_writer(self.folder), open_journal(self.folder / JOURNAL, self.config) as journal:
            if journal.damaged:
                numbers = ", ".join(map(str, journal.damaged))
                raise ArchflowError(
                    f"{self.folder / JOURNAL}: line {numbers} is damaged, and what follows rests on it; "
                    "search again with another --out"
                )
            run = _Run(self, journal)
            run.replay()
            with self._start_workers(run) as workers:
                run.search(workers, progress)
        return Outcome(self.searcher, self.method, run.records, list(self.reported), self.budget)

    def _start_workers(self, run: _Run) -> Workers:
        job = Job(self.evaluate, self.searcher.problem.metrics, run.watch, self.timeout)
        elapsed = max((each.end for each in run.records), default=0.0)
        if callable(self.workers):
            return self.workers(job, elapsed)
        count = max(self.workers, 1)
        if self.simulated:
            from archflow.search.workers.simulated import SimulatedWorkers

            free_at = [run.last_end(worker) for worker in range(count if "seconds" in self.evaluate.metrics else 1)]
            return SimulatedWorkers(job, free_at, run.asked_at, elapsed)
        if self.workers == 0 or not self.budget.allows(run.cost, 0, elapsed):
            from archflow.search.workers.inline import InlineWorker

            return InlineWorker(job, elapsed)
        from archflow.search.workers.processes import ProcessWorkers

        queries = self.budget.queries
        needed = count if queries is None else min(count, math.ceil(queries - run.cost))
        return ProcessWorkers(job, needed, elapsed)


class _Run:
    """One run of a study: what came back, what waits, and what is under way."""

    def __init__(self, study: Study, journal: Journal) -> None:
        self.study, self.journal = study, journal
        self.searcher, self.problem = study.searcher, study.searcher.problem
        self.records: list[Record] = []
        self.queue: deque[int] = deque()
        self.running: set[int] = set()
        self.asked_at: dict[int, float] = {}
        epochs = getattr(study.evaluate, "epochs", ())
        self.curves = LearningCurves(self.problem.objectives[0], epochs, study.simulated)

    @property
    def cost(self) -> float:
        """Queries so far."""
        return sum(each.cost for each in self.records)

    def last_end(self, worker: int) -> float:
        """When a worker ended its latest evaluation."""
        return max((each.end for each in self.records if each.worker == worker), default=0.0)

    def replay(self) -> None:
        """Bring the searcher to where the journal ends. What was asked for and has no result waits in that order."""
        waiting: dict[int, None] = {}
        for entry in self.journal.entries:
            if "asked" in entry:
                numbers = replay_asked(self.searcher, entry)
                self.asked_at |= dict.fromkeys(numbers, float(entry.get("clock", 0.0)))
                waiting |= dict.fromkeys(numbers)
            else:
                record = replay_told(self.searcher, entry)
                self._keep(record)
                del waiting[record.number]
        self.queue = deque(waiting)

    def search(self, workers: Workers, progress: Progress | None) -> None:
        """Ask, measure and tell until the budget is spent or there is no more to ask for."""
        self._show(workers, progress)
        while True:
            self._check_hope()
            self._dispatch(workers)
            if not self.running:
                return
            for finished in workers.wait():
                self._told(finished)
                self._show(workers, progress)

    def watch(self, under_way: Finished) -> bool:
        """Whether to stop an evaluation that has come so far."""
        rule = self.study.stopping
        return rule is not None and self.curves.stops(rule, under_way)

    def _dispatch(self, workers: Workers) -> None:
        budget = self.study.budget
        while workers.free and budget.allows(self.cost, len(self.running), workers.clock):
            if not self.queue and not self._ask(workers.clock):
                return
            number = self.queue.popleft()
            self.running.add(number)
            workers.start(number, self.searcher.history.architecture(number), self._seed(number))

    def _ask(self, clock: float) -> bool:
        """Ask the method for more; whether it had any."""
        first = len(self.searcher.history)
        asked = self.searcher.ask(self.study.batch or self.searcher.batch)
        if len(asked) == 0:
            return False
        self.journal.append({**asked_entry(self.searcher, asked, first), "clock": clock})
        numbers = range(first, first + len(asked))
        self.asked_at |= dict.fromkeys(numbers, clock)
        self.queue.extend(numbers)
        return True

    def _told(self, finished: Finished) -> None:
        record = Record.of(finished, max(self.curves.epochs, default=0))
        self.journal.append(told_entry(record))
        replay_told(self.searcher, told_entry(record))
        self.running.discard(record.number)
        self._keep(record)
        if record.failure:
            self.study.say(f"architecture {record.number} could not be measured: {record.failure}")

    def _keep(self, record: Record) -> None:
        self.records.append(record)
        if self.study.stopping is not None:
            self.curves.replace(record.number, record.begin, record.curve)

    def _seed(self, number: int) -> int:
        """Of an evaluation: it depends on the search's seed and on which trial it is."""
        return int(np.random.SeedSequence([self.searcher.seed, number]).generate_state(1)[0])

    def _check_hope(self) -> None:
        if len(self.records) >= HOPELESS and all(each.failure for each in self.records[:HOPELESS]):
            raise ArchflowError(
                f"the first {HOPELESS} evaluations all failed, the last one: {self.records[HOPELESS - 1].failure}; "
                "mend the evaluation, and search again with another --out"
            )

    def _show(self, workers: Workers, progress: Progress | None) -> None:
        if progress is None:
            return
        spent = int(self.study.budget.spent(self.cost, workers.clock))
        progress.reach(spent, self._note())

    def _note(self) -> str:
        best = self.searcher.history.best
        if not best:
            return ""
        if len(self.problem.objectives) > 1:
            return f"front of {len(best)}"
        metrics = best[0].metrics or {}
        return f"best {metrics[self.problem.objectives[0].removeprefix('-')]:.5g}"
