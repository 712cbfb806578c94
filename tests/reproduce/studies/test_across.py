"""From one search space to others."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.metrics import spearman
from archflow.testing import random_architectures
from archflow_reproduce.results.page import results_page
from archflow_reproduce.studies import across
from tests.reproduce.results.records import write

WANTED = across.Across(sources=("nb101",), targets=("nb101", "nb301"), labels=30, few=6, seeds=1)


def made(entry):
    """Cells whose accuracy is the number of their convolutions; the target has one that the source lacks."""
    ops = ("conv3x3-bn-relu", "maxpool3x3") if entry.name == "nb101" else ("sep_conv_3x3", "skip_connect")
    cells = random_architectures(80, seed=0, ops=("input", *ops, "output"))
    y = np.bincount(cells.node_owner, cells.op == 1, len(cells))
    return Table(cells, {"params": y + 1.0} if entry.name == "nb101" else {}), y


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(across, "measured", made)
    monkeypatch.setattr(across, "CONFIG", {"width": 8, "depth": 1})
    monkeypatch.setattr(across, "SETTINGS", replace(across.SETTINGS, epochs=1))
    some = ("ledg_former, text", "ridge on mean text", "parameters", "counts, no source")
    monkeypatch.setattr(across, "METHODS", {name: across.METHODS[name] for name in some})


def test_every_method_ranks_what_was_not_learnt_and_a_run_resumes(small, tmp_path, monkeypatch):
    told = []
    result = across.run_across(WANTED, tmp_path / "runs", told.append)
    assert len(told) == len(across.METHODS)
    cells = result["cells"]["nb101"]
    assert cells["nb101"]["parameters"]["zero_shot"] == pytest.approx([1])
    assert "parameters" not in cells["nb301"]
    assert set(cells["nb301"]["counts, no source"]) == {"few_shot"}
    monkeypatch.setattr(across, "METHODS", dict.fromkeys(across.METHODS))  # nothing is measured again
    assert across.run_across(WANTED, tmp_path / "runs") == result
    write(tmp_path / "results" / "across.json", "across", result)
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "| ridge on mean text " in page
    assert "nb301, 6" in page


def test_learnt_cells_are_not_ranked(small):
    spaces = across._spaces({name: made(across.entries([name])[0]) for name in WANTED.targets})
    draw = across.drawn(WANTED, spaces, "nb101", 0)
    shown = spaces["nb101"].shown
    assert not np.isin(shown.hashes[draw.ranked["nb101"]], shown.hashes[draw.learnt]).any()
    assert len(draw.learnt) == 30
    assert len(draw.ranked["nb301"]) == 80


def test_few_measured_cells_correct_a_score_that_is_wrong_and_leave_one_that_is_right():
    rng = np.random.default_rng(0)
    truth, other = rng.normal(size=(2, 60))
    corrected = across.after_few(other, truth[:, None], truth[:12])
    assert spearman(corrected, truth[12:]) > spearman(other[12:], truth[12:]) + 0.3
    noise = rng.normal(size=(60, 8))
    assert spearman(across.after_few(truth, noise, truth[:12]), truth[12:]) > 0.9
    nothing = np.zeros((60, 0))
    assert spearman(across.after_few(truth, nothing, truth[:4]), truth[4:]) == pytest.approx(1)


def test_what_is_out_of_range_is_refused():
    with pytest.raises(ArchflowError, match="no table is called 'nb999'"):
        across.Across(sources=("nb999",))
    with pytest.raises(ArchflowError, match="--few"):
        across.Across(few=1)
