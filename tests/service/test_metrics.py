"""Counters."""

import re
import threading

from archflow.service.metrics import Metrics


def test_what_was_answered_is_counted():
    metrics = Metrics()
    metrics.answered("/predict", 200, 0.02, 7)
    metrics.answered("/predict", 422, 0.001, 0)
    metrics.joined(3)
    text = metrics.text().decode()
    assert threading.active_count() <= float(re.search(r"^archflow_threads (\S+)$", text, re.M)[1]) < 1000
    for line in (
        'archflow_requests_total{path="/predict",status="422"} 1.0',
        'archflow_request_seconds_bucket{le="0.001",path="/predict"} 1.0',
        'archflow_architectures_total{path="/predict"} 7.0',
        "archflow_batch_requests_sum 3.0",
    ):
        assert f"\n{line}\n" in text
