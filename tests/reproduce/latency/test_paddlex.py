"""PaddleX's table: which captures count, and that they are imported once."""

import numpy as np
import pytest

from archflow.cache_folder import CACHE_VARIABLE
from archflow.data.places import FOLDER_VARIABLE
from archflow.errors import ArchflowError
from archflow_reproduce.latency.tables import paddlex
from tests.importers.tables import PADDLE, write

LATENCIES = {"gpu_t4_fp32_ms": 2.0, "cpu_xeon5117_8t_fp32_ms": 30.0}


def capture(model, nodes=11, shapes="(-1x3x224x224x)"):
    return {**PADDLE, "model": model, "n_nodes": nodes, "in_shapes": [shapes, *PADDLE["in_shapes"][1:]]}


def test_the_largest_open_capture_of_each_measured_model_is_imported_once(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ArchflowError, match="paddlex_model_table: not on this machine"):
        paddlex.paddlex()
    write(tmp_path / "paddlex_model_table.parquet", {"model": "a (slice)", **LATENCIES}, {"model": "c", **LATENCIES})
    captures = [capture("a", 10), capture("a", 11), capture("b"), capture("c", shapes="(4x3x8x8x)")]
    write(tmp_path / "graphnet_paddlex.parquet", *captures)
    t4, xeon = paddlex.paddlex()
    assert (t4.name, xeon.name) == ("paddlex/t4", "paddlex/xeon")
    assert t4.table.native is not None
    assert list(t4.table.native) == ["a"]
    np.testing.assert_array_equal([t4.latency, xeon.latency], [[2], [30]])
    monkeypatch.setattr(paddlex, "PaddleTableImporter", None)  # nothing is imported again
    assert paddlex.paddlex()[0].key == t4.key
