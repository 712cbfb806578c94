"""Regressors on features in the table of encoders: the protocol's rows and no others, and names that are refused."""

import numpy as np
import pytest

from archflow.data.splits import label_count
from archflow.errors import ArchflowError
from archflow_reproduce.results.encoders_report import encoders_table
from archflow_reproduce.results.sections.encoders import EncodersResult
from archflow_reproduce.studies.encoders import Comparison, compare_encoders
from archflow_reproduce.studies.on_features import features_result, is_on_features
from archflow_reproduce.travel.answer import Answer
from archflow_reproduce.travel.methods import REGRESSORS
from tests.tables import scored_cells

SMALL = Comparison("cells", None, ["mlp", "graf + ridge"], metric="score", labels=(30,), runs=2, epochs=(2,))


@pytest.fixture(scope="module")
def table():
    return scored_cells(200)


def test_they_stand_beside_encoders_on_the_same_rows(table, tmp_path):
    result = compare_encoders(SMALL, table, tmp_path)
    mlp, ridge = result["cells"]
    assert mlp["labels"] == ridge["labels"]
    assert len(ridge["methods"]["supervised"]["tau"]) == 2
    assert set(ridge["methods"]["supervised"]) <= set(mlp["methods"]["supervised"])
    assert result["encode_us"]["graf + ridge"] > 0
    rows = {row[0]: row for row in encoders_table(result)[1]}
    assert rows["`graf + ridge`"][2:4] == ["2, 1 seed", "–"]
    assert EncodersResult.model_validate(result).cells[1].encoder == "graf + ridge"
    alone = features_result("graf + ridge", SMALL.protocol("mlp", 30), "cells", table)
    assert {**alone["splits"], "order_against_metric_tau": 0} == {**result["splits"], "order_against_metric_tau": 0}


@pytest.mark.parametrize(("name", "more"), [("graf + ridge", 0), ("graf + ridge + validation", 40)])
def test_they_learn_from_the_labels_of_the_train_part_alone(table, monkeypatch, name, more):
    tasks = []

    def spy(task, x):
        tasks.append(task)
        return Answer(np.asarray(x[task.test, 0], np.float64))

    monkeypatch.setitem(REGRESSORS, "ridge", (spy, {}))
    protocol = SMALL.protocol("mlp", 30)
    features_result(name, protocol, "cells", table)
    for task in tasks:
        assert len(task.labelled) == label_count(30, 100) + more
        assert not np.isin(task.labelled, task.test).any()
    assert not np.array_equal(tasks[0].labelled, tasks[1].labelled)


@pytest.mark.parametrize("name", ["graf + gin", "graf + ridge + more", "nothing + ridge"])
def test_a_name_of_nothing_is_refused(name):
    with pytest.raises(ArchflowError):
        is_on_features(name)


def test_an_encoder_is_not_on_features():
    assert not is_on_features("gated_gcn")
