"""What the service answers: one method per path."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from fastapi import Query, Request, Response
from numpy.typing import NDArray
from pydantic_core import to_json

from archflow import __version__
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.predict.base import interval_columns, ranking_columns
from archflow.printable import shown
from archflow.service.bodies import Body, EmbedBody, ExplainBody, PredictBody, RankBody, SearchBody
from archflow.service.logs import LOGGER
from archflow.service.metrics import Metrics
from archflow.service.models import Models, Served
from archflow.service.reading import space_named, table_of
from archflow.service.refused import Refused
from archflow.service.searches import Searches
from archflow.service.settings import Limits
from archflow.spaces import SPACES

Result = TypeVar("Result")

After = Annotated[int, Query(ge=0, le=10**9, description="The first evaluation to return.")]

FEW = 100
"""Up to so many architectures are read at once; reading more would keep other requests waiting."""


class Endpoints:
    """The methods behind the paths of a service, and what they share.

    Args:
        folders: Folders of predictors by name.
        limits: What is accepted.
        metrics: Where batches are counted.
        space: The search space of native strings whose request names none.
        device: The PyTorch device to compute on.

    Raises:
        ArchflowError: If a predictor cannot be loaded, or there is no such space.
    """

    def __init__(
        self, folders: Mapping[str, Path], limits: Limits, metrics: Metrics, space: str | None, device: str
    ) -> None:
        self.threads = f"archflow-{secrets.token_hex(4)}-"
        """Prefix of the names of the threads that compute for this service."""
        # Explanations take long, so they do not keep predictions waiting.
        self._short, self._long = (ThreadPoolExecutor(1, self.threads + name) for name in ("predict", "explain"))
        self.models = Models(folders, self._short, device, metrics.joined)
        self.searches = Searches(self.models, limits, self.threads)
        self._limits, self._metrics = limits, metrics
        self._space = None if space is None else SPACES.get(space)()

    def close(self) -> None:
        """Stop what is running."""
        self.searches.close()
        for pool in (self._short, self._long):
            pool.shutdown(wait=False, cancel_futures=True)

    async def predict(self, body: PredictBody, request: Request) -> Response:
        """Predict every metric of a predictor for each architecture."""
        served, table = await self._read(body, request)
        self._check(served, body.interval)
        found = await served.predict(table, body.interval)
        metrics = {}
        for place, metric in enumerate(served.predictor.metrics):
            names = _names(served, place)
            metrics[metric] = {key: _numbers(found[name]) for key, name in names.items() if name in found}
        return _json({"model": served.name, "metrics": metrics})

    async def rank(self, body: RankBody, request: Request) -> Response:
        """Rank architectures by a metric, and return the best."""
        served, table = await self._read(body, request)
        self._check(served, body.interval)
        metric, top = self._metric(served, body.metric), min(body.top, len(table))
        found = await self._run(self._short, lambda: served.rank(table, body.interval, top))
        names = _names(served, list(served.predictor.metrics).index(metric)) | {
            "probability_top": f"probability_top_{top}_{metric}"
        }
        rank = found[f"rank_{metric}"]
        best = np.argsort(rank)[:top]
        columns = {key: _numbers(found[name][best]) for key, name in names.items() if name in found}
        columns["predicted"] = columns.pop("mean")
        rows = [
            {"rank": int(rank[row]), "row": row, **{key: values[place] for key, values in columns.items()}}
            for place, row in enumerate(best.tolist())
        ]
        return _json({"model": served.name, "metric": metric, "architectures": len(table), "top": rows})

    async def embed(self, body: EmbedBody, request: Request) -> Response:
        """Compute a vector for each architecture by the encoders of a predictor."""
        served, table = await self._read(body, request)
        found = await served.embed(table)
        return _json({"model": served.name, "embeddings": _numbers(found["embedding"])})

    async def explain(self, body: ExplainBody, request: Request) -> Response:
        """Explain a prediction: what each change of the architecture would do to it, and which nodes matter."""
        served, table = await self._read(body, request)
        metric = self._metric(served, body.metric)
        space = self._space if body.space is None else space_named(body.space)

        def explained() -> dict[str, Any]:
            found = served.predictor.explain(table, space=space, metric=metric, most=body.most)
            return {"model": served.name, **found.to_json()}

        return _json(await self._run(self._long, explained))

    async def search(self, body: SearchBody) -> Response:
        """Start a search."""
        return _json(self.searches.start(body).about(), 202)

    async def search_state(self, id: str, after: After = 0) -> Response:
        """The state of a search, with its evaluations from number `after`."""
        return _json(self.searches.get(id).about(after))

    async def stop_search(self, id: str) -> Response:
        """Stop a search after its current evaluation."""
        return _json(self.searches.stop(id).about(), 202)

    async def list_models(self) -> Response:
        """The predictors, what they predict, and the columns that they read."""
        return _json({"models": [each.about() for each in self.models.served.values()]})

    async def reload(self) -> Response:
        """Load all predictors again from their folders; requests under way end with the former ones."""
        await asyncio.to_thread(self.models.reload)
        LOGGER.info("predictors are loaded again", extra={"fields": {"models": list(self.models.served)}})
        return await self.list_models()

    async def health(self) -> Response:
        """Whether the service answers; needs no token."""
        return _json({"status": "ok", "version": __version__})

    async def metrics(self) -> Response:
        """Counters in the text format of Prometheus."""
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")

    async def _read(self, body: Body, request: Request) -> tuple[Served, Table]:
        served = self.models.get(body.model)
        space = self._space if body.space is None else space_named(body.space)
        request.state.architectures = len(body.architectures)

        def read() -> Table:
            return served.known(table_of(body.architectures, body.columns, space, self._limits))

        return served, read() if len(body.architectures) <= FEW else await asyncio.to_thread(read)

    def _check(self, served: Served, coverage: float | None) -> None:
        if coverage is not None:
            served.predictor.check_coverage(coverage)

    def _metric(self, served: Served, name: str | None) -> str:
        metrics = list(served.predictor.metrics)
        if name is not None and name not in metrics:
            raise Refused(422, f"{served.name} has no metric {shown(name)}; {alternatives(name, metrics)}", "metric")
        return metrics[0] if name is None else name

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def _names(served: Served, place: int) -> dict[str, str]:
    """The columns of one metric that `Served.rank` gives, by the keys of responses."""
    metrics = served.predictor.metrics
    mean, std, _ = ranking_columns(metrics, place)
    return dict(zip(("mean", "std", "low", "high"), (mean, std, *interval_columns(metrics[place])), strict=True))


def _numbers(values: NDArray) -> list[Any]:
    return np.asarray(values).tolist()


def _json(content: Any, status: int = 200) -> Response:
    """A response in JSON; NaN and infinities are null."""
    return Response(to_json(content, inf_nan_mode="null"), status, media_type="application/json")
