"""`archflow pretrain` as a user calls it."""

import json

import numpy as np
import pytest

from archflow.data import load
from archflow.encoders import Embedder
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table
from archflow.predict import load_predictor

SMALL = ("--encoder", "gin", "--width", 8)


@pytest.fixture
def table(tmp_path):
    """80 of the embedded cells without any column: all have the same depth, number of nodes and of edges."""
    path = tmp_path / "candidates.csv"
    cells = load("digits201").select(np.arange(80)).architectures
    Table(cells, {"cost": np.arange(80.0)}).write(path)
    return path


def one_line(error: str) -> str:
    assert "Traceback" not in error
    (line,) = [line for line in error.splitlines() if line.startswith("archflow: ")]
    return line


def test_an_encoder_reads_positions_where_asked(run, table, tmp_path):
    out = tmp_path / "positions.safetensors"
    options = ("--encoder", "gin", "--width", 8, "--task", "flow", "--epochs", 1)
    run("pretrain", "--data", table, *options, "--positions", "--out", out)
    embedder = Embedder.load(out)
    assert embedder.preparation.positions
    assert embedder.encoder.config["n_attributes"] == len(embedder.preparation.scales) > 0
    fit = ("fit", "--data", table, "--metric", "cost", "--recipe", "networks", "--epochs", 1)
    run(*fit, "--encoder", out, "--out", tmp_path / "p")
    assert load_predictor(tmp_path / "p").embedders[0].preparation == embedder.preparation
    assert "is pre-trained" in run(*fit, "--encoder", out, "--positions", "--out", tmp_path / "q", code=2)
    run(*fit, "--positions", "--out", tmp_path / "fresh")
    assert load_predictor(tmp_path / "fresh").embedders[0].preparation.positions


def test_a_setting_of_the_task_is_given_by_name(run, table, tmp_path):
    out = tmp_path / "e.safetensors"
    command = ("pretrain", "--data", table, *SMALL, "--epochs", 1, "--task", "0.5*flow+graphcl", "--out", out, "--json")
    told = json.loads(run(*command, "--set", "graphcl.temperature=0.1", "--set", 'flow.surrogate={"dim": 3}'))
    assert told["tasks"]["graphcl"] == {"weight": 1.0, "config": {"temperature": 0.1, "ratio": 0.2}}
    assert told["tasks"]["flow"]["config"]["surrogate"]["dim"] == 3
    assert told["tasks"] == Embedder.load(out).history["tasks"]
    assert not list(tmp_path.glob("*.state"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("graphcl.temprature=0.1", "graphcl has no setting 'temprature'; did you mean 'temperature'?"),
        ("graphcl.temperature=low", "graphcl: temperature 'low' is no number"),
        ("grahpcl.temperature=0.1", "a setting of 'grahpcl', but the task is graphcl"),
        ("gmae.mask_ratio=0.1", "a setting of 'gmae', but the task is graphcl"),
        ("temperature=0.1", "write TASK.SETTING=VALUE"),
    ],
)
def test_what_is_no_setting_is_one_line(run, table, tmp_path, setting, message):
    out = tmp_path / "e.safetensors"
    command = ("pretrain", "--data", table, *SMALL, "--task", "graphcl", "--out", out)
    assert message in one_line(run(*command, "--set", setting, code=2))
    assert [path.name for path in tmp_path.iterdir()] == ["candidates.csv"]


def test_the_default_proxy_is_one_that_the_table_allows(run, table, tmp_path, capsys):
    depths = [Architecture(("in", *["op"] * n, "out"), tuple((i, i + 1) for i in range(n + 1))) for n in range(1, 9)]
    chains, same = tmp_path / "chains.csv", tmp_path / "same.csv"
    Table(ArchitectureSet.from_architectures(depths)).write(chains)
    Table(ArchitectureSet.from_architectures(depths[:1] * 8)).write(same)

    def proxies(data, *more: object) -> list[str]:
        arguments = ("pretrain", "--data", data, *SMALL, "--epochs", 1, "--out", tmp_path / "e.safetensors", "--json")
        return json.loads(run(*arguments, *more))["proxies"]

    assert proxies(chains) == ["depth"]
    assert proxies(table) == ["params"]
    assert proxies(table, "--set", 'fgp.proxies=["cost"]') == ["cost"]
    assert proxies(table, "--task", "flow") == []
    refused = ("pretrain", "--data", same, *SMALL, "--out", tmp_path / "f.safetensors")
    assert "name a column, or choose a task without" in one_line(run(*refused, code=2))


def test_another_proxy_than_the_usual_is_said_on_standard_error(table, tmp_path, monkeypatch, capsys):
    from archflow.cli.app import main

    out = str(tmp_path / "e.safetensors")
    arguments = ["archflow", "pretrain", "--data", str(table), *map(str, SMALL), "--epochs", "1", "--out", out]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit):
        main()
    shown = capsys.readouterr()
    assert "all architectures have the same depth; the proxy is params instead" in shown.err
    assert "instead" not in shown.out


def test_a_state_of_other_weights_is_refused(run, table, tmp_path, monkeypatch):
    out = tmp_path / "e.safetensors"
    command = ("pretrain", "--data", table, *SMALL, "--epochs", 3, "--out", out, "--task")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Embedder, "save", fail)  # as if it were killed before the encoder was written
        run(*command, "1*flow+1*gmae", code=130)
    refusal = one_line(run(*command, "0.01*flow+100*gmae", code=2))
    assert "an unfinished run with other settings or data" in refusal
    assert not out.exists()
    run(*command, "1*flow+1*gmae")
    assert Embedder.load(out).history["task"] == "1*flow+1*gmae"
