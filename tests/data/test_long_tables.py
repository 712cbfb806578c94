import numpy as np
import pytest

from archflow.data.long_tables import device_words, long_table
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.testing import random_architectures

WIDE = Table(
    random_architectures(4, seed=0),
    {"params": np.arange(4.0), "raspi4_ms": np.array([1, 2, np.nan, 4]), "1080ti_32_ms": np.arange(10.0, 14)},
)


def test_a_column_becomes_rows_of_its_device():
    long = long_table(WIDE)
    assert len(long) == 7
    assert long.metric("latency_ms").tolist() == [1, 2, 4, 10, 11, 12, 13]
    assert long.metric("params").tolist() == [0, 1, 3, 0, 1, 2, 3]
    assert set(long.texts("device")) == {
        "Raspberry Pi 4, Cortex-A72",
        "NVIDIA GeForce GTX 1080 Ti, fp32, GPU, batch 32",
    }
    assert set(long.column_names) == {"params", "latency_ms", "device"}


def test_a_device_that_is_not_known_keeps_its_name():
    assert device_words("my_board_ms") == "my_board"
    assert device_words("help_titanx_1_ms").endswith("batch 1")


def test_wrong_columns_are_refused():
    with pytest.raises(ArchflowError, match="no column ends in _ms"):
        long_table(WIDE.without(["raspi4_ms", "1080ti_32_ms"]))
    with pytest.raises(ArchflowError, match="has a column 'params' already"):
        long_table(WIDE, metric="params")
    with pytest.raises(ArchflowError, match="the same device"):
        long_table(WIDE.with_metrics({"help_raspi4_ms": np.ones(4)}))
    with pytest.raises(ArchflowError, match="no column 'other'"):
        long_table(WIDE, ["other"])


def test_published_tables_become_long(data_folder):
    from archflow.graph.table import read_table

    table = read_table(data_folder / "fbnet_latency.parquet").select(np.arange(20))
    long = long_table(table)
    assert len(long) == 20 * 27
    assert len(set(long.texts("device"))) == 27
