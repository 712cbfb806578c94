import json
import sys

import pyarrow.parquet
import pytest

from archflow.cli.app import main
from archflow.devices.measure import COLUMNS
from tests.tables import scored_cells

pytestmark = pytest.mark.usefixtures("undisturbed_machine")

SMALL = ["--channels", "2", "--cells", "1", "--stages", "1", "--resolution", "8", "--seconds", "0.001", "--agree", "1"]


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["archflow", "measure", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_cells_of_a_table_are_measured(tmp_path, monkeypatch, capsys):
    scored_cells(3).write(tmp_path / "cells.parquet")
    out = tmp_path / "measured.parquet"
    arguments = [tmp_path / "cells.parquet", "--count", 2, *SMALL, "--device", "my board, 4 threads", "--out", out]
    assert run(monkeypatch, *arguments, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (len(printed["measured"]), printed["failures"]) == (2, [])
    table = pyarrow.parquet.read_table(out)
    assert {"ops", "native", "score", "device", *COLUMNS} <= set(table.column_names)
    assert all(value > 0 for value in table["latency_ms"].to_pylist())
    assert set(table["mode"].to_pylist()) == {"eager"}
    assert run(monkeypatch, *arguments) == 0  # its own table is measured again
    assert "2 of 2 networks, on my board, 4 threads" in capsys.readouterr().out


def test_this_machine_beside_the_data_set(tmp_path, monkeypatch, capsys):
    quick = ["--seconds", "0.001", "--agree", "1"]
    assert run(monkeypatch, "cpu_latency", "--count", 5, *quick, "--out", tmp_path / "here.csv", "--json") == 0
    check = json.loads(capsys.readouterr().out)["check"]
    assert (check["column"], check["networks"]) == ("latency_ms_1_eager", 5)
    assert check["factor"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cells.parquet", "--out", "cells.parquet"], "is what SOURCE reads"),
        (["cells.parquet", "--out", "x.txt"], "a table is written as .parquet, .csv, .jsonl"),
        (["missing.parquet", "--out", "x.csv"], "missing.parquet: no such file"),
        (["cells.parquet", "--out", "x.csv", "--device", "Pixel3a"], "no device is called 'Pixel3a'; the nearest"),
        (["cells.parquet", "--out", "x.csv", "--seconds", "0"], "Protocol: seconds must be"),
        (["cells.parquet", "--out", "x.csv", "--threads", "1000"], "1000 threads on"),
        (["nets:build", "--out", "x.csv"], "--inputs is missing"),
        (["nets:build", "--inputs", "nets:inputs", "--out", "x.csv"], "nets:build: cannot be imported"),
    ],
)
def test_bad_input_is_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    scored_cells(3).write(tmp_path / "cells.parquet")
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("archflow: ")
    assert message in error
    assert [path.name for path in tmp_path.iterdir()] == ["cells.parquet"]
