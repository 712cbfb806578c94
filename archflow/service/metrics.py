"""What a service counts, in the text format of Prometheus."""

from __future__ import annotations

import os
import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
REQUESTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counters of one service, with memory and CPU time of its process."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        ProcessCollector(registry=own)
        self._requests = Counter("archflow_requests", "Requests answered.", ("path", "status"), registry=own)
        self._seconds = Histogram(
            "archflow_request_seconds",
            "Seconds from a request to its answer.",
            ("path",),
            buckets=SECONDS,
            registry=own,
        )
        self._architectures = Counter("archflow_architectures", "Architectures received.", ("path",), registry=own)
        self._joined = Histogram("archflow_batch_requests", "Requests in a batch.", buckets=REQUESTS, registry=own)
        Gauge("archflow_threads", "Threads of the process.", registry=own).set_function(_threads)
        self.open = Gauge("archflow_open_requests", "Requests that are being answered.", registry=own)

    def answered(self, path: str, status: int, seconds: float, architectures: int) -> None:
        """Count an answered request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)
        if architectures:
            self._architectures.labels(path).inc(architectures)

    def joined(self, requests: int) -> None:
        """Count a batch of so many requests."""
        self._joined.observe(requests)

    def text(self) -> bytes:
        """Everything that was counted."""
        return generate_latest(self._registry)


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:  # not on Linux: those of Python alone
        return threading.active_count()
