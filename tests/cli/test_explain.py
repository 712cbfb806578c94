"""`explain`: from a fitted predictor to the terminal, JSON and a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from archflow.report.page import is_page
from tests.cli.commands import one_line


@pytest.mark.usefixtures("here")
def test_a_prediction_is_explained(run, predictor):
    shown = run("explain", predictor, "digits201", "--row", 4, "--top", 3, "--out", "page.html")
    assert "predicted accuracy: " in shown
    assert "changes are to neighbours in nasbench201" in shown
    assert "→" in shown
    assert is_page(Path("page.html"))
    found = json.loads(run("explain", predictor, "digits201", "--row", 4, "--json"))
    assert len(found["changes"]) == 24
    assert set(found["attributions"]) == {"counterfactual", "integrated_gradients"}
    run("explain", predictor, "digits201", "--row", 4, "--out", "page.html")  # a page of its own is replaced


@pytest.mark.usefixtures("here")
def test_a_table_of_ones_own_has_no_space(run, predictor, table):
    shown = run("explain", predictor, table, "--row", 0, "--top", 2)
    assert "changes are to any structurally valid graph" in shown
    native = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|"
    assert native in run("explain", predictor, native, "--space", "nasbench201", "--top", 1)


@pytest.mark.usefixtures("here")
def test_bad_input_is_one_line(run, predictor, table):
    for arguments, message in (
        (("digits201",), "name one with --row"),
        (("digits201", "--row", "x"), "no row is called"),
        ((table, "--row", 0, "--space", "darts"), "operation"),
        (("digits201", "--row", 1, "--metric", "other"), "has learnt accuracy"),
        (("digits201", "--row", 1, "--out", "page.txt"), "page.txt"),
    ):
        assert message in one_line(run("explain", predictor, *arguments, code=2).splitlines()[-1])
    Path("notes.html").write_text("mine")
    assert "is not what this command writes" in one_line(
        run("explain", predictor, "digits201", "--row", 1, "--out", "notes.html", code=2)
    )
    shutil.copytree(predictor, "old")
    description = Path("old/predictor.json")
    description.write_text(description.read_text().replace("archflow networks 3", "archflow networks 1"))
    assert "old" in one_line(run("explain", "old", "digits201", "--row", 1, code=2))
    assert "nowhere" in one_line(run("explain", "nowhere", "digits201", "--row", 1, code=2))
