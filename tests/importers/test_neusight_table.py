"""Tables of transformers that NeuSight traced."""

from archflow.importers import import_models
from archflow.importers.neusight_table import NeuSightTableImporter
from archflow.testing import check_importer
from tests.importers.tables import NEUSIGHT, write


def test_a_row_is_a_model(tmp_path):
    (model,) = import_models([write(tmp_path / "t.parquet", NEUSIGHT)])
    assert model.architecture.ops == ("input", "embedding", "layer_norm", "linear", "gelu", "linear", "output")
    assert model.columns["macs"] == 8 * (8 * 12 + 12 * 50)
    assert model.columns["params"] == 16 + 12 + 96 + 600


def test_contract(tmp_path):
    damaged = [
        {**NEUSIGHT, "out_shape": ["what"] * 11},
        {**NEUSIGHT, "in_shapes": ["[["] * 11},
        {**NEUSIGHT, "edge_src": [5] * 10},
    ]
    paths = [write(tmp_path / f"{place}.parquet", row) for place, row in enumerate(damaged)]
    check_importer(NeuSightTableImporter, write(tmp_path / "t.parquet", NEUSIGHT), paths)


def test_real_graphs(data_folder):
    models = list(import_models([str(data_folder / "neusight_graphs.parquet")]))
    assert len(models) == 19
    assert all(model.columns["macs"] > 1e9 for model in models)
