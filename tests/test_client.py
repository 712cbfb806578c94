"""The Python client, against a service on a socket in this process."""

import math

import numpy as np
import pytest

from archflow.client import Client, ServiceError, _forms
from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.predict import StackedPredictor
from archflow.service.app import create_app
from archflow.service.settings import Access
from tests.serving import served
from tests.tables import scored_cells

TOKEN = "a-token-for-tests-0123456789"


@pytest.fixture(scope="module")
def cells():
    table = scored_cells(30)
    return table.with_metrics({"params": np.random.default_rng(2).uniform(1, 9, 30) + table.metrics["score"]})


@pytest.fixture(scope="module")
def address(cells, tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictors")
    for name, features, columns in (("plain", ["counts"], None), ("sized", ["columns"], ["params"])):
        predictor = StackedPredictor(components=["line", "ridge"], features=features, columns=columns)
        predictor.fit(cells, metrics=["score"])
        predictor.save(folder / name)
    app = create_app({name: folder / name for name in ("plain", "sized")}, Access(TOKEN))
    with served(app) as address:
        yield address


@pytest.fixture
def client(address):
    with Client(address, TOKEN, timeout=20) as client:
        yield client


def test_every_form_of_architectures_gives_the_same(client, cells):
    expected = client.predict(cells, model="plain", interval=0.8)["score"]
    assert all(map(math.isfinite, [*expected.mean, *expected.std, *expected.low, *expected.high]))
    strings = client.predict(cells.native, model="plain", space="nasbench201")["score"]
    for given in (cells.architectures, list(cells.architectures), [_forms(each)[0] for each in cells.architectures]):
        np.testing.assert_allclose(client.predict(given, model="plain")["score"].mean, expected.mean)
    np.testing.assert_allclose(strings.mean, expected.mean)
    one = client.predict(cells.architectures[3], model="plain")["score"].mean
    np.testing.assert_allclose(one, expected.mean[3:4])


def test_the_columns_of_a_table_are_sent_if_the_predictor_reads_them(client, cells):
    found = client.predict(cells, model="sized")["score"].mean
    given = client.predict(cells.architectures, model="sized", columns={"params": cells.metrics["params"].tolist()})
    np.testing.assert_allclose(given["score"].mean, found)
    with pytest.raises(ServiceError, match="params"):
        client.predict(cells.architectures, model="sized")


def test_attributes_are_sent():
    one = Architecture(("input", "conv"), ((0, 1),), {"kernel": (float("nan"), 3.0)})
    assert _forms(one) == [{"ops": ["input", "conv"], "edges": [[0, 1]], "attributes": {"kernel": [None, 3.0]}}]


def test_ranks_and_explanations(client, cells):
    best = client.rank(cells, model="plain", top=2)
    assert [each["rank"] for each in best] == [1, 2]
    assert client.explain(cells.architectures[0], model="plain", most=5)["metric"] == "score"
    with pytest.raises(ServiceError, match="no encoder"):
        client.embed(cells, model="plain")


def test_a_search_is_followed_and_stopped(client):
    search = client.search("plain", method="random", budget=5)
    assert len(list(search.follow(every=0.02))) == 5
    assert search.state["state"] == "done"
    assert search.result()["metrics"].keys() == {"score"}
    search.stop()
    assert search.state["state"] == "done"


def test_errors_are_exceptions(address, client):
    with pytest.raises(ServiceError, match="did you mean 'plain'") as error:
        client.predict(["x"], model="plian", space="nasbench201")
    assert (error.value.status, error.value.where) == (404, "model")
    with Client(address, "wrong") as stranger, pytest.raises(ServiceError, match="token") as error:
        stranger.models()
    assert error.value.status == 401
    with pytest.raises(ArchflowError, match="no answer"):
        Client("http://127.0.0.1:9").health()
    for wrong in ("localhost:8000", "ftp://x", ""):
        with pytest.raises(ArchflowError, match="is not an address"):
            Client(wrong)


def test_the_token_of_the_environment_is_sent_and_not_printed(address, monkeypatch):
    monkeypatch.setenv("ARCHFLOW_TOKEN", TOKEN)
    with Client(address) as client:
        assert [each["name"] for each in client.models()] == ["plain", "sized"]
        assert [each["name"] for each in client.reload()] == ["plain", "sized"]
        assert client.health()["status"] == "ok"
        assert TOKEN not in repr(client)
