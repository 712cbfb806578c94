"""What every request passes first: host, rate, token, size and time; and what is logged and counted of it."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict
from typing import Any

from archflow.service.logs import LOGGER
from archflow.service.metrics import Metrics
from archflow.service.refused import Refused
from archflow.service.settings import Access, Limits

OPEN = frozenset({"/health"})
"""Paths that need no token."""

ADDRESSES = 10_000
"""Addresses whose rate is remembered; the one that was silent longest is forgotten first."""


class Gate:
    """An ASGI application before another one.

    Args:
        app: The application.
        access: Who may use it.
        limits: What is accepted.
        metrics: Where requests are counted.
    """

    def __init__(self, app: Any, access: Access, limits: Limits, metrics: Metrics) -> None:
        self._app, self._access, self._limits, self._metrics = app, access, limits, metrics
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._open = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or pass it to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 0
        scope["state"] = {**scope.get("state", {}), "architectures": 0}

        async def noted(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        self._open += 1
        self._metrics.open.set(self._open)
        try:
            await self._answer(scope, receive, noted)
        except Refused as error:
            if not status:
                await _send(noted, error)
        except Exception:
            LOGGER.exception("a request failed", extra={"fields": {"path": scope["path"]}})
            if not status:
                await _send(noted, Refused(500, "the service failed; its log says why"))
        finally:
            self._open -= 1
            self._metrics.open.set(self._open)
            self._note(scope, status, time.perf_counter() - begin)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self._check(scope)
        limit = self._limits.seconds
        try:
            async with asyncio.timeout(limit):
                body = await self._read(scope, receive)
        except TimeoutError:
            raise Refused(408, f"the request was not received within {limit:g} s; send it faster, or less") from None
        try:
            async with asyncio.timeout(limit):
                await self._app(scope, _replayed(body, receive), send)
        except TimeoutError:
            raise Refused(408, f"no answer within {limit:g} s; send fewer architectures, or ask again later") from None

    def _check(self, scope: Any) -> None:
        """Raise Refused unless the request may be answered."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        if self._open > self._limits.at_once:
            wait = {"Retry-After": "1"}
            raise Refused(429, f"{self._limits.at_once} requests are being answered; wait, and ask again", "", wait)
        host = _without_port(headers.get(b"host", b"").decode("latin-1").lower())
        if self._access.hosts is not None and host not in self._access.hosts:
            raise Refused(421, "without a token the service answers only to the names of this machine", "host")
        self._count((scope.get("client") or ("",))[0])
        token = self._access.token
        if token is None or scope["path"] in OPEN:
            return
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), token.encode()):
            challenge = {"WWW-Authenticate": "Bearer"}
            raise Refused(401, "the token is missing or wrong; send Authorization: Bearer TOKEN", "", challenge)

    def _count(self, address: str) -> None:
        """Count a request from an address. Raises Refused if there were too many."""
        rate, now = self._limits.rate, time.monotonic()
        most = max(rate, 1.0)
        left, last = self._rates.pop(address, (most, now))
        left = min(most, left + (now - last) * rate)
        allowed = left >= 1
        self._rates[address] = (left - allowed, now)
        if len(self._rates) > ADDRESSES:
            self._rates.popitem(last=False)
        if not allowed:
            wait = {"Retry-After": str(max(1, round(1 / rate)))}
            raise Refused(429, f"more than {rate:g} requests per second; send several architectures in one", "", wait)

    async def _read(self, scope: Any, receive: Any) -> bytes:
        """The body of a request. Raises Refused if it is too large."""
        limit = self._limits.body
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        parts: list[bytes] = []
        size = int(announced) if announced.isdigit() and len(announced) < 20 else 0
        if size > limit:
            raise _too_large(limit)
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the connection ended within the request")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise _too_large(limit)
            if not message.get("more_body"):
                return b"".join(parts)

    def _note(self, scope: Any, status: int, seconds: float) -> None:
        route, count = getattr(scope.get("route"), "path", "other"), scope["state"].get("architectures", 0)
        self._metrics.answered(route, status, seconds, count)
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "seconds": round(seconds, 5),
            "architectures": count,
            "client": (scope.get("client") or ("",))[0],
        }
        LOGGER.info("request", extra={"fields": fields})


def _replayed(body: bytes, receive: Any) -> Any:
    """A `receive` that gives a body which was read already."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Any:
        return waiting.pop() if waiting else await receive()

    return replayed


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _too_large(limit: int) -> Refused:
    return Refused(413, f"the body is larger than {limit:,} bytes; send several requests")


async def _send(send: Any, error: Refused) -> None:
    content = error.content
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **error.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
