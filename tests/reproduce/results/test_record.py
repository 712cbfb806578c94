"""A record says everything about its result, and nothing else is taken for one."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import archflow
from archflow.data import load
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.spaces import NASBench201
from archflow_reproduce.results.record import (
    KINDS,
    SCHEMA,
    checkout_commit,
    data_hash,
    new_record,
    read_record,
    write_record,
)
from tests.reproduce.results.records import MACHINE, record

CONTENT = {"tau": [0.5], "config": {"runs": 1}, "machine": MACHINE}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = record("speed", CONTENT)
    write_record(tmp_path / "r.json", written)
    assert read_record(tmp_path / "r.json") == written
    assert written.content == CONTENT
    assert written.result == {"tau": [0.5]}


def test_a_new_record_has_the_command_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/archflow", "bench", "fgp", "--data", "my table.csv"])
    before = datetime.now(UTC).replace(microsecond=0)
    made = new_record("fgp", CONTENT, {"my table": "0123"})
    assert made.command == "archflow bench fgp --data 'my table.csv'"
    assert before <= datetime.fromisoformat(made.date) <= datetime.now(UTC)
    assert made.archflow == archflow.__version__
    assert (made.machine, made.config, made.data) == (MACHINE, {"runs": 1}, {"my table": "0123"})
    assert made.recorded == "by the command"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": SCHEMA + 1}, f"a record of schema {SCHEMA + 1}, and this is schema {SCHEMA}"),
        ({"schema": SCHEMA - 1}, f"a record of schema {SCHEMA - 1}"),
        ({"kind": "guess"}, "of unknown kind 'guess'"),
        ({"more": 1}, r"missing or unknown fields \(more\)"),
    ],
)
def test_what_is_no_record_of_today_is_refused_in_one_line(tmp_path: Path, changes: dict, message: str) -> None:
    (tmp_path / "r.json").write_text(json.dumps({**asdict(record("fgp", CONTENT)), **changes}))
    with pytest.raises(ArchflowError, match=rf"r\.json: .*{message}.*; measure again, or delete") as refused:
        read_record(tmp_path / "r.json")
    assert "\n" not in str(refused.value)


def test_a_result_without_a_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(CONTENT))
    with pytest.raises(ArchflowError, match="no record"):
        read_record(tmp_path / "r.json")


def test_every_kind_has_a_section() -> None:
    from archflow_reproduce.results.page import KINDS as SHOWN

    assert {kind.name for kind in SHOWN} == set(KINDS)


def test_the_hash_is_of_architectures_and_metric() -> None:
    cells = NASBench201().sample(12, np.random.default_rng(0))
    table = Table(cells, {"score": np.arange(12.0), "other": np.arange(12.0)})
    told = data_hash(table, "score")
    assert told == data_hash(replace(table, metrics={"score": np.arange(12.0)}), "score")
    assert told != data_hash(replace(table, metrics={"score": np.arange(12.0) + np.eye(12)[3]}), "score")
    assert told != data_hash(table.select(np.arange(12)[::-1]), "score")
    assert data_hash(table) == data_hash(Table(cells))


def test_the_committed_hash_is_that_of_the_data() -> None:
    """Hashes of data stay what they are, or committed records name no data that anybody has."""
    found = read_record(Path(__file__).parents[3] / "results" / "pretext-digits201.json")
    assert found.data == {"digits201": data_hash(load("digits201"), "test_accuracy")}


def test_the_commit_is_that_of_the_checkout_that_tracks_the_file(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        named = ("-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *named, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    tracked, other = tmp_path / "tracked.py", tmp_path / "venv.py"
    tracked.write_text("1")
    other.write_text("1")
    assert checkout_commit(tracked) is None
    git("init", "-q")
    git("add", "tracked.py")
    git("commit", "-qm", "one")
    assert checkout_commit(tracked) == git("rev-parse", "--short=10", "HEAD")
    assert checkout_commit(other) is None
    tracked.write_text("2")
    assert checkout_commit(tracked) == f"{git('rev-parse', '--short=10', 'HEAD')}-dirty"
