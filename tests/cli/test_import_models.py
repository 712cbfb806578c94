"""`archflow import`: real models as a table that other verbs take."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from archflow.graph.table import read_table

FIXTURES = Path(__file__).parents[1] / "importers" / "fixtures"
PARAM = "7767517\n3 3\nInput data 0 1 data 0=8 1=8 2=3\nOdd odd 1 1 data odd\nReLU relu 1 1 odd relu\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "odd.param").write_text(PARAM)


def test_models_become_a_table_that_other_verbs_take(run):
    sources = sorted(FIXTURES.glob("*.onnx"))
    printed = run("import", *sources, "odd.param", "--out", "models.parquet")
    assert printed.startswith("models.parquet: 11 models, ")
    assert printed.endswith("nodes; 1 opaque: Odd (1)\n")
    table = read_table("models.parquet")
    assert table.texts("name") == [path.stem for path in sources] + ["odd"]
    assert (table.metric("params")[:-1] > 100).all()
    assert np.isfinite(table.metric("macs")).all()
    assert {"kernel_width", "channels_out", "macs", "params", "bytes"} <= set(table.architectures.attribute_names)
    assert json.loads(run("data", "info", "models.parquet", "--json"))["architectures"] == 11


def test_json(run):
    found = json.loads(run("import", FIXTURES / "unet.onnx", "odd.param", "--out", "m.csv", "--json"))
    assert found == {"models": 2, "nodes": 17, "opaque": {"Odd": 1}, "notes": []}


def test_what_goes_wrong_is_one_line_and_writes_nothing(run, tmp_path):
    (tmp_path / "cut.onnx").write_bytes((FIXTURES / "unet.onnx").read_bytes()[:-50])
    for sources, message in (
        (["no such model"], "is nothing that can be imported"),
        ([FIXTURES / "unet.onnx", "cut.onnx"], "cut.onnx: is no ONNX model"),
        (["gone:build"], "--inputs is missing"),
        (["gone:build", "--inputs", "gone:inputs"], "gone:build: cannot be imported"),
    ):
        error = run("import", *sources, "--out", "m.parquet", code=2)
        assert message in error
        assert error.count("\n") == 1
    assert not (tmp_path / "m.parquet").exists()


def test_a_file_of_another_kind_is_kept(run, tmp_path):
    (tmp_path / "m.csv").write_text("precious\n")
    assert "exists" in run("import", "odd.param", "--out", "m.csv", code=2)
    assert ".parquet" in run("import", "odd.param", "--out", "odd.param", code=2)
    run("import", "odd.param", "--out", "m.csv", "--force")
    run("import", "odd.param", "--out", "m.csv")  # its own is replaced
    assert read_table("m.csv").texts("name") == ["odd"]


def test_a_note_says_which_part_could_not_be_traced(run, tmp_path):
    (tmp_path / "noted.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Looks(nn.Module):\n    def forward(self, x): return x if x.sum().item() > 0 else -x\n"
        "def build(): return nn.Sequential(nn.Linear(4, 4), Looks())\n"
        "def inputs(): return torch.zeros(1, 4)\n"
    )
    found = json.loads(run("import", "noted:build", "--inputs", "noted:inputs", "--out", "m.parquet", "--json"))
    sys.modules.pop("noted")
    assert found["opaque"] == {"Looks": 1}
    assert "sub-module 1 (Looks) cannot be traced" in found["notes"][0]


def test_costs_per_example_are_those_of_torch_networks(run, tmp_path):
    error = run("import", "odd.param", "--per-example", "--out", "m.csv", code=2)
    assert "odd.param" in error
    assert "a batch size of its own" in error
    (tmp_path / "nets_with_batch.py").write_text(
        "import torch\ndef build(): return torch.nn.Linear(4, 2)\ndef inputs(): return torch.zeros(5, 4)\n"
    )
    sources = ("nets_with_batch:build", "--inputs", "nets_with_batch:inputs")
    run("import", *sources, "--per-example", "--out", "m.csv")
    run("import", *sources, "--out", "whole.csv")
    one, whole = read_table("m.csv"), read_table("whole.csv")
    assert np.isnan(one.metric("batch")).all()
    assert (one.metric("macs") * 5 == whole.metric("macs")).all()
