from pathlib import Path

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import StackedPredictor
from archflow.predict.context import ContextChoice
from archflow.recipes import latency_data
from archflow.recipes.latency import LatencyRequest, latency
from archflow.recipes.latency_data import COSTS, ROWS, known_operations, place_of
from tests.latencies import CLOCKS, DEVICES, long_latencies

NEW = "tablet, 4 x Cortex-A76 2.0 GHz, 4 threads, CPU"


def with_costs(table: Table) -> Table:
    """The columns of imported models, and names."""
    nodes = table.architectures.node_counts.astype(float)
    costed = table.with_metrics({"macs": table.metric("flops"), "bytes": table.metric("params") * 4, "nodes": nodes})
    return costed.with_texts({"name": [f"cell{row // len(DEVICES)}" for row in range(len(table))]})


@pytest.fixture
def data(monkeypatch, tmp_path):
    """40 cells on five devices in place of real networks, and predictors that are fitted at once."""
    monkeypatch.setattr(latency_data, "place_of", lambda folder: tmp_path / "cache")
    monkeypatch.setattr(latency_data, "_joined", lambda folder: known_operations(with_costs(long_latencies())))
    monkeypatch.setattr(
        latency_data,
        "unfitted",
        lambda unseen: StackedPredictor(
            components=["ridge"], features=["columns"], columns=list(COSTS), objective="log",
            context=ContextChoice("device", unseen=unseen),
        ),
    )  # fmt: skip
    return tmp_path


@pytest.fixture
def models(tmp_path) -> str:
    one = with_costs(long_latencies()).select(np.arange(0, 15, 5)).without(["device", "latency_ms", "accuracy"])
    one.write(tmp_path / "models.parquet")
    return str(tmp_path / "models.parquet")


def test_a_learnt_device_has_baselines_and_a_narrow_interval(data, models):
    fits = []
    answer = latency(LatencyRequest(models, DEVICES[0]), fits.append)
    assert fits == [200]
    assert answer.learnt
    assert set(answer.models[0].baselines) == {"flops", "roofline"}
    for each, true in zip(answer.models, long_latencies().metric("latency_ms")[0:15:5], strict=True):
        assert each.low_ms < each.latency_ms < each.high_ms < 10 * each.low_ms
        assert each.latency_ms == pytest.approx(true, rel=0.6)
    assert latency(LatencyRequest(models, DEVICES[0]), fits.append) == answer
    assert fits == [200], "the cache keeps the predictor"


def test_one_measurement_narrows_the_interval_of_a_new_device(data, models, tmp_path):
    plain = latency(LatencyRequest(models, NEW))
    assert not plain.learnt
    assert plain.models[0].baselines == {}
    few = tmp_path / "few.csv"
    true = long_latencies(noise=0.0).metric("latency_ms") * (CLOCKS[0] / 2.0) ** 2
    few.write_text(f"model,latency_ms\ncell20,{true[100]}\n")
    one = latency(LatencyRequest(models, NEW, measured=few))
    assert one.measured == 1
    assert set(one.models[0].baselines) == {"flops"}
    few.write_text("model,latency_ms\n" + "".join(f"cell{n},{true[5 * n]}\n" for n in range(20, 30)))
    ten = latency(LatencyRequest(models, NEW, measured=few))
    widths = [each.models[0].high_ms / each.models[0].low_ms for each in (plain, one, ten)]
    assert widths[0] >= widths[1] >= widths[2]
    assert set(ten.models[0].baselines) == {"flops", "roofline"}


def test_a_device_that_says_nothing_needs_a_measurement(data, models, tmp_path):
    request = LatencyRequest(models, "something, of mine")
    with pytest.raises(ArchflowError, match="says nothing that tells how fast it is"):
        latency(request)
    few = tmp_path / "few.csv"
    few.write_text("model,latency_ms\ncell20,4000\n")
    answer = latency(LatencyRequest(models, "mine", measured=few))
    assert any("the measurements alone" in line for line in answer.notes)
    assert any("if these are microseconds" in line for line in answer.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model,latency_ms\ncell20,-3\n", "latency in row 0 is -3"),
        ("model,latency_ms\ncell20,0\n", "latency in row 0 is 0"),
        ("model,ms\ncell20,3\n", "has no column 'latency_ms'"),
        ("model,latency_ms\nnothing,3\n", "nothing that can be imported"),
        ("model,latency_ms\n,3\n", "row 0 names no model"),
    ],
)
def test_wrong_measurements_are_refused(data, models, tmp_path, text, said):
    few = tmp_path / "few.csv"
    few.write_text(text)
    with pytest.raises(ArchflowError, match=said):
        latency(LatencyRequest(models, NEW, measured=few))


def test_models_unlike_those_learnt_from_are_noted(data, models, tmp_path):
    from archflow.graph.table import read_table

    table = read_table(models)
    table.with_metrics({"macs": np.full(len(table), 1e15)}).write(tmp_path / "huge.parquet")
    notes = latency(LatencyRequest(str(tmp_path / "huge.parquet"), DEVICES[0])).notes
    assert any("macs is 1e+15" in line for line in notes)


def test_the_package_has_latencies_to_learn_from(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHFLOW_CACHE", str(tmp_path))
    table = latency_data.latency_data(None)
    assert {*COSTS, "latency_ms", "device", "name"} <= set(table.column_names)
    assert len(table) > 400
    assert np.isfinite(table.metric("latency_ms")).all()
    assert place_of(None) == place_of(tmp_path)


def test_rows_are_taken_from_all_devices_evenly():
    texts = ["rare"] * 50 + ["common"] * (ROWS + 500)
    table = long_latencies(len(texts) // 5 + 1).select(np.arange(len(texts))).with_texts({"device": texts})
    rows = latency_data._evenly(table)
    assert len(rows) == ROWS
    assert sum(texts[row] == "rare" for row in rows) == 50


def test_one_known_device_says_nothing_of_how_far_off_another_is(monkeypatch, data, models, tmp_path):
    def alone(folder):
        joined = known_operations(with_costs(long_latencies()))
        return joined.select(np.flatnonzero([text == DEVICES[0] for text in joined.texts("device")]))

    monkeypatch.setattr(latency_data, "_joined", alone)
    answer = latency(LatencyRequest(models, NEW))
    assert any("latencies of one device were learnt from" in line for line in answer.notes)
    assert answer.models[0].high_ms > 10 * answer.models[0].low_ms
    few = tmp_path / "few.csv"
    few.write_text(f"model,latency_ms\ncell20,{7 * answer.models[0].latency_ms}\n")
    assert latency(LatencyRequest(models, NEW, measured=few)).factor > 4  # hardly shrunk


NETWORK = """
import torch
from tests.importers.networks import NETWORKS

build = NETWORKS["residual"].build
inputs = NETWORKS["residual"].inputs
"""


def test_a_file_and_a_function_of_one_network_have_one_latency(data, tmp_path, monkeypatch):
    (tmp_path / "nets_of_latency.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    file = Path(__file__).parents[1] / "importers" / "fixtures" / "residual.onnx"
    of_file = latency(LatencyRequest(str(file), DEVICES[0])).models[0]
    found = latency(LatencyRequest("nets_of_latency:build", DEVICES[0], "nets_of_latency:inputs"))
    assert 0 < found.models[0].low_ms < found.models[0].latency_ms < found.models[0].high_ms
    assert found.models[0].latency_ms == pytest.approx(of_file.latency_ms, rel=1e-3)
    assert any("no network learnt from has" in line for line in found.notes)
