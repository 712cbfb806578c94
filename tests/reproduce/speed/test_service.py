"""The load of a running service is measured."""

import json

import pytest

from archflow.errors import ArchflowError
from archflow.predict import StackedPredictor
from archflow.service.app import create_app
from archflow.service.settings import Access, Limits
from archflow_reproduce.speed.asked import Service
from archflow_reproduce.speed.service import Load, bodies
from tests.serving import served
from tests.tables import scored_cells

TOKEN = "a-token-for-tests-0123456789"


@pytest.fixture(scope="module")
def cells():
    return scored_cells(30)


@pytest.fixture(scope="module")
def address(cells, tmp_path_factory):
    predictor = StackedPredictor(components=["line", "ridge"], features=["counts"])
    predictor.fit(cells, metrics=["score"])
    folder = tmp_path_factory.mktemp("predictor") / "p"
    predictor.save(folder)
    with served(create_app({"p": folder}, Access(TOKEN), Limits(architectures=10, rate=1e6))) as address:
        yield address


def test_bodies_hold_so_many_architectures(cells):
    found = [json.loads(body) for body in bodies(cells.architectures, 8, "p")]
    assert [len(body["architectures"]) for body in found] == [8, 8, 8]
    assert found[1]["architectures"][0]["ops"] == list(cells.architectures[8].ops)


def test_every_number_is_measured(address, cells):
    found = Load(Service(address, TOKEN), 2, 0.1).of(bodies(cells.architectures, 5, None), 5)
    assert found["requests"] > 0
    assert found["architectures_per_second"] <= 5 * found["requests"] / 0.1
    assert 0 < found["median_ms"] <= found["p99_ms"]
    assert found["service_cpu_us"] > 0
    assert found["requests_per_batch"] >= 1
    assert found["mib_after"] > 1


def test_a_service_that_refuses_is_not_measured(address, cells):
    with pytest.raises(ArchflowError, match="more than the 10"):
        Load(Service(address, TOKEN), 1, 0.1).of(bodies(cells.architectures, 20, None), 20)
    with pytest.raises(ArchflowError, match="401"):
        Service(address).counters()
    with pytest.raises(ArchflowError, match="no answer"):
        Service("http://127.0.0.1:9").counters()
