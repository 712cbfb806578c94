"""A long, even load of all kinds of requests on a running service: does its memory grow, does it become slower?"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.spaces import SPACES
from archflow_reproduce.speed.asked import Service
from archflow_reproduce.speed.machine import machine

SETTLED = 1 / 3
"""The fraction of the time that is left out of the growth: buffers and caches fill."""


@dataclass(frozen=True)
class Asked:
    """A request of the load.

    Attributes:
        method, path: Such as POST and /predict.
        status: The status that the answer must have.
        body: JSON, or None.
    """

    method: str
    path: str
    status: int = 200
    body: bytes | None = None


def mixture(natives: Sequence[str], graphs: Sequence[Mapping[str, Any]], model: str | None, space: str) -> list[Asked]:
    """A round of 1,000 requests, in the order in which they are sent.

    Of these, 600 predict, 150 rank five architectures, 100 embed, 50 cannot be answered, one explains, one loads the
    predictors again, one starts a search, and the rest asks for what the service is and has counted.

    Args:
        natives: Native strings of the space.
        graphs: Graphs in JSON form.
        model: The predictor; None for the only one.
        space: The search space.
    """
    native, graph = itertools.cycle(natives), itertools.cycle(graphs)

    def one(path: str, architectures: Sequence[Any], status: int = 200, **more: Any) -> Asked:
        body = {"architectures": architectures, "model": model, "space": space, **more}
        return Asked("POST", path, status, json.dumps(body).encode())

    search = {"evaluate": model, "space": space, "method": "random", "budget": 20}
    kinds: list[tuple[int, Callable[[], Asked]]] = [
        (300, lambda: one("/predict", [next(native)])),
        (300, lambda: one("/predict", [next(graph)], interval=0.8)),
        (150, lambda: one("/rank", [next(graph) for _ in range(5)], top=3)),
        (100, lambda: one("/embed", [next(native)])),
        (20, lambda: one("/predict", ["no such string"], 422)),
        (20, lambda: Asked("POST", "/rank", 400, b'{"architectures": [')),
        (10, lambda: Asked("GET", "/search/none", 404)),
        (1, lambda: one("/explain", [next(native)], most=20)),
        (1, lambda: Asked("POST", "/reload")),
        (1, lambda: Asked("POST", "/search", 202, json.dumps(search).encode())),
        (47, lambda: Asked("GET", "/models")),
        (40, lambda: Asked("GET", "/health")),
        (10, lambda: Asked("GET", "/metrics")),
    ]
    found = [make() for count, make in kinds for _ in range(count)]
    return [found[row] for row in np.random.default_rng(0).permutation(len(found))]


@dataclass(frozen=True)
class Soak:
    """An even load.

    Attributes:
        service: The service.
        clients: Connections.
        rate: Requests per second of all of them together.
    """

    service: Service
    clients: int
    rate: float

    def periods(self, requests: Sequence[Asked], seconds: float, count: int) -> Iterator[dict[str, float]]:
        """Ask for `count` periods of so many seconds, and give what was measured in each.

        A request that falls due while its connection still waits for an answer is sent as soon as that has come.

        Yields:
            The minute in which the period ended; requests per second; quantiles of the time from a request to its
            answer, in milliseconds; the memory, open files and threads of the service at the end, and the cores that it
            used.

        Raises:
            ArchflowError: If an answer has another status than it must have, or does not come.
        """
        threads, latencies, wrong, ended = [], [[] for _ in range(self.clients)], [], threading.Event()
        begin, before = time.monotonic(), self.service.counters()

        def ask(client: int) -> None:
            connection = self.service.connection()
            for number in itertools.count(client, self.clients):
                if ended.wait(max(0.0, begin + number / self.rate - time.monotonic())):
                    break
                asked, sent = requests[number % len(requests)], time.perf_counter()
                try:
                    status, text = self.service.answer(connection, asked.method, asked.path, asked.body)
                except ArchflowError as error:
                    wrong.append(str(error))
                    break
                latencies[client].append(time.perf_counter() - sent)
                if status != asked.status:
                    wrong.append(f"{self.service.address}: {asked.path} answers with {status}: {text.decode()[:200]}")
                    break
            connection.close()

        try:
            for client in range(self.clients):
                threads.append(threading.Thread(target=ask, args=(client,)))
                threads[-1].start()
            for period in range(1, count + 1):
                until = begin + period * seconds
                while not wrong and time.monotonic() < until:
                    time.sleep(min(0.2, max(0.0, until - time.monotonic())))
                if wrong:
                    raise ArchflowError(wrong[0])
                after = self.service.counters()
                taken = [each[: len(each)] for each in latencies]
                for each, own in zip(latencies, taken, strict=True):
                    del each[: len(own)]
                yield _period(np.concatenate(taken), seconds, period, before, after)
                before = after
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def _period(
    latencies: np.ndarray, seconds: float, period: int, before: Mapping[str, float], after: Mapping[str, float]
) -> dict[str, float]:
    middle, high, higher, most = (1e3 * np.quantile(latencies, [0.5, 0.9, 0.99, 1.0])).tolist()
    return {
        "minute": period * seconds / 60,
        "requests_per_second": len(latencies) / seconds,
        "median_ms": middle,
        "p90_ms": high,
        "p99_ms": higher,
        "most_ms": most,
        "mib": after["process_resident_memory_bytes"] / 2**20,
        "open_files": after["process_open_fds"],
        "threads": after["archflow_threads"],
        "cores": (after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]) / seconds,
    }


def growth(periods: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Slopes per hour of the straight lines through memory, files, threads and times, without the first third."""
    settled = periods[round(len(periods) * SETTLED) :]
    minutes = np.array([each["minute"] for each in settled])
    found = {"from_minute": settled[0]["minute"]}
    for name in ("mib", "open_files", "threads", "median_ms", "p99_ms"):
        values = np.array([each[name] for each in settled])
        away = minutes - minutes.mean()
        found[f"{name}_per_hour"] = 60 * float(away @ values) / max(float(away @ away), 1e-12)
    return found


def run_soak(
    soak: Soak, model: str, space: str, minutes: int, noted: Callable[[], None], seconds: float = 60.0
) -> dict[str, Any]:
    """Ask for everything for so many periods of `seconds`; the result with its `config` and `machine`.

    Args:
        soak: The load.
        model: The predictor.
        space: The search space of the architectures.
        minutes: How many periods.
        noted: Called after each.
        seconds: Of a period.

    Raises:
        ArchflowError: As `Soak.periods` does.
    """
    of = SPACES.get(space)()
    drawn = of.sample(200, np.random.default_rng(0))
    graphs = [{"ops": list(each.ops), "edges": [list(edge) for edge in each.edges]} for each in drawn]
    requests, periods = mixture([of.format(each) for each in drawn], graphs, model, space), []
    for period in soak.periods(requests, seconds, minutes):
        periods.append(period)
        noted()
    config = {"model": model, "space": space, "rate": soak.rate, "clients": soak.clients, "minutes": minutes}
    return {"periods": periods, "growth": growth(periods), "config": config, "machine": machine()}
