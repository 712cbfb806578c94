"""A record with anything in the place of anything: the page is made, or one line names the file and the field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.results.page import results_page, results_summary
from tests.mutations import check_loads_or_refuses, mutated

TRIES = 30

RESULTS = Path(__file__).parents[3] / "results"
NAMES = (
    "bench-fgp-nasbench201-3",
    "encoders-nasbench201-all-nar_former",
    "pretext-nasbench201-params",
    "arch2vec-nasbench201",
    "speed",
    "zero-cost-nasbench201",
    "experts",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_made_or_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content = json.loads((RESULTS / f"{name}.json").read_text())
    path = tmp_path / "r.json"
    for seed, part in enumerate((content, content["result"], content["config"])):
        for changed in mutated(part, TRIES, seed):
            whole = changed if seed == 0 else {**content, ("result", "config")[seed - 1]: changed}
            path.write_text(json.dumps(whole))
            check_loads_or_refuses(lambda: _pages(tmp_path), f"{path}: ")


def _pages(folder: Path) -> None:
    results_page(folder, folder / "page.md")
    results_summary(folder)


@pytest.mark.parametrize(
    ("name", "where", "what"),
    [
        ("experts", ("tables", "digits201-proxies", "cells", "100%", "30", "xgboost"), "one lacks 'xgboost'"),
        ("latency-neusight", ("devices", "Tesla_T4", "scores", "operations", "roofline", "mape"), "one lacks 'mape'"),
        ("hierarchical-digits", ("methods", "evolution", "trainings", -1), "they differ in length"),
        ("search-choices", ("tasks", "nb101", "cells", "archflow", "report", "mean", -1), "they differ in length"),
    ],
)
def test_parts_that_do_not_fit_together_are_named(tmp_path: Path, name: str, where: tuple, what: str) -> None:
    content = json.loads((RESULTS / f"{name}.json").read_text())
    part = content["result"]
    for key in where[:-1]:
        part = part[key]
    part.pop(where[-1])
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ArchflowError, match=f"{name}.json: its parts do not fit together \\({what}\\)"):
        results_page(tmp_path, tmp_path / "page.md")
