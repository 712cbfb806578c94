"""A running search: asks its method, measures in parallel, keeps everything on disk, and resumes."""

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
from archflow.progress import LOGGER, Progress, Report, notebook_bar
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
"""Name of the method's cache folder inside the study's folder."""

LONGEST = 31_536_000.0
"""Longest timeout in seconds: a year."""

MOST = 10_000
"""Workers."""

HOPELESS = 10
"""A search ends with an error if its first evaluations, this many, all fail."""

Say = Callable[[str], None]


@dataclass
class Study:
    """A search method, an evaluator, and a folder that holds the results.

    Every proposal and every result is written to `journal.jsonl` before the next one: after an interruption at any
    moment the same study resumes, and measures nothing twice except what was running. A resumed search asks for exactly
    what the uninterrupted one would have asked for, if it has one worker or if its workers are simulated.

    Args:
        searcher: The method, newly constructed.
        evaluate: A `SearchEvaluator`, or any `(architecture, seed) -> metrics`.
        folder: Folder of the journal and the report.
        budget: The budget. If a larger one is given later, the search resumes.
        workers: Number of parallel evaluations, each in its own process; 0 for one in this process; or a factory of
            other workers, such as `archflow.search.workers.ray_workers`. Workers never wait for each other: whenever
            one is idle, the method is asked for more.
        timeout: Seconds after which an evaluation fails.
        batch: Number of architectures to ask for at once; default: as the method publishes.
        reported: Further metrics for the outcome, which the method does not see.
        stopping: Rule that stops evaluations early; the evaluator must measure by epoch.
        say: Called with a line for every evaluation that failed; default: a detail in the log.
        about: Added to the description of the search in the journal.
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
    say: Say = LOGGER.debug
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
            raise ArchflowError("stopping: needs a single objective; search for one, or without stopping")
        if self.budget.seconds is not None and self.simulated and "seconds" not in self.evaluate.metrics:
            raise ArchflowError(
                "budget: the table has no column of seconds, so time cannot be simulated; give a number of queries, or "
                "--set evaluate.seconds=COLUMN"
            )

    def __repr__(self) -> str:
        history, objectives = self.searcher.history, ", ".join(self.searcher.problem.objectives)
        return f"Study({self.method} in {self.searcher.space.name} for {objectives}, {self.budget}; {history!r})"

    def _repr_html_(self) -> str:
        return self.searcher.history._repr_html_()

    @property
    def method(self) -> str:
        """The name of the method."""
        return SEARCHERS.name_of(type(self.searcher)) or type(self.searcher).__name__

    @property
    def config(self) -> dict[str, Any]:
        """Everything that determines proposals and results, as plain JSON values.

        The budget, which may grow, and the number of workers are not included.
        """
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
        """Search until the budget is spent or the space is exhausted; earlier results in the folder count.

        Args:
            progress: Progress bar, moved to what is spent of `budget.steps`. Without one, a notebook shows its own.

        Raises:
            ArchflowError: If the folder belongs to another search or is in use, the disk is full, or nothing could be
                measured. Results so far are kept.
        """
        with only_writer(self.folder), open_journal(self.folder / JOURNAL, self.config) as journal:
            if journal.damaged:
                numbers = ", ".join(map(str, journal.damaged))
                raise ArchflowError(
                    f"{self.folder / JOURNAL}: line {numbers} is damaged, and later lines depend on it; "
                    "search again with another --out"
                )
            run = _Run(self, journal)
            run.replay()
            LOGGER.debug("%s: %s results, settings %s", self.folder, len(run.records), self.config)
            asked = None if progress is None else progress.reach
            with self._start_workers(run) as workers, notebook_bar("searching", self.budget.steps, asked) as report:
                run.search(workers, report)
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
    """One run of a study: its records, waiting proposals, and running evaluations."""

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
        """The time at which a worker finished its latest evaluation."""
        return max((each.end for each in self.records if each.worker == worker), default=0.0)

    def replay(self) -> None:
        """Restore the searcher from the journal. Proposals without a result are queued in their order."""
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

    def search(self, workers: Workers, report: Report | None) -> None:
        """Ask, measure and tell until the budget is spent or the space is exhausted."""
        self._show(workers, report)
        while True:
            self._check_hope()
            self._dispatch(workers)
            if not self.running:
                return
            for finished in workers.wait():
                self._take(finished)
                self._show(workers, report)

    def watch(self, under_way: Finished) -> bool:
        """Whether to stop a running evaluation at its current point."""
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
        """Ask the method for more; returns whether there were any."""
        first = len(self.searcher.history)
        asked = self.searcher.ask(self.study.batch or self.searcher.batch)
        if len(asked) == 0:
            return False
        self.journal.append({**asked_entry(self.searcher, asked, first), "clock": clock})
        numbers = range(first, first + len(asked))
        self.asked_at |= dict.fromkeys(numbers, clock)
        self.queue.extend(numbers)
        return True

    def _take(self, finished: Finished) -> None:
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
        """Seed of an evaluation, derived from the search's seed and the number of the trial."""
        return int(np.random.SeedSequence([self.searcher.seed, number]).generate_state(1)[0])

    def _check_hope(self) -> None:
        if len(self.records) >= HOPELESS and all(each.failure for each in self.records[:HOPELESS]):
            raise ArchflowError(
                f"the first {HOPELESS} evaluations all failed, the last one: {self.records[HOPELESS - 1].failure}; "
                "correct the evaluation, and search again with another --out"
            )

    def _show(self, workers: Workers, report: Report | None) -> None:
        if report is not None:
            report(int(self.study.budget.spent(self.cost, workers.clock)), self._note())

    def _note(self) -> str:
        best = self.searcher.history.best
        if not best:
            return ""
        if len(self.problem.objectives) > 1:
            return f"front of {len(best)}"
        metrics = best[0].metrics or {}
        return f"best {metrics[self.problem.objectives[0].removeprefix('-')]:.5g}"
