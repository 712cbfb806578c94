"""Large numbers as people write them."""

import math

import pytest

from archflow.report.quantities import percent, short


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((0, "0"), (7, "7"), (999, "999"), (999.7, "1.00 k"), (1_000, "1.00 k"), (25_557_032, "25.6 M")),
        *((4.1e9, "4.10 G"), (123_456, "123 k"), (math.nan, "–"), (0.5, "0.50"), (2e30, "2000000000000 E")),
    ],
)
def test_short(value, expected):
    assert short(value) == expected


def test_a_unit_follows_the_prefix():
    assert short(1_500, "B") == "1.50 kB"
    assert short(12, "B") == "12 B"


def test_percent():
    assert [percent(value, 200) for value in (0, 0.1, 1, 19.8, 20, 200)] == [
        "",
        "< 0.1 %",
        "0.5 %",
        "9.9 %",
        "10 %",
        "100 %",
    ]
    assert percent(1, 0) == percent(math.nan, 1) == percent(1, math.nan) == ""
