"""Tables of ncnn's graphs."""

import numpy as np
import pytest

from archflow.importers import Source, import_models
from archflow.importers.ncnn_table import NcnnTableImporter
from archflow.testing import check_importer
from tests.importers.tables import NCNN, PADDLE, write


def test_a_row_is_a_model(tmp_path):
    (model,) = import_models([write(tmp_path / "t.parquet", NCNN)])
    assert model.name == "small"
    assert model.architecture.ops == ("input", "conv2d", "relu", "max_pool2d", "add", "linear", "output")
    assert model.columns["params"] == 108 + 4 + 2560 + 10
    assert model.columns["macs"] == 108 * 64 + 2560
    assert model.columns["resolution"] == 8


def test_contract(tmp_path):
    cycle = {**NCNN, "edge_src": [2, *NCNN["edge_src"][1:]]}
    damaged = [{**NCNN, "attrs": NCNN["attrs"][:2]}, cycle, {**NCNN, "attrs": ["0=x", *NCNN["attrs"][1:]]}]
    paths = [write(tmp_path / f"{place}.parquet", row) for place, row in enumerate(damaged)]
    check_importer(NcnnTableImporter, write(tmp_path / "t.parquet", NCNN), paths)
    assert not NcnnTableImporter().accepts(Source(write(tmp_path / "p.parquet", PADDLE)))


def test_real_networks_have_their_published_sizes(data_folder):
    found = {model.name: model for model in import_models([str(data_folder / "ncnn_graphs.parquet")])}
    assert len(found) == 49
    assert not any(model.opaque for model in found.values())
    assert found["vgg16"].columns["params"] == 138_357_544  # Simonyan and Zisserman, ICLR 2015
    assert found["vgg16"].columns["macs"] == pytest.approx(15.47e9, rel=0.001)
    assert found["squeezenet"].columns["params"] == 1_235_496  # version 1.1
    assert np.isfinite([model.columns["params"] for model in found.values()]).all()
