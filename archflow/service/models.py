"""The predictors that a service serves, by name, and how they are replaced while it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.features.columns import Columns
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.predict import StackedPredictor
from archflow.predict.base import interval_columns, ranking_columns
from archflow.predict.feature_kinds import COLUMNS
from archflow.predict.load import AnyPredictor, load_predictor
from archflow.printable import shown
from archflow.service.batching import Batcher, Results
from archflow.service.refused import Refused

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def named_folders(given: Sequence[str]) -> dict[str, Path]:
    """Read `FOLDER` and `NAME=FOLDER`; without a name, a predictor is called like its folder.

    Raises:
        ArchflowError: If a name is given twice, or cannot be one.
    """
    folders: dict[str, Path] = {}
    for text in given:
        name, separator, folder = text.partition("=")
        path = Path(folder if separator else text)
        name = name if separator else path.resolve().name
        if not _NAME.fullmatch(name):
            raise ArchflowError(f"{shown(text)}: {shown(name)} cannot be a name; give it as NAME=FOLDER")
        if name in folders:
            raise ArchflowError(f"{shown(text)}: two predictors are called {shown(name)}; give one as NAME=FOLDER")
        folders[name] = path
    return folders


@dataclass
class Served:
    """A loaded predictor and the requests that wait for it.

    Attributes:
        name: Its name in requests.
        predictor: The predictor.
        pool: Where it computes.
        loaded: When it was loaded.
    """

    name: str
    predictor: AnyPredictor
    pool: Executor
    sizes: Callable[[int], None] = lambda requests: None
    loaded: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    _batchers: dict[Any, Batcher] = field(default_factory=dict)

    def about(self) -> dict[str, Any]:
        """What it predicts and what it reads, as plain JSON values."""
        model, vocabulary = self.predictor, self.predictor.vocabulary
        return {
            "name": self.name,
            "kind": type(model).__name__,
            "metrics": list(model.metrics),
            "lower_is_better": [each.lower_is_better for each in model.objectives],
            "operations": None if vocabulary is None else list(vocabulary.ops),
            "columns": _columns(model),
            "loaded": self.loaded,
        }

    def known(self, table: Table) -> Table:
        """The table with the operations of the predictor. Raises ArchflowError for one that it does not know."""
        vocabulary = self.predictor.vocabulary
        if vocabulary is None:
            return table
        return Table(table.architectures.recoded(vocabulary), table.metrics, table.native)

    async def predict(self, table: Table, coverage: float | None) -> Results:
        """The columns of `Predictor.rank` for a table, whose ranks are meaningless; concurrent calls are joined."""
        return await self._batcher(("predict", coverage), lambda joined: self.rank(joined, coverage))(table)

    async def embed(self, table: Table) -> Results:
        """The column `embedding`, (N, d); concurrent calls are joined."""
        return await self._batcher("embed", lambda joined: {"embedding": self.predictor.embed(joined)})(table)

    def rank(self, table: Table, coverage: float | None = None, top: int | None = None) -> Results:
        """The columns that `Predictor.rank` adds to a table."""
        model = self.predictor
        if isinstance(model, StackedPredictor) and top is not None:
            ranked = model.rank(table, None, coverage, top)
        else:
            ranked = model.rank(table, None, coverage)
        names = []
        for place, metric in enumerate(model.metrics):
            names += ranking_columns(model.metrics, place)
            names += interval_columns(metric) if coverage is not None else ()
            names += [f"probability_top_{top}_{metric}"]
        return {name: np.asarray(ranked.metrics[name]) for name in names if name in ranked.metrics}

    def _batcher(self, kind: Any, run: Callable[[Table], Results]) -> Batcher:
        if kind not in self._batchers:
            if len(self._batchers) >= 64:  # coverages are numbers that clients choose
                self._batchers.clear()
            self._batchers[kind] = Batcher(run, self.pool)
            self._batchers[kind].sizes = self.sizes
        return self._batchers[kind]


class Models:
    """Predictors by name.

    A request keeps the predictor that it began with, so that replacing one loses no request.

    Args:
        folders: Their folders by name.
        pool: Where they compute.
        device: The PyTorch device to compute on.
        sizes: Called with the number of requests of each batch.

    Raises:
        ArchflowError: If one cannot be loaded.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        pool: Executor,
        device: str = "cpu",
        sizes: Callable[[int], None] = lambda requests: None,
    ) -> None:
        self._folders, self._pool, self._device, self._sizes = dict(folders), pool, device, sizes
        self.served: dict[str, Served] = {}
        self.reload()

    def reload(self) -> None:
        """Load all predictors again; if one cannot be loaded, all stay as they are. Raises ArchflowError then."""
        loaded = {name: load_predictor(folder, self._device) for name, folder in self._folders.items()}
        self.served = {name: Served(name, each, self._pool, self._sizes) for name, each in loaded.items()}

    def get(self, name: str | None) -> Served:
        """The predictor of this name, or the only one. Raises Refused if there is none."""
        served = self.served
        if name is None:
            if len(served) > 1:
                raise Refused(422, f"say which predictor to use; there are: {', '.join(served)}", "model")
            return next(iter(served.values()))
        if name not in served:
            raise Refused(404, f"no predictor is called {shown(name)}; {alternatives(name, served)}", "model")
        return served[name]


def _columns(model: AnyPredictor) -> list[str]:
    """The columns of a table that a predictor reads, in addition to the architectures."""
    if not isinstance(model, StackedPredictor):
        return list(model.context_columns)
    found = model.fitted.features.get(COLUMNS)
    plain = [name for name, _ in (*found.numeric, *found.texts)] if isinstance(found, Columns) else []
    sources = [name for component, _ in model.fitted.parts for name in component.reads]
    return list(dict.fromkeys([*plain, *sources, *model.context_columns]))
