"""Tables of Paddle's graphs."""

import itertools

import pytest

from archflow.importers import import_models
from archflow.importers.paddle_table import PaddleTableImporter, shapes_in
from archflow.testing import check_importer
from tests.importers.tables import PADDLE, write


def test_a_row_is_a_model(tmp_path):
    (model,) = import_models([write(tmp_path / "t.parquet", PADDLE)])
    ops = ("conv2d", "batch_norm", "global_avg_pool", "reshape", "linear", "add", "concat", "frobnicate")
    assert model.architecture.ops == ("input", *ops, "output")
    assert model.opaque == {"frobnicate": 1}
    assert model.columns["params"] == 54 + 12 + 30 + 5  # running mean and variance are not learned
    assert model.columns["macs"] == 54 * 16 + 30
    assert model.architecture.attributes["groups"][1] == 6
    assert (model.columns["batch"], model.columns["resolution"]) == (1, 8)


def test_contract(tmp_path):
    damaged = [
        {**PADDLE, "n_weights": ["many"] * 11},
        {**PADDLE, "in_shapes": PADDLE["in_shapes"][:3]},
        {**PADDLE, "edge_dst": [99] * 11},
        {**PADDLE, "out_shapes": ["(99999999999999999x)"] * 11},
    ]
    paths = [write(tmp_path / f"{place}.parquet", row) for place, row in enumerate(damaged)]
    check_importer(PaddleTableImporter, write(tmp_path / "t.parquet", PADDLE), paths)


def test_a_graph_of_nothing_but_an_output_is_one(tmp_path):
    empty = {name: value if name == "sample" else [] for name, value in PADDLE.items()}
    nothing = (
        empty | {name: [""] for name in ("attrs", "in_shapes", "out_shapes")} | {"ops": ["output"], "n_weights": [0]}
    )
    models = list(import_models([write(tmp_path / "t.parquet", PADDLE, nothing)]))
    assert models[1].architecture.ops == ("constant", "output")


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("", []),
        ("()", []),
        ("(-1x3x8x)", [((1, 3, 8), 4)]),
        ("(2xi64,x,None)", [((2,), 8), ((), 4), None]),
        ("(0xi32)", [((0,), 4)]),
    ],
)
def test_shapes(text, shapes):
    assert shapes_in(text) == shapes


def test_real_graphs(data_folder):
    models = list(itertools.islice(import_models([str(data_folder / "graphnet_paddlex.parquet")]), 12))
    assert sum(model.columns["opaque"] for model in models) < 0.01 * sum(model.columns["nodes"] for model in models)
    assert sum(model.columns["params"] for model in models) > 1e5
