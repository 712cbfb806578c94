"""Tasks with few measurements, on made-up devices."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.data.benchmarks import find
from archflow.errors import ArchflowError
from archflow.graph.columns import read_columns
from archflow.graph.table import read_table
from archflow.predict.metrics import spearman
from archflow.testing import random_architectures
from archflow_reproduce.devices import few, multi_predict
from archflow_reproduce.devices.few_features import counts, features, slots
from archflow_reproduce.devices.few_methods import METHODS, ON_PROXIES, Known, usable
from archflow_reproduce.devices.samplers import SAMPLERS
from archflow_reproduce.devices.tasks import PUBLISHED, TASKS, Task, _proxies, task
from archflow_reproduce.results.few_report import few_report


def made_task(count: int = 90) -> Task:
    """Devices that pay for operations, the new one for other ones than the sources."""
    drawn = random_architectures(8 * count, seed=1)
    size = np.bincount(drawn.node_counts).argmax()
    architectures = drawn.select(np.flatnonzero(drawn.node_counts == size)[:count])
    used = counts(architectures)
    generator = np.random.default_rng(0)
    costs = [generator.random(used.shape[1]) for _ in range(4)]
    latencies = np.stack([1 + used @ cost for cost in costs], 1)
    return Task(architectures, latencies[:, :3], latencies[:, 3:], ("a", "b", "c"), ("new",), ())


def test_twelve_tasks_with_published_figures():
    assert len(TASKS) == len(PUBLISHED) == 12
    with pytest.raises(ArchflowError, match="no task is called 'N9'; NASFLAT has ND"):
        task("N9")


def test_a_task_without_tables_says_which(monkeypatch):
    monkeypatch.delenv("ARCHFLOW_DATA", raising=False)
    with pytest.raises(ArchflowError, match=r"needs fbnet_latency\.parquet"):
        task("F1")


def test_a_published_task(data_folder, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(data_folder))
    found = task("F1")
    assert found.sources.shape == found.targets.shape == (5000, 5)
    assert found.missing == ()


def test_features_do_not_depend_on_nodes_without_effect():
    architectures = made_task().architectures
    assert features(architectures)["counts"].shape[0] == len(architectures)
    assert set(np.unique(slots(architectures))) == {0.0, 1.0}


def test_every_sampler_takes_different_rows_of_the_pool():
    made = made_task()
    known = Known.of(made, np.arange(30))
    pool = np.arange(30, len(made.architectures))
    for sampler in SAMPLERS.values():
        rows = sampler(known, pool, 10, 0)
        assert len(set(rows.tolist())) == 10
        assert set(rows.tolist()) <= set(pool.tolist())


def test_the_process_ranks_best_and_a_run_resumes(monkeypatch, tmp_path):
    monkeypatch.setattr(few, "task", lambda name: made_task())
    monkeypatch.setattr(few, "SOURCE_SAMPLES", 30)
    monkeypatch.setattr(multi_predict, "STEPS", 10)
    told: list[str] = []
    result = few.run_few(["F1"], 1, tmp_path, say=told.append)
    again = few.run_few(["F1"], 1, tmp_path, say=told.append)
    assert told == ["F1, trial 0"]
    assert result["cells"] == again["cells"]
    usable_here = usable(METHODS, made_task())
    by_method = {name: result["cells"]["F1"]["0"][f"{name} | random | 20"]["new"] for name in usable_here}
    assert by_method["process"] > 0.9
    assert by_method["process"] > by_method["mean source"]
    assert "| NASFLAT (published)" in few_report(result)


def test_a_method_that_is_new_is_added_to_finished_trials(monkeypatch, tmp_path):
    monkeypatch.setattr(few, "task", lambda name: made_task())
    monkeypatch.setattr(few, "SOURCE_SAMPLES", 30)
    monkeypatch.setattr(few, "SAMPLERS", {"random": SAMPLERS["random"]})
    first = {"mean source": METHODS["mean source"]}
    before = few.run_few(["F1"], 1, tmp_path, methods=first)["cells"]["F1"]["0"]
    both = {**first, "nearest source": METHODS["nearest source"]}
    after = few.run_few(["F1"], 1, tmp_path, methods=both)["cells"]["F1"]["0"]
    assert set(after) - set(before) == {"nearest source | random | 20"}
    assert {name: after[name] for name in before} == before


def test_proxies_are_read_where_a_task_has_them(monkeypatch, tmp_path):
    made = made_task()
    with_proxies = replace(made, proxies=np.random.default_rng(0).normal(size=(len(made.architectures), 13)))
    monkeypatch.setattr(few, "task", {"ND": with_proxies, "F1": made}.get)
    monkeypatch.setattr(few, "SOURCE_SAMPLES", 30)
    monkeypatch.setattr(few, "SAMPLERS", {"random": SAMPLERS["random"]})
    monkeypatch.setattr(multi_predict, "STEPS", 2)
    methods = {name: METHODS[name] for name in ("mean source", ON_PROXIES)}
    result = few.run_few(["ND", "F1"], 1, tmp_path, methods=methods)
    key = f"{ON_PROXIES} | random | 20"
    assert key in result["cells"]["ND"]["0"]
    assert key not in result["cells"]["F1"]["0"]
    (row,) = [line for line in few_report(result).splitlines() if ON_PROXIES in line]
    assert [bool(cell.strip()) for cell in row.split("|")[1:-1]] == [True, True, False, False]


def test_every_cell_has_the_published_proxies_of_one_that_computes_the_same(data_folder, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_DATA", str(data_folder))
    cells = read_table(find("nasbench201")[1]).architectures
    proxies = _proxies(cells)
    assert proxies is not None
    assert proxies.shape == (len(cells), 13)
    published = read_columns(data_folder / "nasbench201_zero_cost_13.parquet")
    rows = published["arch_id"].to_numpy()
    assert spearman(proxies[rows, 7], published["c10_nwot"].to_numpy()) > 0.999
