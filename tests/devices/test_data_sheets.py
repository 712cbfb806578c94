import pyarrow as pa
import pyarrow.parquet
import pytest

from archflow.devices import known_devices
from archflow.devices.data_sheets import devices_in
from archflow.errors import ArchflowError

SHEET = {
    "Device": ["GPU A", "GPU A"],
    "file": ["GPU_A", "GPU_A_TP"],
    "Dev_Mem": [40, 80],
    "Mem_Bw": [1555, 3110],
    "Freq": [1410, 1410],
    "Num_Sm": [108, 4],
    "Core_Per_SM": [64, 4],
    "SingleFLOPsMM": [None, 46100],
}
RUNS = {"device": ["Board (A53 1.2GHz x 4)", "Board (A53 1.2GHz x 4)", "Card", "Both", "Both"]}
RUNS |= {"gpu_device": [-1, -1, 0, -1, 0]}


def written(folder, name, columns):
    pyarrow.parquet.write_table(pa.table(columns), folder / name)


def test_sheets_and_benchmarks_become_devices(tmp_path):
    assert devices_in(tmp_path) == {}
    written(tmp_path, "neusight_devices.parquet", SHEET)
    written(tmp_path, "ncnn_latency.parquet", RUNS)
    found = devices_in(tmp_path)
    assert list(found) == ["GPU A", "GPU_A_TP", "Board (A53 1.2GHz x 4)", "Card", "Both"]
    one, two, board, card, both = found.values()
    assert (one.cores, one.clock_ghz, one.bandwidth_gb_s, one.gpu) == (6912, 1.41, 1555, True)
    assert one.peak_gflops == pytest.approx(19_491.84)
    assert (two.cores, two.peak_gflops) == (None, 46_100)
    assert (board.cores, board.gpu, card.gpu, both.gpu) == (4, False, True, None)
    assert set(found) < set(known_devices(tmp_path))


@pytest.mark.parametrize(
    "columns",
    [
        {"device": ["x"]},
        {"device": [None], "gpu_device": [0]},
        {"device": ["x"], "gpu_device": ["zero"]},
        {"device": ["a\nb"], "gpu_device": [0]},
    ],
)
def test_a_table_of_something_else_is_one_line(tmp_path, columns):
    written(tmp_path, "ncnn_latency.parquet", columns)
    with pytest.raises(ArchflowError, match=r"ncnn_latency\.parquet: is not a table of devices"):
        devices_in(tmp_path)


def test_the_real_tables(data_folder):
    found = devices_in(data_folder)
    assert len(found) == 13 + 83
    assert sum(device.cores is not None for device in found.values()) >= 70
