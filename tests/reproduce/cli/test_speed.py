"""`archflow bench speed`: nothing measured is lost, and a roof that is none is an error."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from archflow_reproduce.results.record import read_record
from archflow_reproduce.speed import against, pipeline
from tests.reproduce.results.records import MACHINE
from tests.reproduce.results.test_page import speed


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> dict:
    """What the command measures."""
    result = speed()
    monkeypatch.setattr(pipeline, "run_speed", lambda *_: result)
    return result


def test_the_result_is_a_record(run, measured: dict, tmp_path: Path) -> None:
    shown = run("bench", "speed", "--out", tmp_path / "speed.json")
    assert "250 GFLOP/s at most" in shown
    record = read_record(tmp_path / "speed.json")
    assert (record.kind, record.data, record.content) == ("speed", {}, measured)


def test_a_time_below_the_roof_is_written_and_ends_in_an_error(run, measured: dict, tmp_path: Path) -> None:
    measured["below_roof"] = ["mine"]
    told = run("bench", "speed", "--out", tmp_path / "speed.json", code=2)
    assert "archflow: mine: measured faster than the roof of 250 GFLOP/s, which cannot be" in told
    assert read_record(tmp_path / "speed.json").result["below_roof"] == ["mine"]


def test_two_checkouts_are_compared_in_one_run(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    @contextmanager
    def probing(checkout: Path, threads: int):
        yield lambda request: 1.0 if checkout.name == "there" else 1.2

    monkeypatch.setattr(against, "probing", probing)
    monkeypatch.setattr(against, "machine", lambda *_: MACHINE)
    monkeypatch.setattr(against, "figures", lambda data: {"parse": against.Figure({"kind": "parse"}, 1)})
    out = tmp_path / "against.json"
    arguments = ("--against", tmp_path / "there", "--rounds", 2, "--threads", 1, "--out", out)
    assert "More than 5 % slower: `parse`." in run("bench", "speed", *arguments)
    record = read_record(out)
    assert record.kind == "against"
    assert record.result["figures"] == {"parse": {"here": 1.2, "there": 1.0, "ratio": 1.2, "passes": 8}}
    assert set(record.config) == {"device", "threads", "rounds", "here", "there"}


def test_what_is_no_checkout_is_refused_in_one_line(run, tmp_path: Path) -> None:
    assert "not a checkout of archflow" in run("bench", "speed", "--against", tmp_path, code=2)
