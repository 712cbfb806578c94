"""The study of hierarchical evolution: it resumes, and says of each search what its journal holds."""

import numpy as np
import pytest

from archflow.data.trained_accuracy import TrainedAccuracy
from archflow.errors import ArchflowError
from archflow_reproduce.results.hierarchical_report import hierarchical_report
from archflow_reproduce.results.page import results_page
from archflow_reproduce.search import hierarchical
from archflow_reproduce.search.hierarchical import METHODS, Searches, run_hierarchical
from tests.reproduce.results.records import write


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands for the trainings: the larger the better; what was trained, in order."""
    seen: list[str] = []

    def accuracy(self, architecture, seed):
        seen.append(architecture.hash)
        size = float(len(architecture.ops))
        return {"validation_accuracy": size, "test_accuracy": size - 1, "seconds": 30.0}

    monkeypatch.setattr(TrainedAccuracy, "__call__", accuracy)
    monkeypatch.setattr(hierarchical, "INITIAL", 3)
    monkeypatch.setattr(hierarchical, "POINTS", (3, 6, 9))
    monkeypatch.setattr("archflow.spaces.hierarchical.genotype.MUTATIONS", 20)
    return seen


def test_both_methods_begin_with_the_same_architectures(tmp_path, trained):
    result = run_hierarchical(Searches(seeds=1, budget=6), tmp_path)
    assert len(trained) == 12
    assert trained[:3] == trained[6:9]
    one, other = result["methods"].values()
    assert one["trainings"] == [3, 6]
    assert one["value"][0][0] == other["value"][0][0] == max(one["value"][0][0], one["initial"][0])
    assert one["report"][0][1] == one["value"][0][1] - 1
    assert one["seconds"] == [180]
    assert one["failures"] == [0]


def test_a_finished_search_is_not_trained_again_and_grows(tmp_path, trained):
    first = run_hierarchical(Searches(seeds=1, budget=6), tmp_path)
    assert run_hierarchical(Searches(seeds=1, budget=6), tmp_path) == first
    assert len(trained) == 12
    more = run_hierarchical(Searches(seeds=2, budget=9), tmp_path)
    assert len(trained) == 36
    for name in METHODS:
        assert more["methods"][name]["value"][0][:2] == first["methods"][name]["value"][0]


def test_the_page_shows_both_methods(tmp_path, trained):
    result = run_hierarchical(Searches(seeds=2, budget=6), tmp_path / "runs")
    last = [each[-1] for each in result["methods"]["evolution"]["value"]]
    figure = f"{np.mean(last):.2f} ({min(last):.2f} to {max(last):.2f})"
    assert figure in hierarchical_report(result)
    write(tmp_path / "results" / "hierarchical.json", "hierarchical", result)
    page = results_page(tmp_path / "results", tmp_path / "page.md")
    assert "## Evolution of hierarchical representations" in page
    assert "2 seeds, 6 training runs each; the first 3 architectures are random" in page
    assert "| random search |" in page


def test_a_budget_that_is_all_initial_is_refused():
    with pytest.raises(ArchflowError, match="--budget"):
        Searches(budget=20)
