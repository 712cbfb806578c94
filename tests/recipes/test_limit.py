import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.recipes.limit import limit_doubt, limit_in, unit_of


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("20ms", "latency_ms", 20),
        ("0.02s", "latency_ms", 20),
        ("20000 us", "latency_ms", 20),
        ("20ms", "time_s", 0.02),
        ("1e-2 s", "latency_ms", 10),
        ("20", "energy", 20),
    ],
)
def test_a_limit_is_read_in_the_unit_of_the_metric(text, metric, value):
    assert limit_in(text, metric) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "metric", "said"),
    [
        ("20", "latency_ms", "20 of what"),
        ("20ms", "latency", "does not say its unit"),
        ("20kg", "latency_ms", "no unit of time"),
        ("-1ms", "latency_ms", "positive number"),
        ("0ms", "latency_ms", "positive number"),
        ("fast", "latency_ms", "positive number"),
        ("1e999ms", "latency_ms", "positive number"),
    ],
)
def test_a_limit_without_meaning_is_refused(text, metric, said):
    with pytest.raises(ArchflowError, match=said):
        limit_in(text, metric)


def test_a_limit_far_from_all_predictions_is_doubted():
    assert limit_doubt("20s", 20_000, np.array([3.0, 40.0])) is not None
    assert limit_doubt("20ms", 20, np.array([3.0, 40.0])) is None
    assert unit_of("ms") is None
    assert unit_of("time_sec") == "s"
