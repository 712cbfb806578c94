"""The demo where the extra `report` is missing."""

import json
import sys
from pathlib import Path

from archflow.recipes import demo as recipes_demo


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
    ((out, *_, figures),) = asked
    assert (out, figures) == (tmp_path / "d.html", tmp_path / "f")
