"""An even load is kept, and what grows under it is found."""

import json

import pytest

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.predict import NetworkPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.service.app import create_app
from archflow.service.settings import Access, Limits
from archflow_reproduce.results.soak_report import soak_tables
from archflow_reproduce.speed.asked import Service
from archflow_reproduce.speed.soak import Asked, Soak, growth, mixture, run_soak
from tests.serving import served
from tests.tables import scored_cells

TOKEN = "a-token-for-tests-0123456789"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    cells = scored_cells(30)
    predictor = NetworkPredictor(create("gin", cells, width=4), members=1, settings=FineTuneSettings(epochs=1))
    predictor.fit(cells, metrics=["score"])
    folder = tmp_path_factory.mktemp("predictor") / "p"
    predictor.save(folder)
    with served(create_app({"p": folder}, Access(TOKEN), Limits(rate=1e6))) as address:
        yield address


def test_a_round_asks_for_everything():
    requests = mixture(["a"], [{"ops": ["input"], "edges": []}], "p", "nasbench201")
    assert len(requests) == 1000
    paths = {each.path for each in requests}
    assert paths >= {"/predict", "/rank", "/embed", "/explain", "/reload", "/search", "/models", "/health", "/metrics"}
    assert sum(each.status >= 400 for each in requests) == 50
    bodies = [json.loads(each.body) for each in requests if each.path == "/embed"]
    assert bodies[0] == {"architectures": ["a"], "model": "p", "space": "nasbench201"}


def test_what_a_service_takes_is_noted(address):
    noted = []
    result = run_soak(Soak(Service(address, TOKEN), 2, 100.0), "p", "nasbench201", 2, lambda: noted.append(1), 0.5)
    assert len(noted) == len(result["periods"]) == 2
    for period in result["periods"]:
        assert 0 < period["median_ms"] <= period["p90_ms"] <= period["p99_ms"] <= period["most_ms"]
        assert 0 < period["requests_per_second"] < 150
        assert min(period["mib"], period["threads"], period["open_files"]) >= 1
    assert "100 requests per second" in soak_tables(result)[0]


def test_another_answer_than_expected_ends_it(address):
    soak = Soak(Service(address, TOKEN), 2, 50.0)
    with pytest.raises(ArchflowError, match="/health answers with 200"):
        list(soak.periods([Asked("GET", "/health", 404)], 1.0, 1))
    with pytest.raises(ArchflowError, match="no answer"):
        list(Soak(Service("http://127.0.0.1:9"), 1, 1.0).periods([Asked("GET", "/health")], 1.0, 1))


def test_growth_is_that_of_the_last_two_thirds():
    names = ("open_files", "threads", "median_ms", "p99_ms")
    periods = [
        {"minute": minute, "mib": 300.0 + (100 if minute <= 3 else minute / 6), **dict.fromkeys(names, 5.0)}
        for minute in range(1, 10)
    ]
    found = growth(periods)
    assert found["from_minute"] == 4
    assert found["mib_per_hour"] == pytest.approx(10)
    assert found["threads_per_hour"] == found["p99_ms_per_hour"] == 0
