"""The study of search methods: resumes, and its curves are those of the table."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.results.page import results_page
from archflow_reproduce.results.search_report import search_report
from archflow_reproduce.search import study
from archflow_reproduce.search.lockstep import asked_rows, run_together
from archflow_reproduce.search.methods import Method
from archflow_reproduce.search.study import Selection, run_search, summary
from archflow_reproduce.search.tasks import TASKS, Front, tasks
from tests.reproduce.results.records import write

(DIGITS,) = tasks(["digits201"])


def test_finished_searches_are_not_run_again(tmp_path, monkeypatch):
    selection = Selection(("digits201",), ("random", "regularized_evolution"), seeds=2, budget=20)
    first = run_search(selection, tmp_path)

    def fail(*_):
        raise AssertionError("ran again")

    monkeypatch.setattr(study, "run_together", fail)
    again = run_search(selection, tmp_path)
    assert again["tasks"] == first["tasks"]
    with pytest.raises(AssertionError, match="ran again"):
        run_search(Selection(("digits201",), ("random",), seeds=3, budget=20), tmp_path)


def test_curves_are_those_of_the_table():
    value, report = DIGITS.table.metric("validation_accuracy"), DIGITS.table.metric("test_accuracy")
    order = np.argsort(value)
    rows = [*order[5:24].tolist(), int(order[-1])]  # better and better, the best of all at the end
    cell = summary(DIGITS, [{"rows": rows, "seconds": 1.0, "commit": "x"}], 20)
    assert cell["queries"] == [10, 20]
    assert cell["value"]["mean"] == [round(value[rows[9]], 5), round(value.max(), 5)]
    assert cell["report"]["mean"][1] == round(report[order[-1]], 5)
    assert cell["better"]["mean"][1] == 0
    assert cell["found"] == [20]


def test_seeds_side_by_side_ask_for_what_each_asks_for_alone():
    bananas = Method("bananas", {"initial": 4, "each": 4})
    together = bananas.searchers(DIGITS.problem, [0, 1], {})
    run_together(together, 12)
    (alone,) = bananas.searchers(DIGITS.problem, [1], {})
    run_together([alone], 12)
    assert asked_rows(together[1])[:8].tolist() == asked_rows(alone)[:8].tolist()


def test_a_whole_front_has_the_whole_hypervolume():
    rising = np.array([[3, 0], [2, 2], [0, 3], [1, 1], [0, 0]], float)
    front = Front.of(rising)
    assert front(rising) == pytest.approx(1)
    assert front(rising[1:2]) == pytest.approx(4 / 4)
    assert front(rising[3:]) == pytest.approx(1 / 4)


def test_names_that_are_none_are_refused():
    with pytest.raises(ArchflowError, match="no task is called 'nb202'"):
        Selection(tasks=("nb202",))
    with pytest.raises(ArchflowError, match="no method is called 'nothing'"):
        Selection(methods=("nothing",))


def test_the_page_shows_curves_and_fronts(tmp_path):
    result = run_search(Selection(("digits201",), ("random",), seeds=2, budget=20), tmp_path / "runs")
    text = search_report(result)
    assert "**digits201**: 2,020 architectures" in text
    assert "| random |" in text
    several = {
        **result["tasks"]["digits201"],
        "objectives": ["a", "-b"],
        "cells": {"random": {"queries": [10], "seeds": 2, "seconds": 1.0, "hypervolume": _curve(0.5)}},
    }
    result["tasks"]["several"] = several
    write(tmp_path / "results" / "search.json", "search", result)
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## Search" in page
    assert "0.5000 (0.5000 to 0.5000)" in page


def test_methods_are_compared_seed_by_seed(tmp_path):
    result = run_search(Selection(("digits201",), ("random",), seeds=3, budget=60), tmp_path)
    cells = result["tasks"]["digits201"]["cells"]
    by_seed = cells["random"]["by_seed"]
    assert list(by_seed) == ["50"]
    better = cells["random"]["better"]
    assert np.mean(by_seed["50"]) == pytest.approx(better["mean"][cells["random"]["queries"].index(50)])
    assert "seed by seed" not in search_report(result)
    ahead = [each - 1 for each in by_seed["50"]]
    cells["archflow"] = {**cells["random"], "by_seed": {"50": [*ahead[:2], by_seed["50"][2]]}}
    assert "| random | 2 : 0 " in " ".join(search_report(result).split())


def _curve(value: float) -> dict:
    return {name: [value] for name in ("mean", "median", "quarter", "three_quarters", "last")}


def test_tasks_on_this_machine_have_what_they_name(data_folder, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(data_folder))
    for task in TASKS:
        assert task.problem.space.size > 2000
        known = task.problem.columns(task.problem.space.enumerate().select([0, 1])).column_names
        assert not {name.removeprefix("-") for name in (*task.objectives, task.report)} & set(known)


def test_a_study_without_data_has_a_record_and_no_figure(tmp_path, monkeypatch, run):
    monkeypatch.setattr(study, "_key", missing)
    out = tmp_path / "search.json"
    run("bench", "search", "--tasks", "nlp", "--methods", "random", "--seeds", 1, "--out", out, "--folder", tmp_path)
    assert out.exists()
    assert not out.with_suffix(".svg").exists()


def missing(task, budget):
    raise ArchflowError(f"{task.name}: not on this machine")
