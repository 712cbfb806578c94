"""All encoders side by side: every cell measured, resumable, and drawn where it belongs."""

import json

import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.report.vega import specification
from archflow_reproduce.results.encoders_report import encoders_report, encoders_table, speed_accuracy_chart
from archflow_reproduce.studies import encoders
from archflow_reproduce.studies.encoders import Comparison, compare_encoders
from tests.report.pages import read_page
from tests.tables import scored_cells

SMALL = Comparison(
    "cells",
    None,
    ["gin", "mlp"],
    metric="score",
    labels=(20, 30),
    runs=2,
    epochs=(3, 2),
    split_by="all",
)


@pytest.fixture(scope="module")
def table() -> Table:
    return scored_cells(200)


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders")
    return folder, compare_encoders(SMALL, table, folder)


def test_every_encoder_meets_every_number_of_labels(finished):
    _, result = finished
    assert [(cell["encoder"], cell["labels"]) for cell in result["cells"]] == [
        ("gin", 20),
        ("mlp", 20),
        ("gin", 30),
        ("mlp", 30),
    ]
    assert [cell["config"]["fine_tune"]["epochs"] for cell in result["cells"]] == [3, 3, 2, 2]
    taus = [tuple(cell["methods"]["supervised"]["tau"]) for cell in result["cells"]]
    assert len(set(taus)) == 4
    assert all(len(tau) == 2 for tau in taus)
    assert result["splits"]["test"] == [200] * 3
    assert set(result["encode_us"]) == {"gin", "mlp"}
    assert all(us > 0 for us in result["encode_us"].values())
    json.dumps(result, allow_nan=False)


def test_what_is_finished_is_not_done_again(finished, table, monkeypatch):
    folder, result = finished

    def forbidden(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("archflow_reproduce.protocol.runs.fine_tune", forbidden)
    fewer = Comparison(**{**vars(SMALL), "encoders": ["mlp"], "labels": (30,), "epochs": (2,)})
    assert compare_encoders(fewer, table, folder)["cells"][0]["methods"] == result["cells"][3]["methods"]


def test_epochs_are_one_number_or_as_many_as_labels():
    with pytest.raises(ArchflowError, match="3 numbers of epochs for 2 of labels"):
        Comparison(**{**vars(SMALL), "epochs": (1, 2, 3)})


def result_of(taus: dict[str, list[float]], published: dict[str, float]) -> dict:
    cells = [
        {
            "encoder": name,
            "labels": 78,
            "methods": {"supervised": {"tau": values, "p_at_1": [0.5] * len(values), "p_at_5": [0.25] * len(values)}},
            "published": {"supervised": {"tau": published[name]}} if name in published else {},
            "config": {
                "data": "nasbench201",
                "encoder": name,
                "split_by": "random",
                "fine_tune": {"epochs": 100},
                "tasks": {},
                "model_seeds": [21, 21, 21, 2021],
            },
        }
        for name, values in taus.items()
    ]
    return {
        "data": "cells",
        "metric": "score",
        "cells": cells,
        "splits": {"test": [100, 100, 100]},
        "encode_us": {name: 10.0 * 10**i for i, name in enumerate(taus)},
        "batch_size": encoders.BATCH_SIZE,
        "threads": 2,
        "machine": {"processor": "A Processor"},
    }


def test_the_table_has_the_best_first_beside_the_published():
    heads, rows = encoders_table(result_of({"gin": [0.5, 0.7], "mlp": [0.8]}, {"gin": 0.657}))
    assert heads == ["encoder", "µs", "runs", "epochs", "Kendall tau", "P@1 %", "P@5 %", "published"]
    assert rows == [
        ["`mlp`", "100", "1, 1 seed", "100", "0.800 (0.000)", "0.500 (0.000)", "0.250 (0.000)", "–"],
        ["`gin`", "10", "2, 1 seed", "100 of 500", "0.600 (0.100)", "0.500 (0.000)", "0.250 (0.000)", "0.657"],
    ]


def test_points_are_encoders_at_their_time_and_tau():
    chart = specification(speed_accuracy_chart(result_of({"gin": [0.5, 0.7], "mlp": [0.8], "dagnn": [0.7]}, {})))
    points = {row["name"]: (row["x"], row["y"], row["spread"]) for row in chart["datasets"][chart["data"]["name"]]}
    assert points["gin"] == (10, pytest.approx(0.6), pytest.approx(0.1))
    assert sorted(points, key=lambda name: points[name][0]) == ["gin", "mlp", "dagnn"]
    assert sorted(points, key=lambda name: -points[name][1]) == ["mlp", "dagnn", "gin"]


def test_the_report_is_whole_and_self_contained(finished, tmp_path):
    encoders_report(tmp_path / "report.html", finished[1])
    read = read_page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert {row["name"] for row in read.rows("speed-accuracy")} >= {"gin", "mlp"}
