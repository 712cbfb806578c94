"""Predictors by name."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict import FineTuneSettings, NetworkPredictor, StackedPredictor
from archflow.service.models import Models, named_folders
from archflow.service.refused import Refused


def test_names_are_given_or_those_of_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert named_folders(["a/first", "second=b", "third/"]) == {
        "first": Path("a/first"),
        "second": Path("b"),
        "third": Path("third"),
    }
    assert list(named_folders(["."])) == [tmp_path.name]


@pytest.mark.parametrize("given", [["a", "b/a"], ["a/b=c"], ["=c"], ["/"], ["..=c"]])
def test_names_that_cannot_be_are_refused(given):
    with pytest.raises(ArchflowError, match="NAME=FOLDER"):
        named_folders(given)


def test_a_network_serves_as_a_stack_does(cells, tmp_path):
    settings = FineTuneSettings(epochs=1)
    predictor = NetworkPredictor(create("gin", cells, width=8), members=2, settings=settings)
    predictor.fit(cells, metrics=["score"])
    predictor.save(tmp_path / "net")
    with ThreadPoolExecutor(1) as pool:
        models = Models({"net": tmp_path / "net"}, pool)
        served = models.get(None)
        table = served.known(Table(cells.architectures))

        async def main():
            return await asyncio.gather(*(served.predict(table.select([row]), None) for row in range(5)))

        found = asyncio.run(main())
        expected = predictor.predict(cells.select(np.arange(5))).mean
        np.testing.assert_allclose([each["predicted_score"][0] for each in found], expected, rtol=1e-5)
        embedded = asyncio.run(served.embed(table))["embedding"]
        np.testing.assert_allclose(embedded, predictor.embed(cells), rtol=1e-4, atol=1e-5)


def test_requests_under_way_keep_their_predictor(folder, cells):
    with ThreadPoolExecutor(1) as pool:
        models = Models({"a": folder, "b": folder}, pool)
        before = models.get("a")
        models.reload()
        assert models.get("a") is not before
        assert before.predictor is not models.get("a").predictor
        known = before.known(Table(cells.architectures))
        assert len(asyncio.run(before.predict(known, None))["predicted_score"]) == 30
        with pytest.raises(Refused, match="there are: a, b"):
            models.get(None)


def test_what_cannot_be_loaded_is_said(tmp_path):
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(ArchflowError, match="is the folder that `archflow fit` wrote"),
    ):
        Models({"none": tmp_path / "none"}, pool)


def test_columns_that_are_read_are_listed(cells, tmp_path):
    rng = np.random.default_rng(0)
    wide = cells.with_metrics({"params": 10 ** rng.uniform(0, 6, 30) + cells.metrics["score"]})
    wide = wide.with_texts({"kind": [("a", "b", "c")[row % 3] for row in range(30)], "unused": ["x"] * 30})
    predictor = StackedPredictor(components=["ridge"], features=["columns"], columns=["params", "kind"])
    predictor.fit(wide, metrics=["score"])
    predictor.save(tmp_path / "p")
    with ThreadPoolExecutor(1) as pool:
        assert Models({"p": tmp_path / "p"}, pool).get("p").about()["columns"] == ["params", "kind"]
