"""The demo where the extra `report` is missing."""

import json
import sys
from pathlib import Path

from archflow.recipes import demo as recipes_demo
from tests.cli.commands import one_line


def test_without_the_extra_the_demo_runs_and_writes_no_report(run, monkeypatch, tmp_path):
    asked = []

    def run_demo(out: Path | None, *_: object) -> dict[str, object]:
        asked.append(out)
        return {"report": None}

    monkeypatch.setattr(recipes_demo, "run_demo", run_demo)
    monkeypatch.setitem(sys.modules, "altair", None)
    assert json.loads(run("demo", "--out", tmp_path / "d.html", "--json")) == {"report": None}
    assert asked == [None]


def test_a_folder_of_figures_is_handed_on(run, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(recipes_demo, "run_demo", lambda *given: asked.append(given) or {"report": None})
    run("demo", "--out", tmp_path / "d.html", "--figures", tmp_path / "f", "--json")
    ((out, *_, figures, device),) = asked
    assert (out, figures, device) == (tmp_path / "d.html", tmp_path / "f", "cpu")


def test_a_device_that_is_not_there_is_refused_before_the_work(run, tmp_path):
    said = run("demo", "--out", tmp_path / "d.html", "--device", "gpu", code=2)
    assert "device 'gpu' cannot be used here" in one_line(said)
