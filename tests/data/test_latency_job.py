import pyarrow
import pyarrow.parquet
import pytest
import torch
from torch import nn

from archflow.data import latency_job
from archflow.data.journal import open_journal
from archflow.data.latency_job import LatencyJob
from archflow.devices import Device
from archflow.devices.measure import COLUMNS
from archflow.devices.networks import Networks
from archflow.devices.timing import Protocol
from archflow.errors import ArchflowError

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
    with pytest.raises(ArchflowError, match=r"journal of another job .device is board there, phone here"):
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
