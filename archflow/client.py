"""A client of the service that `archflow serve` starts.

    client = Client("http://127.0.0.1:8000", token="...")
    client.predict([cell], interval=0.8)["accuracy"].mean

It needs nothing but Python; architectures are given in any form that the library takes.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archflow.errors import ArchflowError

if TYPE_CHECKING:
    from archflow.graph import Architecture, ArchitectureSet
    from archflow.graph.table import Table

    One = Architecture | str | Mapping[str, Any]
    Given = Table | ArchitectureSet | One | Iterable[One]
    Columns = Mapping[str, Sequence[float | str | None]]

IDLE = 30.0
"""Seconds after which a connection is not used again; the service keeps its end open for longer."""


class ServiceError(ArchflowError):
    """The service refused a request.

    Attributes:
        status: The HTTP status.
        where: The part of the request that it is about; empty for the whole.
    """

    def __init__(self, message: str, status: int, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.status, self.where = status, where


@dataclass(frozen=True)
class Predicted:
    """Predictions of one metric for N architectures; NaN stands for what is not known.

    Attributes:
        mean, std: (N,) predictions and their deviations.
        low, high: (N,) ends of intervals; None unless they were asked for.
    """

    mean: list[float]
    std: list[float]
    low: list[float] | None = None
    high: list[float] | None = None


class Client:
    """A connection to a service. Use one client per thread.

    Args:
        address: Such as `http://127.0.0.1:8000`.
        token: The token; by default that in the environment variable ARCHFLOW_TOKEN.
        timeout: Seconds to wait for an answer.
    """

    def __init__(self, address: str, token: str | None = None, timeout: float = 60.0) -> None:
        parts = urllib.parse.urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ArchflowError(f"client: {address!r} is not an address; give one such as http://127.0.0.1:8000")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout)
        self._prefix, self._address = parts.path.rstrip("/"), address
        token = os.environ.get("ARCHFLOW_TOKEN") if token is None else token
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._used = -math.inf

    def __repr__(self) -> str:
        return f"Client({self._address!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        self._connection.close()

    def predict(
        self,
        architectures: Given,
        *,
        model: str | None = None,
        space: str | None = None,
        columns: Columns | None = None,
        interval: float | None = None,
    ) -> dict[str, Predicted]:
        """Predict every metric of a predictor.

        Args:
            architectures: A table, a set, one architecture, or a list of architectures, native strings and graphs in
                JSON form (`{"ops": [...], "edges": [...]}`).
            model: The predictor; needed if the service has several.
            space: The search space of native strings.
            columns: Further columns that the predictor reads; those of a table are sent by themselves.
            interval: Also give intervals that contain the metric with this probability.

        Returns:
            Predictions by metric.

        Raises:
            ServiceError: If the service refuses the request.
            ArchflowError: If it cannot be reached.
        """
        body = {**self._body(architectures, model, space, columns), "interval": interval}
        metrics = self.call("POST", "/predict", body)["metrics"]
        return {
            name: Predicted(**{key: _numbers(each) for key, each in found.items() if each is not None})
            for name, found in metrics.items()
        }

    def rank(
        self,
        architectures: Given,
        *,
        top: int = 10,
        metric: str | None = None,
        model: str | None = None,
        space: str | None = None,
        columns: Columns | None = None,
        interval: float | None = None,
    ) -> list[dict[str, Any]]:
        """The best architectures by one metric, the best first; `row` is the place of each among those given."""
        body = {**self._body(architectures, model, space, columns), "top": top, "metric": metric, "interval": interval}
        return self.call("POST", "/rank", body)["top"]

    def embed(self, architectures: Given, *, model: str | None = None, space: str | None = None) -> list[list[float]]:
        """A vector for each architecture."""
        return self.call("POST", "/embed", self._body(architectures, model, space, None))["embeddings"]

    def explain(
        self,
        architecture: Given,
        *,
        metric: str | None = None,
        most: int = 300,
        model: str | None = None,
        space: str | None = None,
        columns: Columns | None = None,
    ) -> dict[str, Any]:
        """What `archflow explain --json` prints about one architecture."""
        body = {**self._body(architecture, model, space, columns), "metric": metric, "most": most}
        return self.call("POST", "/explain", body)

    def search(self, evaluate: str, **settings: Any) -> Search:
        """Start a search.

        Args:
            evaluate: A predictor of the service, or a data set's name.
            settings: `metric`, `space`, `method`, `budget` and `seed`.
        """
        return Search(self, self.call("POST", "/search", {"evaluate": evaluate, **settings}))

    def models(self) -> list[dict[str, Any]]:
        """The predictors of the service."""
        return self.call("GET", "/models")["models"]

    def reload(self) -> list[dict[str, Any]]:
        """Have the service load its predictors again."""
        return self.call("POST", "/reload")["models"]

    def health(self) -> dict[str, Any]:
        """Whether the service answers, and its version."""
        return self.call("GET", "/health")

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send one request. Raises ServiceError if it is refused, ArchflowError if there is no answer."""
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        if time.monotonic() - self._used > IDLE:
            self._connection.close()
        try:
            self._connection.request(method, self._prefix + path, content, headers)
            response = self._connection.getresponse()
            text, self._used = response.read(), time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ArchflowError(f"{self._address}: no answer ({error}); is the service running there?") from None
        return _content(response.status, text)

    def _body(
        self, architectures: Any, model: str | None, space: str | None, columns: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        own = dict(columns or {})
        if hasattr(architectures, "column_names"):
            own = {**self._columns_of(architectures, model), **own}
        return {"architectures": _forms(architectures), "model": model, "space": space, "columns": own}

    def _columns_of(self, table: Table, model: str | None) -> dict[str, Any]:
        """The columns of a table that the predictor reads."""
        wanted = {name for each in self.models() if model in (None, each["name"]) for name in each["columns"]}
        return {name: _column(table, name) for name in table.column_names if name in wanted}


class Search:
    """A search on a service.

    Attributes:
        state: Its state as the service last gave it.
    """

    def __init__(self, client: Client, state: dict[str, Any]) -> None:
        self._client, self.state = client, state

    def follow(self, every: float = 0.5) -> Iterator[dict[str, Any]]:
        """Yield each evaluation, `architecture` and `metrics`, until the search has ended.

        Raises:
            ServiceError: If the search fails.
        """
        seen = 0
        while True:
            self.state = self._client.call("GET", f"/search/{self.state['id']}?after={seen}")
            yield from self.state["history"]
            seen += len(self.state["history"])
            if self.state["state"] == "failed":
                raise ServiceError(self.state["message"], 200)
            if self.state["state"] not in ("running", "stopping"):
                return
            time.sleep(every)

    def result(self) -> dict[str, Any]:
        """Wait for the end; the best evaluation."""
        for _ in self.follow():
            pass
        return self.state["best"]

    def stop(self) -> None:
        """Stop the search after its current evaluation."""
        self.state = self._client.call("DELETE", f"/search/{self.state['id']}")


def _content(status: int, text: bytes) -> Any:
    try:
        content = json.loads(text)
    except ValueError:
        raise ServiceError("the answer is not JSON; is it an archflow service?", status) from None
    if status < 400:
        return content
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        raise ServiceError(f"the answer has the status {status}", status)
    raise ServiceError(str(error.get("message")), status, str(error.get("where", "")))


def _forms(given: Any) -> list[Any]:
    """Architectures in their JSON form."""
    if isinstance(given, str | Mapping) or hasattr(given, "ops"):
        return [_form(given)]
    return [_form(each) for each in getattr(given, "architectures", given)]


def _form(given: Any) -> Any:
    if isinstance(given, str | Mapping):
        return given
    form = {"ops": list(given.ops), "edges": [list(edge) for edge in given.edges]}
    if given.attributes:
        form["attributes"] = {name: [_known(each) for each in values] for name, values in given.attributes.items()}
    return form


def _column(table: Table, name: str) -> list[float | str | None]:
    if name in table.metrics:
        return [_known(each) for each in table.metrics[name].tolist()]
    return list(table.texts(name))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: list[float | None]) -> list[float]:
    return [math.nan if each is None else each for each in values]
