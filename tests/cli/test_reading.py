"""Tables from standard input, of chains and native strings, and to standard output."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from archflow.graph.table import read_table
from tests.cli.commands import QUICK, one_line

ENCODER = "gated_gcn.fgp-nasbench201"
BLOCKS = "block0_k,block0_op,block1_k,block1_op,accuracy\n" + "".join(
    f"{3 + 2 * (i % 3)},mb,{'' if i % 2 else 5},{'' if i % 2 else 'conv'},{i}\n" for i in range(12)
)


@pytest.fixture
def fed(monkeypatch):
    def feed(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    return feed


def test_predictions_through_a_pipe_are_those_of_files(run, predictor, table, fed, here):
    run("predict", predictor, "--data", table, "--out", "ranked.csv")
    fed(table.read_bytes())
    printed = run("predict", predictor, "--data", "-", "--out", "-")
    assert printed == Path("ranked.csv").read_text()
    fed("".join(json.dumps(row) + "\n" for row in _rows(table)).encode())
    lines = [json.loads(line) for line in run("predict", predictor, "--data", "-", "--out", "-", "--json").splitlines()]
    assert all(isinstance(row["rank_accuracy"], int) for row in lines)
    assert [row["rank_accuracy"] for row in lines] == read_table("ranked.csv").metrics["rank_accuracy"].tolist()
    fed(b"ops,edge_src\n")
    assert "standard input: no column 'edge_dst'" in one_line(run("predict", predictor, "--data", "-", code=2))


def _rows(table: Path) -> list[dict]:
    read = read_table(table)
    return [
        {"ops": list(each.ops), "edge_src": [a for a, _ in each.edges], "edge_dst": [b for _, b in each.edges]}
        for each in read.architectures
    ]


def test_embeddings_and_choices_go_to_standard_output(run, table, here):
    run("embed", ENCODER, "--data", table, "--out", "e.npy")
    vectors = np.load("e.npy")
    lines = run("embed", ENCODER, "--data", table, "--out", "-").splitlines()
    assert lines[0].split(",")[:2] == ["e0", "e1"]
    np.testing.assert_allclose(np.loadtxt(lines[1:], delimiter=","), vectors, rtol=1e-6)
    row = json.loads(run("embed", ENCODER, "--data", table, "--out", "-", "--json").splitlines()[7])
    assert row["row"] == 7
    np.testing.assert_allclose(row["embedding"], vectors[7], rtol=1e-6)
    chosen = run("choose", ENCODER, "--data", table, "--count", 3, "--out", "-").splitlines()
    assert len(chosen) == 4
    picked = json.loads(run("choose", ENCODER, "--data", table, "--count", 3, "--json"))["rows"]
    assert [line.split('"')[1] for line in chosen[1:]] == [f"[{', '.join(_rows(table)[row]['ops'])}]" for row in picked]


def test_a_table_of_attributes_is_fitted_and_predicted(run, here):
    rows = [f"{width},{kind},{'' if width > 19 else width + 5 * (kind == 'b')}" for width in range(30) for kind in "ab"]
    Path("attributes.csv").write_text("\n".join(["width,kind,speed", *rows]))
    chain = ("--data", "attributes.csv", "--chain", "width, kind")
    run("fit", *chain, "--metric", "speed", *QUICK, "--out", "p")
    assert "width=29 kind=b" in run("predict", "p", *chain, "--interval", "0.9", "--out", "ranked.parquet")
    ranked = read_table("ranked.parquet")
    assert ranked.metric("rank_speed")[-1] < 10
    assert np.corrcoef(ranked.metric("predicted_speed"), ranked.metric("width"))[0, 1] > 0.7
    run("predict", "p", "--data", "ranked.parquet", "--top", "2")  # it holds the graphs now


def test_a_table_of_blocks_is_fitted_and_predicted(run, here):
    Path("blocks.csv").write_text(BLOCKS)
    chain = ("--data", "blocks.csv", "--chain", "block{i}: k, op")
    run("fit", *chain, "--metric", "accuracy", *QUICK, "--out", "p")
    run("predict", "p", *chain, "--out", "ranked.parquet")
    ranked = read_table("ranked.parquet")
    assert ranked.architectures[0].ops == ("input", "mb", "conv", "output")
    assert ranked.architectures[1].ops == ("input", "mb", "output")
    np.testing.assert_array_equal(ranked.architectures[2].attributes["k"], [np.nan, 7, 5, np.nan])
    assert ranked.metrics["measured_accuracy"].tolist() == [1] * 12
    wrong = ("fit", "--data", "blocks.csv", "--metric", "accuracy", "--out", "q")
    assert "did you mean 'block0_k'?" in one_line(run(*wrong, "--chain", "block{i}: kk", code=2))
    assert "--chain of columns such as block0_k or width" in one_line(run(*wrong, code=2))
    assert "give one of them" in one_line(run(*wrong, "--chain", "a{i}: k", "--space", "nasbench201", code=2))


def test_native_strings_of_any_file_are_read_by_their_space(run, table, here):
    cells = read_table(table)
    native = ["|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"] * 4 + ["no cell"]
    Path("native.csv").write_text("native\n" + "\n".join(native[:4]) + "\n")
    run("embed", ENCODER, "--data", "native.csv", "--space", "nasbench201", "--out", "e.npy")
    assert np.load("e.npy").shape == (4, len(np.load("e.npy")[0]))
    embed = ("embed", ENCODER, "--data", "native.csv", "--out", "f.npy")
    assert "--space NAME makes them of native strings" in one_line(run(*embed, code=2))
    assert "did you mean 'nasbench201'?" in one_line(run(*embed, "--space", "nasbench200", code=2))
    Path("native.csv").write_text("native\n" + "\n".join(native) + "\n")
    assert "row 4" in one_line(run(*embed, "--space", "nasbench201", code=2))
    assert len(cells) == 30


def test_fractions_of_labels_may_be_percentages(run, table, here):
    fit = ("fit", "--data", table, "--metric", "accuracy", *QUICK, "--json")
    assert json.loads(run(*fit, "--labels", "50%", "--out", "a"))["labels"] == 15
    assert json.loads(run(*fit, "--labels", "100%", "--out", "b"))["labels"] == 30
    for wrong in ("110%", "many", "-3", "0%"):
        assert "give a count such as 50" in run(*fit, "--labels", wrong, "--out", "c", code=2)


def test_a_device_that_is_not_there_is_refused_before_the_work(run, table, here):
    for verb in (
        ("fit", "--metric", "accuracy", "--out", "p"),
        ("pretrain", "--task", "flow", "--out", "e", "--epochs", 1),
        ("embed", ENCODER, "--out", "e.npy"),
        ("choose", ENCODER, "--count", 2),
        ("evaluate", "--metric", "accuracy", "--labels", 5, "--recipe", "plain"),
    ):
        said = run(*verb, "--data", table, "--device", "cuda:77", code=2)
        assert "device 'cuda:77' cannot be used here" in said.splitlines()[-1]


def test_all_rows_are_in_the_json_and_measured_ones_are_marked(run, predictor, table, here):
    found = json.loads(run("predict", predictor, "--data", table, "--top", 2, "--json"))
    assert [row["row"] for row in found["rows"]] == list(range(30))
    assert len(found["top"]) == 2
    assert found["top"][0] == min(found["rows"], key=lambda row: row["rank"])
    assert [row["measured"] for row in found["rows"]] == read_table(table).metrics["accuracy"].tolist()
