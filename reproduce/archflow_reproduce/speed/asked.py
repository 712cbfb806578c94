"""A running service, asked over HTTP."""

from __future__ import annotations

import http.client
import urllib.parse
from dataclasses import dataclass, field

from archflow.errors import ArchflowError


@dataclass(frozen=True)
class Service:
    """A running service.

    Attributes:
        address: Such as `http://127.0.0.1:8000`.
        token: Its token; None if it needs none.
    """

    address: str
    token: str | None = field(default=None, repr=False)

    def connection(self) -> http.client.HTTPConnection:
        """A new connection, for one thread."""
        parts = urllib.parse.urlsplit(self.address)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def answer(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of the answer to a request. Raises ArchflowError if there is no answer."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ArchflowError(f"{self.address}: no answer ({error}); start the service first") from None

    def counters(self) -> dict[str, float]:
        """What the service has counted. Raises ArchflowError if it does not say."""
        connection = self.connection()
        status, text = self.answer(connection, "GET", "/metrics")
        connection.close()
        if status != 200:
            raise ArchflowError(f"{self.address}: /metrics answers with the status {status}")
        lines = (line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}
