"""The study of predicted effects."""

from __future__ import annotations

import numpy as np
import pytest

import archflow
from archflow.errors import ArchflowError
from archflow_reproduce.results.explain_report import explain_report
from archflow_reproduce.results.sections.explain import EXPLAIN
from archflow_reproduce.studies import explain as study
from archflow_reproduce.studies.explain import Changes, Comparison, Predicted, changes_of, judged, run_explain


def test_true_effects_are_judged_perfect():
    true = np.array([[1.0, -2.0, 3.0, 0.5], [0.0, 1.0, -1.0, 9.0]])
    changes = Changes(np.array([0, 1]), np.array([[1, 2, 3, -1], [0, 2, 3, 1]]))
    found = judged(Predicted(true, np.full_like(true, 0.1)), true, changes)
    assert found["within"] == found["within_tau"] == found["pooled"] == pytest.approx(1)
    assert found["best"] == found["possible"] == 6
    assert found["any"] == pytest.approx(np.mean([2 / 3, 9 / 4]))
    assert found["one_std"] == 1
    wrong = judged(Predicted(-true, np.full_like(true, np.nan)), true, changes)
    assert wrong["within"] == pytest.approx(-1)
    assert "one_std" not in wrong


def test_changes_are_rows_with_one_operation_changed():
    table = archflow.load("digits201")
    changes = changes_of(table, np.array([0, 5]))
    assert changes.changed.shape == (2, 24)
    for cell, row in zip(changes.cells, changes.changed, strict=True):
        for other in row[row >= 0]:
            one, two = (table.architectures[int(each)].ops for each in (cell, other))
            assert sum(a != b for a, b in zip(one, two, strict=True)) == 1


def test_a_run_resumes_and_is_shown(tmp_path, monkeypatch):
    table = archflow.load("digits201")
    calls = []

    def counting(*arguments):
        calls.append(1)
        return study.linear(*arguments)

    monkeypatch.setattr(study, "METHODS", {"linear": counting, "again, linear": counting})
    wanted = Comparison("test_accuracy", labels=60, cells=40, draws=2)
    first = run_explain(table, wanted, tmp_path)
    assert len(calls) == 4
    assert run_explain(table, wanted, tmp_path)["methods"] == first["methods"]
    assert len(calls) == 4
    assert first["methods"]["linear"][0]["within"] > 0.2
    assert "again, linear" in explain_report(first)
    assert EXPLAIN.shape.model_validate(first)


def test_too_few_rows_are_refused(tmp_path):
    with pytest.raises(ArchflowError, match="2020 rows for 2000 labels"):
        run_explain(archflow.load("digits201"), Comparison("test_accuracy", labels=2000, cells=40, draws=1), tmp_path)
