"""Tables of torch graphs, as GraphNet traced them."""

import itertools

import pytest

from archflow.importers import import_models
from archflow.importers.graphnet_table import GraphNetTableImporter
from archflow.testing import check_importer
from tests.importers.tables import GRAPHNET, write


def test_a_row_is_a_model(tmp_path):
    (model,) = import_models([write(tmp_path / "t.parquet", GRAPHNET)])
    ops = ("conv2d", "batch_norm", "relu", "reshape", "linear", "split", "add", "frobnicate")
    assert model.architecture.ops == ("input", *ops, "output")
    assert model.opaque == {"frobnicate": 1}
    assert model.columns["macs"] == 2 * (16 * 108 + 640)
    assert sum(model.architecture.attributes["params"]) == model.columns["params"] == GRAPHNET["n_params"]
    assert model.architecture.attributes["shape_1"][5:8] == (10, 5, 5)


def test_what_cannot_be_read_of_a_call_leaves_its_operands(tmp_path):
    cut = {**GRAPHNET, "attrs": [text[:2] if text.startswith("%0,") else text for text in GRAPHNET["attrs"]]}
    (model,) = import_models([write(tmp_path / "t.parquet", cut)])
    assert set(model.architecture.ops) >= {"conv2d", "batch_norm", "linear", "add"}


def test_contract(tmp_path):
    damaged = [
        {**GRAPHNET, "weight_shapes": ["[what]"] * 13},
        {**GRAPHNET, "weight_shapes": ["[-4]"] * 13},
        {**GRAPHNET, "edge_dst": [0] * 14},
        {**GRAPHNET, "attrs": ["shape=[9999999999999999] dtype=float32"] * 13},
    ]
    paths = [write(tmp_path / f"{place}.parquet", row) for place, row in enumerate(damaged)]
    check_importer(GraphNetTableImporter, write(tmp_path / "t.parquet", GRAPHNET), paths)


@pytest.mark.parametrize("name", ["graphnet_other", "graphnet_transformers_0of2"])
def test_real_graphs(data_folder, name):
    for model in itertools.islice(import_models([str(data_folder / f"{name}.parquet")]), 2):
        assert model.columns["params"] > 1e6
        assert model.columns["macs"] > 1e8
