import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict import StackedPredictor
from archflow.recipes.front import pareto_front
from tests.latencies import DEVICES, long_latencies

LONG = long_latencies(120, noise=0.2)
ONE = LONG.select([row for row, text in enumerate(LONG.texts("device")) if text == DEVICES[0]])


def folder(path, metric, objective, table=ONE, labels=60, **options) -> str:
    given = {"components": ["ridge"], "features": ["counts", "columns"], "columns": ["params"], **options}
    made = StackedPredictor(**given, objective=objective)
    made.fit(table.select(np.arange(labels)), metrics=[metric])
    made.save(path / metric)
    return str(path / metric)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[str, str]:
    path = tmp_path_factory.mktemp("predictors")
    return folder(path, "accuracy", "squared"), folder(path, "latency_ms", "log")


def test_the_front_keeps_the_limit_by_its_bounds(folders):
    found = pareto_front(ONE, *folders, limit="0.006s")
    good, fast, upper = (found.table.metrics[name] for name in found.columns)
    assert found.limit == pytest.approx(6)
    assert len(found.rows)
    assert (upper[found.rows] <= 6).all()
    assert (upper >= fast).all()
    kept = np.flatnonzero(upper <= 6)
    for row in found.rows:
        better = (good[kept] >= good[row]) & (fast[kept] < fast[row])
        assert not (better & (good[kept] > good[row])).any()
    assert found.table.metrics["on_front"].sum() == len(found.rows)
    assert found.notes == ()
    assert found.content()["within_limit"] == len(kept)


def test_columns_are_taken_as_they_are():
    found = pareto_front(ONE, "accuracy", "latency_ms")
    assert found.coverage is None
    assert np.array_equal(found.table.metrics["upper_latency_ms"], ONE.metric("latency_ms"))


def test_without_known_accuracies_bounds_say_so(folders):
    others = ONE.select(np.arange(60, 120))
    found = pareto_front(others.with_metrics({"score": others.metric("params")}), "score", folders[1])
    assert any("account for the selection by latency alone" in line for line in found.notes)


def test_a_limit_that_nothing_keeps_gives_an_empty_front(folders):
    found = pareto_front(ONE, *folders, limit="1us")
    assert not len(found.rows)
    assert any("no candidate is within the limit" in line for line in found.notes)
    assert any("is the unit right" in line for line in found.notes)


def test_bounds_are_of_the_device(tmp_path):
    fast = folder(tmp_path, "latency_ms", "log", LONG, labels=300, context="device")
    slow, quick = (pareto_front(ONE, "accuracy", fast, device=device) for device in (DEVICES[0], DEVICES[4]))
    assert quick.table.metrics["upper_latency_ms"].max() < slow.table.metrics["upper_latency_ms"].max()


def test_missing_values_and_labels_are_refused(folders, tmp_path):
    gaps = ONE.with_metrics({"accuracy": np.where(np.arange(120) == 3, np.nan, ONE.metric("accuracy"))})
    with pytest.raises(ArchflowError, match="row 3: accuracy is not measured"):
        pareto_front(gaps, "accuracy", folders[1])
    few = folder(tmp_path, "latency_ms", "log", labels=8)
    with pytest.raises(ArchflowError, match="needs more than 8 labels"):
        pareto_front(ONE, folders[0], few, coverage=0.95)
