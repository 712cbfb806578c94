import json
import sys

import pyarrow
import pyarrow.parquet
import pytest
import torch
from torch import nn

from archflow.cli.app import main
from archflow.data import latency_job
from archflow.data.journal import open_journal
from archflow.data.latency_job import LatencyJob
from archflow.devices import Device
from archflow.devices.measure import COLUMNS
from archflow.devices.networks import Networks
from archflow.devices.timing import Protocol
from archflow.errors import ArchflowError
from tests.tables import scored_cells

SMALL = "--channels 2 --cells 1 --stages 1 --resolution 8 --seconds 0.001 --agree 1".split()
SHORT = Protocol(warm_up=0, runs=3, seconds=1e-6)


class Two(Networks):
    """Two networks; those of `broken` cannot be built."""

    def __init__(self):
        self.built, self.broken = [], set()

    def __len__(self):
        return 2

    def called(self, row):
        return f"network {row}"

    def build(self, row):
        if row in self.broken:
            raise ArchflowError("has no weights")
        self.built.append(row)
        return nn.Linear(1, 1), torch.zeros(1, 1)

    @property
    def configuration(self):
        return {"networks": "two"}

    def columns(self):
        return pyarrow.table({"name": ["a", "b"], "threads": [9, 9]})


def ticking():
    now = iter(range(10**6))
    return lambda: next(now) / 1000


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["archflow", "measure", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_job_resumes_where_it_failed(tmp_path):
    out, networks = tmp_path / "l.parquet", Two()
    networks.broken = {1}
    job = LatencyJob(networks, Device("board", "my board, 4 cores"), SHORT)
    first = job.run(out, clock=ticking())
    assert first.failures == {1: "network 1: has no weights"}
    table = pyarrow.parquet.read_table(out).to_pydict()
    assert table["latency_ms"] == [pytest.approx(1.0), None]
    assert table["threads"] == [1, None]
    assert table["device"] == ["my board, 4 cores"] * 2
    assert list(table) == ["name", *COLUMNS, "device"]

    networks.broken = set()
    second = job.run(out, clock=ticking())
    assert networks.built == [0, 1]
    assert (sorted(second.entries), second.failures) == ([0, 1], {})
    assert pyarrow.parquet.read_table(out)["latency_ms"].null_count == 0
    assert [path.name for path in tmp_path.iterdir()] == ["l.parquet"]


def test_a_job_of_other_settings_is_not_resumed(tmp_path):
    networks = Two()
    networks.broken = {1}
    LatencyJob(networks, Device("board"), SHORT).run(tmp_path / "l.csv", clock=ticking())
    with pytest.raises(ArchflowError, match="journal of another job .device is board there, phone here"):
        LatencyJob(networks, Device("phone"), SHORT).run(tmp_path / "l.csv", clock=ticking())


def test_nothing_is_left_where_nothing_could_be_measured(tmp_path):
    networks = Two()
    networks.broken = {0, 1}
    with pytest.raises(ArchflowError, match="no network could be measured: network 0: has no weights"):
        LatencyJob(networks, Device("board"), SHORT).run(tmp_path / "l.csv", clock=ticking())
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_keeps_what_is_measured(tmp_path, monkeypatch):
    networks, out = Two(), tmp_path / "l.csv"
    job = LatencyJob(networks, Device("board"), SHORT)
    true, seen = latency_job.latency, []

    def interrupted(*arguments, **keywords):
        if seen:
            raise KeyboardInterrupt
        seen.append(1)
        return true(*arguments, **keywords)

    monkeypatch.setattr(latency_job, "latency", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job.run(out, clock=ticking())
    assert not out.exists()
    with open_journal(tmp_path / "l.csv.latency.journal.jsonl", job._configuration()) as journal:
        assert [entry["row"] for entry in journal.entries] == [0]
    monkeypatch.setattr(latency_job, "latency", true)
    job.run(out, clock=ticking())
    assert networks.built == [0, 1, 1]


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
