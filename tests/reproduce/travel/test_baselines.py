"""The regressors find what is there to be found, and look at no label that they must not see."""

from dataclasses import replace

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.travel import baselines
from archflow_reproduce.travel.answer import judged
from archflow_reproduce.travel.methods import BASELINES, REGRESSORS, chosen
from archflow_reproduce.travel.pool import Pool
from tests.reproduce.travel.pools import pool, task

PLAIN = [f"{name}/plain" for name in REGRESSORS]


@pytest.mark.parametrize("name", [*PLAIN, "ridge/plain+columns", "params"])
def test_planted_test_labels_change_nothing(name):
    known = task()
    answer = BASELINES[name].answer(known)
    labels = known.pool.labels.copy()
    labels[known.test] = np.random.default_rng(1).normal(size=len(known.test)) * 1e6
    planted = replace(known, pool=Pool(known.pool.entry, known.pool.table, labels, known.pool.whole))
    again = BASELINES[name].answer(planted)
    assert np.array_equal(answer.scores, again.scores)
    for one, other in ((answer.mean, again.mean), (answer.std, again.std)):
        assert (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("name", PLAIN)
def test_they_rank_what_is_easy(name):
    known = task(60)
    found = judged(BASELINES[name].answer(known), known.truth)
    assert found["tau"] > 0.5
    if name.startswith("gaussian"):
        assert found["inside_50"] < found["inside_80"] < found["inside_95"]


def test_a_column_falls_or_rises_as_the_labels_say():
    cells = pool()
    for sign in (1, -1):
        table = cells.table.with_metrics({"params_M": sign * cells.labels})
        known = replace(task(), pool=Pool(cells.entry, table, cells.labels, cells.whole))
        assert judged(BASELINES["params"].answer(known), known.truth)["tau"] == 1


def test_what_a_table_lacks_does_not_apply():
    bare = pool(columns=False)
    assert not BASELINES["params"].applies(bare)
    assert not BASELINES["ridge/plain+columns"].applies(bare)
    assert BASELINES["ridge/plain+columns"].otherwise == "ridge/plain"
    assert BASELINES["ridge/all"].applies(bare)


def test_methods_are_chosen_by_name_and_pattern():
    assert list(chosen(["ridge/*"])) == [f"ridge/{each}" for each in ("plain", "plain+columns", "graf", "all")]
    assert set(chosen(["baselines"])) == set(BASELINES)
    assert "default" in chosen([])
    assert "default" in chosen(["ours"])
    with pytest.raises(ArchflowError, match="no method is called 'xgbost'"):
        chosen(["xgbost"])


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with pytest.raises(ArchflowError, match=r"xgboost: cannot be imported .* pip install"):
        baselines.xgboost(task(), task().pool.features("plain"))
