"""The figure of searches."""

import pytest

from archflow_reproduce.results.search_figure import MOST, search_chart, write_chart
from archflow_reproduce.results.search_report import search_report

pytest.importorskip("altair", reason="figures need the extra report")


def cell(level: float, measure: str = "report") -> dict:
    curve = {"mean": [level, level + 1], "quarter": [level - 1, level], "three_quarters": [level + 1, level + 2]}
    more = {"better": {"mean": [9.0, 9 - level]}} if measure == "report" else {}
    return {"queries": [10, 20], "seeds": 2, "seconds": 1.0, "found": [None, 3], measure: curve, **more}


def task(cells: dict, objectives=("accuracy",)) -> dict:
    report = "test" if len(objectives) == 1 else ""
    return {"objectives": list(objectives), "report": report, "architectures": 9, "chosen_on": False, "cells": cells}


def result(**tasks: dict) -> dict:
    return {"tasks": tasks, "skipped": {}}


def test_a_plot_for_each_task(tmp_path):
    several = task({"nsga2": cell(0.5, "hypervolume")}, ("accuracy", "-latency"))
    found = result(cells=task({"archflow": cell(3), "random": cell(1)}), front=several)
    write_chart(tmp_path / "search.svg", found)
    svg = (tmp_path / "search.svg").read_text()
    assert "cells: test" in svg
    assert "front: hypervolume" in svg
    assert "the best" not in svg


def test_of_many_methods_the_best_are_drawn():
    many = {f"method {number}": cell(number) for number in range(MOST + 2)}
    (plot,) = search_chart(result(cells=task(many))).concat
    band, lines = plot.layer
    assert {row["name"] for row in band.data.values} == {f"method {number}" for number in range(2, MOST + 2)}
    assert {row["name"] for row in lines.data.values} == {row["name"] for row in band.data.values}
    assert f"the best {MOST} of {MOST + 2} methods" in str(plot.title)


def test_published_figures_are_shown_for_their_task_alone():
    found = {"nb201-c10": task({"random": cell(93)}), "other": task({"random": cell(93)})}
    assert search_report(result(**found)).count("Published: CAP 94.34 (test accuracy, IJCAI 2024") == 1
