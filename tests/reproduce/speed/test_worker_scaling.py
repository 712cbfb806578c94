from archflow_reproduce.results.page import results_page
from archflow_reproduce.results.workers_report import workers_tables
from archflow_reproduce.speed import worker_scaling
from tests.reproduce.results.records import MACHINE, write

RESULT = {
    "machine": MACHINE,
    "config": {"count": 1000, "encoder": "mlp", "space": "darts"},
    "seconds": {"processes": {"1": 10.0, "2": 5.0}, "ray": {"1": 8.0, "2": 5.0}},
}


def test_a_ranking_is_timed_with_every_number_of_workers(monkeypatch):
    monkeypatch.setattr(worker_scaling, "WARM_UP", 10)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # without Ray, installed or not
    steps = []
    found = worker_scaling.run_worker_scaling(20, (1,), "mlp", steps.append)
    assert steps == ["processes, 1"]
    assert found["seconds"].keys() == {"processes"}
    assert found["seconds"]["processes"]["1"] > 0


def test_the_table_and_the_page(tmp_path):
    lead, table = workers_tables(RESULT)
    assert "1,000 DARTS cells" in lead
    assert [line.split("|")[-2].strip() for line in table.splitlines()[2:]] == ["1.00", "2.00", "1.00", "1.60"]
    write(tmp_path / "results" / "workers.json", "workers", RESULT)
    assert "## Several workers" in results_page(tmp_path / "results", tmp_path / "page.md")
