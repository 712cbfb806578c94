import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archflow.data.ncnn_latency import GRAPHS, LATENCY, has_ncnn, ncnn_table
from archflow.errors import ArchflowError

RUN = {"num_threads": 2, "powersave": 0, "gpu_device": -1, "model": "alexnet", "avg_ms": 3.0}


def test_networks_are_joined_with_their_runs(data_folder, tmp_path):
    pq.write_table(pq.read_table(data_folder / GRAPHS).slice(1, 1), tmp_path / GRAPHS)
    runs = [
        {**RUN, "device": "A"},
        {**RUN, "device": "A", "avg_ms": 5.0},
        {**RUN, "device": "A", "gpu_device": 0},
        {**RUN, "device": "B", "num_threads": 1, "powersave": 2, "gpu_device": None},
        {**RUN, "device": "B", "model": "without a graph"},
    ]
    assert not has_ncnn(tmp_path)
    pq.write_table(pa.Table.from_pylist(runs), tmp_path / LATENCY)
    assert has_ncnn(tmp_path)
    table = ncnn_table(tmp_path)
    found = dict(zip(table.texts("device"), table.metric("latency_ms").tolist(), strict=True))
    assert found == {"A, 2 threads, CPU": 4.0, "A, GPU": 3.0, "B, 1 thread, big cores, CPU": 3.0}
    assert table.texts("name") == ["alexnet"] * 3
    assert np.isfinite(table.metric("macs")).all()
    pq.write_table(pa.Table.from_pylist(runs).drop_columns(["avg_ms"]), tmp_path / LATENCY)
    with pytest.raises(ArchflowError, match="lacks the column 'avg_ms'"):
        ncnn_table(tmp_path)
