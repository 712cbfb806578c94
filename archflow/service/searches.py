"""Searches that clients start, follow and stop. Each runs in a thread of its own."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from archflow.data.benchmarks import BENCHMARKS
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.printable import shown
from archflow.search.base import SEARCHERS
from archflow.search.evaluators.base import Point, SearchEvaluator
from archflow.search.request import Request
from archflow.search.study import Study
from archflow.service.bodies import SearchBody
from archflow.service.logs import LOGGER
from archflow.service.models import Models, Served
from archflow.service.reading import registered, space_named
from archflow.service.refused import Refused
from archflow.service.settings import Limits

KEPT = 100
"""Searches that are remembered; the oldest that has ended is forgotten first."""


class _Stopped(Exception):
    """The client stops the search."""


@dataclass(frozen=True)
class Predicted(SearchEvaluator):
    """Takes the predictions of a served predictor for measurements."""

    served: Served
    epochs: ClassVar[tuple[int, ...]] = ()  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def metrics(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return tuple(self.served.predictor.metrics)

    @property
    def config(self) -> dict[str, Any]:
        return {"predictor": self.served.name, "loaded": self.served.loaded}

    def curve(self, architecture: Architecture, seed: int) -> Iterator[Point]:
        table = self.served.known(Table(ArchitectureSet.from_architectures([architecture])))
        mean = self.served.predictor.predict(table).mean.reshape(-1)
        yield 0, dict(zip(self.metrics, mean.tolist(), strict=True))


@dataclass
class Search:
    """A search that was started.

    Attributes:
        id: Its random name.
        budget: How many evaluations it may make.
        state: `running`, `stopping`, `done`, `stopped` or `failed`.
        history: Its evaluations so far, as plain JSON values.
        best: The best of them.
        message: Why it failed.
    """

    id: str
    budget: int
    state: str = "running"
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] | None = None
    message: str = ""
    thread: threading.Thread | None = None

    def about(self, after: int = 0) -> dict[str, Any]:
        """Its state, with the evaluations from number `after`."""
        history = self.history[after:]
        content = {"id": self.id, "state": self.state, "budget": self.budget, "evaluations": len(self.history)}
        return {**content, "best": self.best, "history": history, "message": self.message}

    def run(self, request: Request, folder: Path) -> None:
        """Search to the end, or until it is stopped."""
        try:
            study = request.study(folder)
            study.run(_Progress(self, study))
            self.state = "done"
        except _Stopped:
            self.state = "stopped"
        except ArchflowError as error:
            self.state, self.message = "failed", str(error)
        except Exception:
            LOGGER.exception("a search failed", extra={"fields": {"search": self.id}})
            self.state, self.message = "failed", "the search failed; the log of the service says why"


class _Progress:
    """Copies what a study has measured, in its own thread, and stops it when the client wants that."""

    def __init__(self, search: Search, study: Study) -> None:
        self._search, self._study = search, study

    def advance(self, steps: int = 1, note: str = "") -> None:
        self.reach(0)

    def reach(self, done: int, note: str = "") -> None:
        search, history = self._search, self._study.searcher.history
        for number in history.done[len(search.history) :]:
            search.history.append(self._evaluated(number))
        if history.best:
            search.best = self._evaluated(history.best[0].number)
        if search.state == "stopping":
            raise _Stopped

    def _evaluated(self, number: int) -> dict[str, Any]:
        history, space = self._study.searcher.history, self._study.searcher.space
        metrics = dict(history.trials[number].metrics or {})
        return {"architecture": space.format(history.architecture(number)), "metrics": metrics}


class Searches:
    """The searches of a service. Their journals are in a temporary folder, which ends with it.

    Args:
        models: The predictors that may be searched with.
        limits: What is accepted.
        threads: Prefix of the names of their threads.
    """

    def __init__(self, models: Models, limits: Limits, threads: str = "") -> None:
        self._models, self._limits, self._threads = models, limits, threads
        self._folder: Path | None = None
        self._searches: dict[str, Search] = {}

    def start(self, body: SearchBody) -> Search:
        """Start a search. Raises Refused for unknown names, too large a budget, or while too many are running."""
        if body.budget > self._limits.evaluations:
            raise Refused(422, f"more than {self._limits.evaluations:,} evaluations; give a smaller one", "budget")
        registered(SEARCHERS, body.method, "method")
        space_named(body.space)
        evaluate = self._evaluator(body.evaluate)
        running = [each for each in self._searches.values() if each.state in ("running", "stopping")]
        if len(running) >= self._limits.searches:
            raise Refused(429, f"{len(running)} searches are running; wait, or stop one", "", {"Retry-After": "10"})
        request = Request(
            evaluate=evaluate,
            objectives=[body.metric] if body.metric else _objective(evaluate),
            space=body.space,
            method=body.method,
            budget=body.budget,
            seed=body.seed,
            workers=0,
        )
        search = Search(secrets.token_hex(8), body.budget)
        self._forget()
        self._searches[search.id] = search
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="archflow-searches-"))
        folder = self._folder / search.id
        search.thread = threading.Thread(None, search.run, f"{self._threads}search", (request, folder), daemon=True)
        search.thread.start()
        return search

    def get(self, identifier: str) -> Search:
        """The search of this name. Raises Refused if there is none."""
        if identifier not in self._searches:
            raise Refused(404, f"there is no search {shown(identifier)}; it was never started, or is forgotten", "id")
        return self._searches[identifier]

    def stop(self, identifier: str) -> Search:
        """Stop a search after its current evaluation; one that has ended stays as it is."""
        search = self.get(identifier)
        if search.state == "running":
            search.state = "stopping"
        return search

    def close(self, seconds: float = 5.0) -> None:
        """Stop all searches, and remove their folder. A search in the middle of an evaluation may outlive this."""
        for search in self._searches.values():
            self.stop(search.id)
        for search in self._searches.values():
            if search.thread is not None:
                search.thread.join(seconds)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _evaluator(self, name: str) -> SearchEvaluator | str:
        """A served predictor, or a data set by its name; nothing else, since other evaluators run code."""
        served: Mapping[str, Served] = self._models.served
        if name in served:
            return Predicted(served[name])
        if name not in BENCHMARKS:
            near = alternatives(name, [*served, *BENCHMARKS])
            raise Refused(422, f"no predictor or data set is called {shown(name)}; {near}", "evaluate")
        return name

    def _forget(self) -> None:
        ended = [each.id for each in self._searches.values() if each.state not in ("running", "stopping")]
        for identifier in ended[: max(0, len(self._searches) + 1 - KEPT)]:
            del self._searches[identifier]
            if self._folder is not None:
                shutil.rmtree(self._folder / identifier, ignore_errors=True)


def _objective(evaluate: SearchEvaluator | str) -> list[str]:
    """The first metric of a predictor, in its direction; a data set has a metric of its own."""
    if not isinstance(evaluate, Predicted):
        return []
    predictor = evaluate.served.predictor
    sign = "-" if predictor.objectives[0].lower_is_better else ""
    return [sign + predictor.metrics[0]]
