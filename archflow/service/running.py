"""Running the service: a socket, signals, and a graceful end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from archflow.errors import ArchflowError
from archflow.service.logs import LOGGER, start_json_log

KEEP_ALIVE = 75
"""Seconds for which an idle connection stays open; longer than clients and proxies keep theirs."""


def run(app: Any, host: str, port: int, grace: float = 30.0) -> None:
    """Serve until SIGTERM or SIGINT, then answer the requests under way, and return.

    SIGHUP loads the predictors again.

    Args:
        app: As `create_app` makes it.
        host, port: What to bind to; port 0 takes one that is free, which the log names.
        grace: Seconds for requests under way.

    Raises:
        ArchflowError: If the address cannot be used.
    """
    start_json_log()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        log_level=LOGGER.getEffectiveLevel(),
        access_log=False,  # the application logs requests itself
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=round(grace),
    )
    asyncio.run(_serve(_Server(config), app.state.endpoints, f"{host}:{port}"))
    if _outlived(app.state.endpoints.threads):
        # Python would wait for such a thread, or end under its feet, where torch aborts. Nothing else is under way.
        app.state.endpoints.searches.close(0.0)  # a search may have written since the first time
        logging.shutdown()
        os._exit(0)


class _Server(uvicorn.Server):
    """A server that leaves signals to `_serve`: the usual one sends them again at its end, as if it had failed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(server: _Server, endpoints: Any, address: str) -> None:
    loop, tasks = asyncio.get_running_loop(), set()

    def reload() -> None:
        tasks.add(task := loop.create_task(_reload(endpoints)))
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    try:
        await server.serve()
    except SystemExit:  # the server has logged why
        raise ArchflowError(f"{address}: cannot be bound to; the log says why. Give another --host or --port") from None


def _outlived(prefix: str) -> bool:
    """Whether a computation, for whose result nobody waits, has outlived the service; prefix: of its thread's name."""
    threads = [each for each in threading.enumerate() if each.name.startswith(prefix)]
    for each in threads:
        each.join(1.0)
    return any(each.is_alive() for each in threads)


async def _reload(endpoints: Any) -> None:
    try:
        await endpoints.reload()
    except ArchflowError as error:
        LOGGER.error("predictors stay as they are: %s", error)
