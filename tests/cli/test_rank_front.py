import json

import numpy as np
import pytest

from archflow.graph.table import read_table
from tests.cli.commands import one_line
from tests.latencies import DEVICES, long_latencies

QUICK = ("--recipe", "plain", "--features", "params,flops")


@pytest.fixture
def tiny(monkeypatch):
    """The plain recipe of one component that takes no time."""
    from archflow.recipes import stacks
    from archflow.recipes.stacks import Recipe

    monkeypatch.setattr(stacks, "RECIPES", {**stacks.RECIPES, "plain": Recipe({"ridge": {}})})


def test_from_candidates_to_a_front(run, here, tiny):
    long = long_latencies(60)
    long.write("long.parquet")
    one = long.select([row for row, text in enumerate(long.texts("device")) if text == DEVICES[0]])
    known = np.arange(60) < 40
    gaps = {name: np.where(known, one.metric(name), np.nan) for name in ("accuracy", "latency_ms")}
    one.with_metrics(gaps).write("cells.parquet")
    run("fit", "--data", "cells.parquet", "--metric", "accuracy", "--objective", "squared", "--out", "a", *QUICK)
    options = ("--objective", "log", "--context", "device", "--out", "b", *QUICK)
    run("fit", "--data", "long.parquet", "--metric", "-latency_ms", *options)
    asked = ("rank", "cells.parquet", "--accuracy", "a", "--latency", "b", "--device", DEVICES[0])
    outputs = ("--out", "ranked.csv", "--report", "front.html")
    found = json.loads(run(*asked, "--limit", "8ms", *outputs, "--json"))
    assert found["front"]
    assert all(each["latency_upper"] <= 8 for each in found["front"])
    ranked = read_table("ranked.csv")
    assert ranked.metric("on_front").sum() == len(found["front"])
    assert (here / "front.html").is_file()
    assert "on the front" in run(*asked)
    assert "20 of what" in one_line(run(*asked, "--limit", "20", code=2))
    predicted = json.loads(run("predict", "b", "--data", "cells.parquet", "--device", DEVICES[4], "--json"))
    slower = json.loads(run("predict", "b", "--data", "cells.parquet", "--device", DEVICES[0], "--json"))
    assert predicted["top"][0]["predicted"] < slower["top"][0]["predicted"]
    assert "without a context" in one_line(run("predict", "a", "--data", "cells.parquet", "--device", "x", code=2))


def test_contexts_that_cannot_be_are_refused(run, here, tiny):
    long_latencies(10).write("long.parquet")
    fit = ("fit", "--data", "long.parquet", "--metric", "latency_ms", "--out", "p", "--recipe")
    assert "no such column" in one_line(run(*fit, "plain", "--context", "place", code=2))
    assert "Name their column" in one_line(run(*fit, "plain", "--unseen", code=2))
    assert "not of the recipe 'networks'" in one_line(run(*fit, "networks", "--context", "device", code=2))


def test_evaluate_says_how_near_latencies_are(run, here, tiny):
    long_latencies(40).write("long.parquet")
    asked = ("evaluate", "long.parquet", "--metric", "-latency_ms", "--recipe", "plain", "--repetitions", 2)
    found = json.loads(run(*asked, "--labels", 80, "--objective", "log", "--context", "device", "--json"))
    (values,) = (each["values"] for each in found["budgets"])
    assert values["blend"]["mape"] < values["flops"]["mape"] * 10
    assert any("off on average" in line and "best baseline" in line for line in found["verdict"])
    ranked = json.loads(run(*asked, "--labels", 80, "--context", "device", "--json"))
    assert all(not each["values"] for each in ranked["budgets"]), "a ranking has no values"
