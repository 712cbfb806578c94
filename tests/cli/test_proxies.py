import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from archflow.cli.app import main
from archflow.data import proxy_job
from archflow.data.proxy_job import NetworkProxies
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table, read_table
from archflow.networks.images import digits
from archflow.networks.zero_cost import PROXIES, zero_cost
from archflow.sealed import digest_of, seal, unseal
from archflow.spaces import NASBench201
from archflow.testing import check_evaluator

SMALL = "--channels 2 --cells 1 --stages 2 --batch-size 8 --processes 1"
DEAD = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
ALIVE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["archflow", "proxies", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three cells with a measurement, a text and an outdated proxy."""
    space = NASBench201()
    native = [ALIVE, DEAD, ALIVE.replace("avg_pool", "nor_conv")]
    cells = ArchitectureSet.from_architectures([space.parse(text) for text in native], space.vocabulary)
    Table(cells, {"accuracy": np.array([90.0, np.nan, 91.5]), "zc_snip": np.zeros(3)}, native).write(
        tmp_path / "plain.parquet"
    )
    content = pyarrow.parquet.read_table(tmp_path / "plain.parquet")
    path = tmp_path / "measured.parquet"
    pyarrow.parquet.write_table(content.append_column("source", pa.array(["me", "you", "me"])), path)
    return path


def by_hand(text: str, name: str, seed: int = 0) -> float:
    """A proxy of one cell at the size of `SMALL`."""
    data = digits()
    network = NASBench201().build(
        NASBench201().parse(text), channels=2, cells_per_stage=1, stages=2, image_channels=1, seed=seed
    )
    return zero_cost(network, data.train_images[:8], data.train_labels[:8], [name], seed)[name]


def test_columns_are_added_to_a_table(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.parquet"
    names = "snip, synflow,params"
    assert run(monkeypatch, "--table", table, "--names", names, "--out", out, *SMALL.split(), "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert card == json.loads((tmp_path / "out.proxies.json").read_text())
    assert (card["rows"], card["failures"]) == (3, 0)
    assert card["missing"] == {"zc_snip": 0, "zc_synflow": 1, "zc_params": 0}
    before, after = pyarrow.parquet.read_table(table), pyarrow.parquet.read_table(out)
    kept = [name for name in before.column_names if name != "zc_snip"]
    assert after.column_names == [*kept, "zc_snip", "zc_synflow", "zc_params"]
    assert after.select(kept) == before.select(kept)
    for name in ("snip", "synflow", "params"):
        found = read_table(out).metric(f"zc_{name}")
        assert found[0] == pytest.approx(by_hand(ALIVE, name), rel=1e-5)
        assert np.isnan(found[1]) == (name == "synflow")
    assert (read_table(out).metric("zc_snip")[[0, 2]] > 0).all()


def test_a_table_can_be_extended_in_place_and_in_part(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--table", table, "--names", "l2_norm", "--count", 2, "--seed", 4, "--out", table, *SMALL.split()]
    assert run(monkeypatch, *arguments) == 0
    found = read_table(table)
    assert found.metric("zc_l2_norm")[0] == pytest.approx(by_hand(ALIVE, "l2_norm", seed=4))
    assert np.isfinite(found.metric("zc_l2_norm")).tolist() == [True, True, False]
    assert found.metric("accuracy")[2] == 91.5


def test_a_space_is_drawn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "drawn.parquet"
    assert run(monkeypatch, "--count", 3, "--sample-seed", 2, "--out", out, *SMALL.split()) == 0
    assert "3 architectures, 0 failed" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drawn.parquet", "drawn.proxies.json"]
    table, space = read_table(out), NASBench201()
    assert list(table.metrics) == [f"zc_{name}" for name in PROXIES.names()]
    assert table.native is not None
    assert [space.format(architecture) for architecture in table.architectures] == table.native
    costs = space.costs(table.architectures, channels=2, cells_per_stage=1, stages=2, classes=10, image_shape=(1, 8, 8))
    for name in ("params", "flops"):
        np.testing.assert_array_equal(table.metric(f"zc_{name}"), costs[name])


def test_an_interrupted_job_goes_on(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, journal = tmp_path / "out.parquet", tmp_path / "out.parquet.proxies.journal.jsonl"
    arguments = ["--table", table, "--names", "l2_norm", "--out", out, *SMALL.split()]

    def fail(*_: object) -> None:
        raise ArchflowError("the disk is full")

    with monkeypatch.context() as broken:  # all is computed and then lost but for the journal
        broken.setattr(proxy_job, "_write_beside", fail)
        assert run(broken, *arguments) == 2
    assert "the disk is full" in capsys.readouterr().err
    lines = journal.read_text().splitlines(keepends=True)
    after = digest_of(json.loads(lines[0]))
    first = unseal(json.loads(lines[1]), after)
    first["metrics"]["l2_norm"] = 123.0  # what is in the journal is not computed again
    changed = json.dumps(seal(first, after))
    journal.write_text(lines[0] + changed + "\n" + lines[2][:9])  # torn, as a kill leaves it
    assert run(monkeypatch, *arguments, "--seed", 1) == 2
    assert "seed is 0 there, 1 here" in capsys.readouterr().err
    assert run(monkeypatch, *arguments) == 0
    found = read_table(out).metric("zc_l2_norm")
    assert found[first["row"]] == 123.0
    assert np.isfinite(found).all()
    assert not journal.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--names", "snip,synflov"], "did you mean 'synflow'"),
        (["--space", "nasbench202"], "did you mean 'nasbench201'"),
        (["--table", "missing.parquet"], "missing.parquet: no such file"),
        (["--data", "missing.npz"], "missing.npz: no such file"),
        (["--out", "table.xlsx"], "table.xlsx: a table is written as .parquet, .csv, .jsonl"),
        (["--batch-size", "5000"], "a batch of 5000 cannot be taken from"),
        (["--device", "abacus"], "device 'abacus'"),
        (["--count", "7000"], "6466 isomorphism classes, fewer than 7000"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    changes: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "--count", 2, "--out", "table.parquet", *SMALL.split(), *changes) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_a_space_without_a_count_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--out", tmp_path / "table.parquet", *SMALL.split()) == 2
    assert "say with --count how many" in capsys.readouterr().err


def test_a_table_of_another_space_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "foreign.csv"
    foreign.write_text('ops,edge_src,edge_dst\n"[input, dense, output]","[0, 1]","[1, 2]"\n')
    assert run(monkeypatch, "--table", foreign, "--out", tmp_path / "table.parquet", *SMALL.split()) == 2
    assert "foreign.csv: row 0: unknown operation 'dense'" in capsys.readouterr().err
    assert not (tmp_path / "table.parquet").exists()


def test_the_evaluator_keeps_its_contract() -> None:
    size = {"channels": 2, "cells_per_stage": 1, "stages": 1}
    space = NASBench201()
    cells = ArchitectureSet.from_architectures([space.parse(ALIVE)], space.vocabulary)
    check_evaluator(NetworkProxies(space.name, digits, ("snip", "jacov"), 8, size), cells)
