import numpy as np
import pytest

from archflow.devices.units import checked_latencies, mixed_doubt, unit_doubt
from archflow.errors import ArchflowError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 0.0], "mine.csv: the latency in row 1 is 0"),
        ([-2.0], "row 0 is -2"),
        ([1.0, float("nan")], "row 1 is nan"),
        ([1.0, float("inf")], "row 1 is inf"),
        ([], "not a list of latencies"),
        ([[1.0]], "not a list of latencies"),
        (["fast"], "latencies are numbers"),
    ],
)
def test_what_is_no_latency_is_refused(values, message):
    with pytest.raises(ArchflowError, match=message):
        checked_latencies("mine.csv", values)


def test_seconds_beside_milliseconds_are_doubted_and_not_converted():
    milliseconds = np.array([12.0, 30.0, 55.0])
    assert unit_doubt("new", milliseconds, milliseconds * 20) is None
    seconds = unit_doubt("new", milliseconds / 1000, milliseconds)
    assert seconds is not None
    assert "the median is 0.03 ms, where 30 ms is usual: if these are seconds, multiply by 1,000" in seconds
    microseconds = unit_doubt("new", milliseconds * 1000, milliseconds)
    assert microseconds is not None
    assert "if these are microseconds, divide by 1,000; they were taken as they are" in microseconds


def test_alone_only_what_no_network_takes_is_doubted():
    assert unit_doubt("new", [0.05, 2.0, 4000.0]) is None
    assert "seconds" in (unit_doubt("new", [0.004, 0.009]) or "")
    assert "microseconds" in (unit_doubt("new", [5e6]) or "")


def test_a_label_in_another_unit_is_doubted():
    accuracies, rows = np.linspace(80, 95, 20), np.arange(20) + 7
    accuracies[3] = 0.914
    said = mixed_doubt("accuracy", accuracies, rows)
    assert said.startswith(
        "accuracy: 1 of 20 labels, in row 10, is far from the others (0.914 to 0.914; the others 80 to"
    )
    accuracies[5] = 0.93
    assert "2 of 20 labels, in row 10 first, are far" in mixed_doubt("accuracy", accuracies, rows)
    for plain in (
        np.linspace(1, 95, 20),
        np.geomspace(0.01, 100, 20),
        np.array([1.0, 90]),
        np.zeros(9),
        -accuracies,
        [],
    ):
        assert mixed_doubt("accuracy", plain, np.arange(len(plain))) is None
