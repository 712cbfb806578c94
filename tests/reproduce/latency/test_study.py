"""The study that compares predictors of latency."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.latency_baselines import BASELINES
from archflow.predict.stacked import StackedPredictor
from archflow_reproduce.latency.methods.base import METHODS, chosen_methods, drawn
from archflow_reproduce.latency.methods.ours import predicted
from archflow_reproduce.latency.study import Comparison, label_count, run_latency
from archflow_reproduce.latency.tables.base import TABLES, LatencyTable, chosen_tables, sources_of
from archflow_reproduce.results.latency_report import latency_report
from archflow_reproduce.results.page import results_page
from tests.predict.test_latency_baselines import networks
from tests.reproduce.results.records import write


def toy(count=80, repeated=1):
    set_ = networks(count // repeated)
    rows = np.tile(np.arange(count // repeated), repeated)
    table = Table(set_.select(rows), {"macs": np.arange(1.0, count + 1)})
    return LatencyTable("toy/one", table, 1 + table.metric("macs") / 10)


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setitem(TABLES._parts, "toy", lambda: [toy()])


def test_no_structure_is_learnt_and_judged(tmp_path):
    table = toy(80, repeated=2)
    task = drawn(table, 20, 0, tmp_path)
    assert len(task.learnt) == len(task.y) == len(task.known) == 20
    assert not set(table.structures[task.learnt]) & set(table.structures[task.judged])
    assert len(task.candidates) == len(task.truth) == len(task.judged)


def test_fewer_labels_are_the_first_of_more(tmp_path):
    few, more = (drawn(toy(), count, 1, tmp_path) for count in (10, 30))
    np.testing.assert_array_equal(few.learnt, more.learnt[:10])
    with pytest.raises(ArchflowError, match="70 labels of 80 rows leave"):
        drawn(toy(), 70, 0, tmp_path)


def test_finished_draws_are_kept_and_shown(tmp_path, monkeypatch, source):
    wanted = Comparison(("toy",), ("baseline/flops", "baseline/params*"), ("20", "50%"), 2)
    result = run_latency(wanted, tmp_path / "runs")
    cells = result["tables"]["toy/one"]["cells"]
    assert list(cells) == ["20", "50%"]
    assert cells["20"]["baseline/flops"]["mape"] == pytest.approx([0, 0], abs=1e-6)
    assert "neither a column nor a node attribute" not in str(cells["20"]["baseline/params + flops"])
    monkeypatch.setitem(METHODS._parts, "baseline/flops", None)  # nothing is measured again
    assert run_latency(wanted, tmp_path / "runs") == result
    assert "**toy/one, 50% labels** (80 networks" in latency_report(result)
    write(tmp_path / "results" / "latency.json", "latency", result)
    assert "| baseline/flops" in results_page(tmp_path / "results", tmp_path / "page.md")


def test_what_a_method_lacks_is_said_in_place_of_scores(tmp_path, monkeypatch, source):
    def lacking(task):
        raise ArchflowError("no macs here")

    monkeypatch.setitem(METHODS._parts, "lacking", lacking)
    result = run_latency(Comparison(("toy/one",), ("lacking",), ("20",), 1), tmp_path)
    assert result["tables"]["toy/one"]["cells"]["20"] == {"lacking": "no macs here"}
    assert "no macs here" in latency_report(result)


def test_tables_and_methods_by_name_and_pattern(source):
    assert [table.name for table in chosen_tables("toy", ["toy/*"])] == ["toy/one"]
    assert sources_of(["toy/one"]) == ["toy"]
    assert set(chosen_methods(["baseline/*"])) == {f"baseline/{name}" for name in BASELINES}
    with pytest.raises(ArchflowError, match="no table is called 'toy/two'; of toy there are: toy/one"):
        chosen_tables("toy", ["toy/two"])
    with pytest.raises(ArchflowError, match="no method is called"):
        chosen_methods(["nothing"])
    with pytest.raises(ArchflowError, match="no table of latencies is called"):
        Comparison(("nowhere",))


@pytest.mark.parametrize("labels", ["many", "4", "0%", "100%", "-5", "٣٠", "1e3"])
def test_labels_are_numbers_or_shares(labels):
    with pytest.raises(ArchflowError, match="--labels"):
        label_count(labels, 100)


def test_archflows_own_predictor_predicts_latencies(tmp_path):
    table = toy()
    bent = LatencyTable("bent", table.table, table.latency + table.table.architectures.node_counts % 3)
    task = drawn(bent, 30, 0, tmp_path)
    found = predicted(StackedPredictor(components=["ridge"], objective="log"), task)
    assert (found > 0).all()
    assert {"archflow/plain, log", "archflow/plain, relative"} <= set(METHODS.names())
    assert found.shape == task.truth.shape


def test_latencies_are_positive():
    with pytest.raises(ArchflowError, match="toy"):
        LatencyTable("toy", toy().table, np.zeros(80))
