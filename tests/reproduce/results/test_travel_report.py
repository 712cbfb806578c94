"""The statistics and tables of the study `travel`, by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from archflow_reproduce.results.page import results_page
from archflow_reproduce.results.travel_comparison import Comparison, signed_rank
from archflow_reproduce.results.travel_report import travel_report
from tests.mutations import check_loads_or_refuses, mutated
from tests.reproduce.results.records import MACHINE, write

TAU = {
    "default": [[0.8, 0.6], [0.5, 0.5], [0.90, 0.90]],
    "default/a": [[0.2, 0.2], [0.1, 0.1], [0.91, 0.95]],
    "trees": [[0.6, 0.6], [0.6, 0.6], [0.5, 0.5]],
    "params": [[0.1, 0.1], None, [0.1, 0.1]],
}
TABLES = ("cells", "more cells", "chains")


def result() -> dict:
    tables = {}
    for column, name in enumerate(TABLES):
        cells = {}
        for method, runs in TAU.items():
            values = runs[column]
            if values is None:
                continue
            measures = {"tau": values, "p_at_1": values, "regret_at_10": [1 - value for value in values]}
            means = {"seconds": 1.0}
            if method == "default":
                measures |= {"std_tau": [0.3, 0.1], "std_spearman": [0.4, 0.2], "inside_80": [0.7, 0.8]}
                means["inside_80_fifth_1"] = 0.65
            if method == "default/a":
                means["weight"] = 0.25
            cells[method] = {"measures": measures, "means": means, "commits": ["abc"]}
        family = "chain" if name == "chains" else "cell"
        tables[name] = {"family": family, "measured": 100, "pool": 70, "labels": {"30": 30}, "cells": {"30": cells}}
    config = {"budgets": ["30"], "runs": 2, "ours": ["default", "default/a"]}
    return {"rows": "reported", "tables": tables, "skipped": {}, "config": config, "machine": MACHINE}


def test_means_ranks_and_the_best_others():
    tau = Comparison.of(result(), "30")
    assert tau.methods == list(TAU)
    assert tau.values[0].tolist() == pytest.approx([0.7, 0.5, 0.9])
    assert tau.spread[0].tolist() == pytest.approx([0.1, 0, 0])
    assert tau.complete.tolist() == [True, True, True, False]
    assert tau.ranks[:3].tolist() == pytest.approx([5 / 3, 7 / 3, 2])
    assert np.isnan(tau.ranks[3])
    assert tau.mean("cell")[:3].tolist() == pytest.approx([0.6, 0.15, 0.6])
    assert tau.leader == 0
    assert [tau.methods[row] for row in tau.others(baselines=True)] == ["trees", "params"]
    assert [tau.methods[tau.best(t, tau.others()) or 0] for t in range(3)] == ["trees", "trees", "default/a"]


def test_regret_is_better_when_low():
    regret = Comparison.of(result(), "30", "regret_at_10")
    assert regret.ranks[:3].tolist() == pytest.approx([5 / 3, 7 / 3, 2])
    assert regret.difference(0, 2).tolist() == pytest.approx([0.1, -0.1, 0.4])


def test_the_report_says_where_the_leader_is_behind_at_the_top():
    found = Comparison.of(result(), "30", "p_at_1").behind_best_baseline()
    assert [name for name, *_ in found] == list(TABLES)
    assert [gap for _, gap, _ in found] == pytest.approx([-0.1, 0.1, -0.4])
    assert [spread for *_, spread in found] == pytest.approx([0, 0, 0])
    said = next(line for line in travel_report(result()).splitlines() if line.startswith("At the top"))
    assert "in P@1 % on 1 of 3 tables: more cells (0.1, spread 0); in regret@10 on 1 of 3 tables" in said


def test_the_report_says_where_the_leader_is_behind():
    report = travel_report(result())
    assert "ahead or within .01 of it on 1 of 3 tables" in report
    assert "worst -.100" in report
    assert "best baseline over cell spaces, `trees`: +.000" in report
    lines = {line.split("|")[1].strip(): line.split("|") for line in report.splitlines() if line.startswith("|")}
    assert [part.strip() for part in lines["`default/a`"][2:5]] == ["25", "25", "25"]  # the last table: weights
    coverage = next(line for line in report.splitlines() if "75, 75" in line)
    assert [part.strip() for part in coverage.split("|")[4:9]] == ["75.0", "75, 75", "–", "–", "15"]


def test_the_signed_rank_test_needs_six_differences():
    assert signed_rank(np.array([0.1, 0.2, 0.0, 0.3, 0.1, 0.2])) is None
    assert signed_rank(np.arange(1, 11) / 10) == pytest.approx(2 / 2**10)
    assert signed_rank(np.zeros(0)) is None


def test_a_result_without_anything_measured():
    empty = result()
    empty["tables"] = {}
    assert "Nothing is measured yet" in travel_report(empty)
    empty = result() | {"skipped": {"macro": "not on this machine"}}
    assert "- macro: left out: not on this machine" in travel_report(empty)


def test_damaged_records_are_refused_in_one_line(tmp_path: Path):
    path = tmp_path / "r.json"
    write(path, "travel", result())
    whole = json.loads(path.read_text())
    for seed, part in enumerate((whole, whole["result"], whole["config"], whole["result"]["tables"])):
        for changed in mutated(part, 30, seed):
            parts = {0: changed, 1: {**whole, "result": changed}, 2: {**whole, "config": changed}}
            tables = {**whole, "result": {**whole["result"], "tables": changed}}
            path.write_text(json.dumps(parts.get(seed, tables)))
            check_loads_or_refuses(lambda: results_page(tmp_path, tmp_path / "page.md"), f"{path}: ")
