import numpy as np
import pytest

from archflow.data.latency_job import Measured
from archflow.devices.timing import Protocol
from archflow.recipes.latency_check import check_of
from tests.tables import scored_cells


def measured(values):
    return Measured({row: {"row": row, "latency_ms": value} for row, value in enumerate(values)})


@pytest.fixture
def table(tmp_path):
    there = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])
    scored_cells(6).with_metrics({"latency_ms_2_compiled": there}).write(tmp_path / "there.parquet")
    return tmp_path / "there.parquet"


def test_what_both_measured_is_compared(table):
    check = check_of(table, measured([2.0, 4.0, 8.0, 6.0, 10.0, 7.0]), Protocol(threads=2, compiled=True))
    assert check is not None
    assert (check.networks, check.factor, check.spearman) == (5, 2.0, pytest.approx(0.9))
    assert "5 networks: Spearman 0.900 with the table's latency_ms_2_compiled" in check.sentence


def test_other_settings_and_too_few_networks_are_not_compared(table):
    assert check_of(table, measured([1.0] * 6), Protocol()) is None
    assert check_of(table, measured([1.0, 2.0]), Protocol(threads=2, compiled=True)) is None
