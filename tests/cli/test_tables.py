"""Tables as users bring them, through the verbs: their own columns come back, one odd row or column stops nothing."""

import contextlib
import io
import json
import sys
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from archflow.cli.app import main
from archflow.graph import Architecture, ArchitectureSet
from archflow.graph.table import Table, read_table
from archflow.progress import progress_bar
from archflow.spaces import NASBench201

COUNT = 40
ESCAPES = "\x1b[31mred\x07[/b]\u202e"


def archflow(*arguments: object, code: int = 0) -> SimpleNamespace:
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["archflow", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert ended.value.code == code, err.getvalue()
    return SimpleNamespace(out=out.getvalue(), err=err.getvalue())


def cells() -> Table:
    space = NASBench201()
    some = space.sample(COUNT, np.random.default_rng(0))
    score = some.op_counts[:, some.vocabulary.index("nor_conv_3x3")] + np.arange(COUNT) / COUNT
    return Table(some, {"score": np.where(np.arange(COUNT) < 20, score, np.nan)}, [space.format(a) for a in some])


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    cells().write(folder / "cells.parquet")
    archflow("fit", "--data", folder / "cells.parquet", "--metric", "score", "--recipe", "networks",
             "--encoder", "mlp", "--epochs", 2, "--members", 2, "--out", folder / "p")  # fmt: skip
    return folder / "p"


def with_columns(path, some: Table, **columns: pa.Array):
    """The table in a Parquet file with further columns, of any type."""
    some.write(path)
    table = pa.parquet.read_table(path)
    for name, column in columns.items():
        table = table.drop_columns([name] if name in table.column_names else []).append_column(name, column)
    pa.parquet.write_table(table, path)
    return path


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_ranked_table_has_the_columns_of_the_users_own(predictor, tmp_path, ending):
    data = with_columns(
        tmp_path / "mine.parquet",
        cells(),
        name=pa.array([f"{i:03d}" for i in range(COUNT)]),
        arch_hash=pa.array([9182736455463728191 - i for i in range(COUNT)]),
        tags=pa.array([[["a"], None]] * COUNT, pa.list_(pa.list_(pa.string()))),
        nothing=pa.nulls(COUNT),
    )
    if ending != "parquet":
        read_table(data).write(tmp_path / f"mine.{ending}")
    out = tmp_path / f"ranked.{ending}"
    archflow("predict", predictor, "--data", tmp_path / f"mine.{ending}", "--out", out)
    ranked = read_table(out)
    ranked.write(tmp_path / "rows.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["name"] for row in rows] == [f"{i:03d}" for i in range(COUNT)]
    assert [row["arch_hash"] for row in rows] == [9182736455463728191 - i for i in range(COUNT)]
    assert rows[0]["tags"] in ([["a"], None], '[["a"], null]')
    assert rows[0]["nothing"] is None
    assert ranked.metric("measured_score").tolist() == [1] * 20 + [0] * 20
    assert sorted(ranked.metric("rank_score")) == list(range(1, COUNT + 1))


def test_architectures_without_a_native_string_are_shown_by_their_operations(predictor, tmp_path):
    some = cells()
    data = with_columns(tmp_path / "t.parquet", some, native=pa.array([None, *some.native[1:-1], ""]))
    shown = json.loads(archflow("predict", predictor, "--data", data, "--top", COUNT, "--json").out)["top"]
    called = {each["row"]: each["architecture"] for each in shown}
    assert called == {row: some.native[row] for row in range(1, COUNT - 1)} | {
        row: " ".join(some.architectures[row].ops) for row in (0, COUNT - 1)
    }
    assert len(archflow("choose", predictor, "--data", data, "--count", 30).out.splitlines()) == 32
    for native in (pa.array([1] * COUNT), pa.array([b"\xff"] * COUNT)):
        line = archflow("predict", predictor, "--data", with_columns(data, some, native=native), code=2).err
        assert "column 'native' is" in line.splitlines()[-1]


def test_rows_of_unknown_operations_are_listed_or_skipped(predictor, tmp_path):
    space, some = NASBench201(), cells()
    strange = [Architecture(("input", "warp", "output"), ((0, 1), (1, 2))), Architecture(("warp", "bend"), ())]
    objects = [strange[0], *some.architectures, strange[1]]
    table = Table(ArchitectureSet.from_architectures(objects), {"score": [9, *some.metric("score"), np.nan]})
    table.write(tmp_path / "t.csv")
    out, vectors = tmp_path / "ranked.csv", tmp_path / "e.npy"
    for verb in ("predict", "embed"):
        written = {"predict": out, "embed": vectors}[verb]
        line = archflow(verb, predictor, "--data", tmp_path / "t.csv", "--out", written, code=2).err.splitlines()[-1]
        assert "row 0: unknown operations 'warp' (in 2 of 42 rows), 'bend' (in 1 of 42 rows); known here: " in line
        assert "--skip-unknown" in line
        assert "[unknown]" in line
        assert not written.exists()
    said = archflow("predict", predictor, "--data", tmp_path / "t.csv", "--skip-unknown", "--out", out, "--top", 99)
    assert "note: 2 rows get no values" in said.err
    ranked, alone = (
        read_table(out),
        json.loads(
            archflow(
                "predict", predictor, "--data", with_columns(tmp_path / "t.parquet", some), "--json", "--top", 1
            ).out
        ),
    )
    assert np.flatnonzero(np.isnan(ranked.metric("rank_score"))).tolist() == [0, COUNT + 1]
    assert int(np.nanargmin(ranked.metric("rank_score"))) == alone["top"][0]["row"] + 1
    archflow("embed", predictor, "--data", tmp_path / "t.csv", "--skip-unknown", "--out", vectors)
    assert np.flatnonzero(np.isnan(np.load(vectors)).all(1)).tolist() == [0, COUNT + 1]
    Table(ArchitectureSet.from_architectures(strange)).write(tmp_path / "all.csv")
    line = archflow("predict", predictor, "--data", tmp_path / "all.csv", "--skip-unknown", code=2).err
    assert "--skip-unknown leaves no row" in line
    assert space.name == "nasbench201"


def test_text_of_the_users_is_shown_without_being_obeyed(tmp_path, predictor, capfd):
    """No escape sequence of an operation, a column, a file's name or an error reaches the terminal."""
    ops = [Architecture(("input", f"conv{ESCAPES}{i}", "output"), ((0, 1), (1, 2))) for i in range(6)]
    path = tmp_path / f"{ESCAPES.replace('/', '')}.csv"
    Table(ArchitectureSet.from_architectures(ops), {f"y{ESCAPES}": np.arange(6.0)}).write(path)
    said = [
        archflow("data", "info", path),
        archflow("fit", "--data", path, "--metric", f"y{ESCAPES}", "--recipe", "plain", "--out", tmp_path / "q"),
        archflow("predict", tmp_path / "q", "--data", path, "--interval", 0.5),
        archflow("fit", "--data", path, "--metric", f"y{ESCAPES}", "--recipe", "networks", "--encoder", "mlp",
                 "--epochs", 1, "--members", 1, "--out", tmp_path / "p"),
        archflow("predict", tmp_path / "p", "--data", path),
        archflow("choose", tmp_path / "p", "--data", path, "--count", 2),
        archflow("predict", predictor, "--data", path, code=2),
        archflow("predict", predictor, "--data", path, "--skip-unknown", code=2),
        archflow("proxies", "--data", f"x{ESCAPES}.npz", "--count", 1, "--out", tmp_path / "o.csv", code=2),
        archflow("fit", "--x[/b]", code=2),
    ]  # fmt: skip
    with progress_bar(f"work{ESCAPES}", 1) as bar:
        bar.advance(note="[/b]")
    everything = "".join(each.out + each.err for each in said) + "".join(capfd.readouterr())
    assert "red" in everything
    obeyed = [line for line in everything.splitlines() if set(line) & set("\x1b\x07\u202e")]
    assert not obeyed
