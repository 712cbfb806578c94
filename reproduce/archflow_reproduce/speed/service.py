"""The load that a running service bears: architectures per second in batches, and the latency of single ones."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow_reproduce.speed.asked import Service


@dataclass(frozen=True)
class Load:
    """Who asks for what.

    Attributes:
        service: The service.
        clients: Connections that ask at the same time, each for the next answer once it has one.
        seconds: How long they ask.
    """

    service: Service
    clients: int
    seconds: float

    def of(self, bodies: list[bytes], size: int) -> dict[str, Any]:
        """Ask for predictions, the bodies in turn.

        Args:
            bodies: Bodies of requests, each of `size` architectures.

        Returns:
            Architectures per second, quantiles of the seconds of a request, and the CPU time of the service.

        Raises:
            ArchflowError: If a request is refused or not answered.
        """
        self._ask(bodies, time.monotonic() + 0.5)  # what is loaded at the first use is not measured
        before, begin = self.service.counters(), time.monotonic()
        latencies = self._ask(bodies, begin + self.seconds)
        elapsed, after = time.monotonic() - begin, self.service.counters()
        count = len(latencies) * size
        cpu = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
        middle, high = np.quantile(latencies, [0.5, 0.99]).tolist()
        batches = after["archflow_batch_requests_count"] - before["archflow_batch_requests_count"]
        return {
            "size": size,
            "requests": len(latencies),
            "architectures_per_second": count / elapsed,
            "median_ms": 1e3 * middle,
            "p99_ms": 1e3 * high,
            "requests_per_batch": len(latencies) / max(batches, 1),
            "service_cpu_us": 1e6 * cpu / count,
            "mib_before": before["process_resident_memory_bytes"] / 2**20,
            "mib_after": after["process_resident_memory_bytes"] / 2**20,
        }

    def _ask(self, bodies: list[bytes], until: float) -> list[float]:
        latencies: list[float] = []
        refused: list[str] = []

        def ask(first: int) -> None:
            connection, number = self.service.connection(), first
            while time.monotonic() < until and not refused:
                begin = time.perf_counter()
                try:
                    status, text = self.service.answer(connection, "POST", "/predict", bodies[number % len(bodies)])
                except ArchflowError as error:
                    refused.append(str(error))
                    break
                latencies.append(time.perf_counter() - begin)
                number += 1
                if status != 200:
                    refused.append(text.decode())
            connection.close()

        threads = [threading.Thread(target=ask, args=(first,)) for first in range(self.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if refused or not latencies:
            raise ArchflowError(f"{self.service.address}: {refused[0] if refused else 'no answer'}")
        return latencies


def bodies(architectures: ArchitectureSet, size: int, model: str | None) -> list[bytes]:
    """Bodies of requests for predictions, each of `size` architectures; the rest is left out."""
    graphs = [{"ops": list(each.ops), "edges": [list(edge) for edge in each.edges]} for each in architectures]
    parts = [graphs[first : first + size] for first in range(0, len(graphs) - size + 1, size)]
    return [json.dumps({"architectures": part, "model": model}).encode() for part in parts]
