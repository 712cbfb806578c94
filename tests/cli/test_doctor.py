import json

import pytest


@pytest.fixture
def sound(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHFLOW_DATA", raising=False)


def test_it_says_what_is_there(run, sound, tmp_path):
    shown = run("doctor")
    assert all(word in shown for word in ("archflow", "torch", "OMP_NUM_THREADS", "cache", "everything that archflow"))
    found = json.loads(run("doctor", "--json"))
    assert found["sound"]
    assert {each["topic"] for each in found["checks"]} >= {"versions", "computing", "places"}
    assert not (tmp_path / "cache").exists(), "nothing is made"


def test_what_does_not_work_is_its_exit_code(run, sound, monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHFLOW_DATA", str(tmp_path / "nowhere"))
    run("doctor", code=1)
    monkeypatch.delenv("ARCHFLOW_DATA")
    (tmp_path / "cache").write_text("a file")
    run("doctor", "--json", code=1)
