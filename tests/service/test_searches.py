"""Searches are started, followed and stopped."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from archflow.service.bodies import SearchBody
from archflow.service.models import Models
from archflow.service.refused import Refused
from archflow.service.searches import Searches
from archflow.service.settings import Limits

QUICK = {"method": "random", "budget": 6, "seed": 1}


@pytest.fixture(scope="module")
def models(folder):
    with ThreadPoolExecutor(1) as pool:
        yield Models({"score": folder}, pool)


@pytest.fixture
def searches(models):
    searches = Searches(models, Limits(evaluations=1000))
    yield searches
    searches.close()


def ended(search):
    search.thread.join(20)
    assert search.state in ("done", "stopped", "failed")
    return search


def test_a_predictor_is_searched_for_its_best(searches, models):
    search = ended(searches.start(SearchBody(evaluate="score", **QUICK)))
    about = search.about()
    assert (about["state"], about["evaluations"], about["message"]) == ("done", 6, "")
    assert about["best"]["metrics"]["score"] == max(each["metrics"]["score"] for each in about["history"])
    assert search.about(after=4)["history"] == about["history"][4:]


def test_a_data_set_is_searched_by_name(searches):
    about = ended(searches.start(SearchBody(evaluate="digits201", **QUICK))).about()
    assert (about["state"], about["evaluations"]) == ("done", 6)
    assert about["best"]["architecture"].startswith("|")


def test_a_search_is_stopped(searches, models, monkeypatch):
    predictor, slow = models.get("score").predictor, []

    def predict(table):
        slow.append(time.sleep(0.02))
        return type(predictor).predict(predictor, table)

    monkeypatch.setattr(predictor, "predict", predict)
    search = searches.start(SearchBody(evaluate="score", method="random", budget=1000))
    with pytest.raises(Refused, match="1 searches are running"):
        searches.start(SearchBody(evaluate="score", **QUICK))
    while len(search.history) < 2:
        time.sleep(0.005)
    assert searches.stop(search.id).state in ("stopping", "stopped")
    assert ended(search).state == "stopped"
    assert 2 <= len(search.history) < 1000
    assert searches.stop(search.id).state == "stopped"
    assert ended(searches.start(SearchBody(evaluate="score", **QUICK))).state == "done"


def test_a_search_that_fails_says_why(searches):
    about = ended(searches.start(SearchBody(evaluate="digits201", metric="accuracies", **QUICK))).about()
    assert about["state"] == "failed"
    assert "accuracies" in about["message"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"evaluate": "command:touch made"}, "evaluate"),
        ({"evaluate": "subprocess:run"}, "evaluate"),
        ({"evaluate": "train:/etc"}, "evaluate"),
        ({"evaluate": "/etc/passwd"}, "evaluate"),
        ({"evaluate": "digits20"}, "evaluate"),
        ({"method": "subprocess:Popen"}, "method"),
        ({"space": "os:system"}, "space"),
        ({"budget": 1001}, "budget"),
    ],
)
def test_nothing_is_run_or_read_for_a_client(searches, change, where):
    with pytest.raises(Refused) as refused:
        searches.start(SearchBody(**{"evaluate": "score", **QUICK, **change}))
    assert (refused.value.status, refused.value.where) == (422, where)


def test_an_unknown_search_is_not_found(searches):
    for name in ("", "../..", "0" * 16):
        with pytest.raises(Refused) as refused:
            searches.get(name)
        assert refused.value.status == 404


def test_the_end_of_a_service_stops_its_searches(models, monkeypatch):
    predictor = models.get("score").predictor

    def predict(table):
        time.sleep(0.02)
        return type(predictor).predict(predictor, table)

    monkeypatch.setattr(predictor, "predict", predict)
    searches = Searches(models, Limits())
    search = searches.start(SearchBody(evaluate="score", method="random", budget=1000))
    searches.close()
    assert search.state == "stopped"
    assert not searches._folder.exists()


def test_what_is_forgotten_leaves_no_files(searches, monkeypatch):
    monkeypatch.setattr("archflow.service.searches.KEPT", 1)
    first, second = (ended(searches.start(SearchBody(evaluate="score", **QUICK))) for _ in range(2))
    with pytest.raises(Refused, match="is forgotten"):
        searches.get(first.id)
    assert [path.name for path in searches._folder.iterdir()] == [second.id]
