import pyarrow.parquet
import pytest

from archflow.data.device_splits import hardware
from archflow.devices import find_device
from archflow.devices.published import PUBLISHED, SYNONYMS


def test_synonyms_are_of_devices_that_there_are():
    assert set(SYNONYMS.values()) <= set(PUBLISHED)
    assert not set(SYNONYMS) & set(PUBLISHED)


def test_names_tell_processors_from_graphics_cards():
    assert PUBLISHED["gold_6226"].gpu is False
    assert PUBLISHED["1080ti"].gpu is True


@pytest.mark.parametrize("table", ["nasbench201_latency", "fbnet_latency", "ofa_mbv3_latency", "nasbench201_hardware"])
def test_every_latency_column_of_the_tables_is_of_a_known_device(data_folder, table):
    names = pyarrow.parquet.read_schema(data_folder / f"{table}.parquet").names
    columns = [name for name in names if name.endswith(("_ms", "_latency"))]
    assert columns
    for column in columns:
        assert find_device(hardware(column).removesuffix("_latency")).name in PUBLISHED
