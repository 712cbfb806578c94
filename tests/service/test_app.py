"""The paths of the service, in this process."""

import json
import math

import numpy as np
import pytest

from archflow.predict import load_predictor
from tests.service.conftest import TOKEN


def error_of(response, status):
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error"}
    error = response.json()["error"]
    assert error["status"] == status
    assert error["message"]
    assert "\n" not in error["message"]
    return error


def test_predictions_are_those_of_the_library(service, cells, folder, native, graphs):
    direct = load_predictor(folder)
    low, high = direct.interval(cells, 0.8)
    for body in ({"architectures": graphs}, {"architectures": native, "space": "nasbench201", "model": "score"}):
        response = service.post("/predict", json={**body, "interval": 0.8})
        assert response.status_code == 200, response.text
        found = response.json()["metrics"]["score"]
        for key, expected in zip(("mean", "std", "low", "high"), (*direct.predict(cells), low, high), strict=True):
            np.testing.assert_allclose(found[key], expected, rtol=1e-12)


def test_the_best_are_ranked(service, cells, folder, graphs):
    ranked = load_predictor(folder).rank(cells, top=3)
    found = service.post("/rank", json={"architectures": graphs, "top": 3}).json()
    assert (found["model"], found["metric"], found["architectures"]) == ("score", "score", 30)
    assert [each["rank"] for each in found["top"]] == [1, 2, 3]
    rows = [each["row"] for each in found["top"]]
    assert rows == np.argsort(ranked.metrics["rank_score"])[:3].tolist()
    np.testing.assert_allclose(
        [each["probability_top"] for each in found["top"]], ranked.metrics["probability_top_3_score"][rows]
    )


def test_an_explanation_is_that_of_the_library(service, cells, folder, native):
    found = service.post("/explain", json={"architectures": native[:1], "space": "nasbench201", "most": 20})
    assert found.status_code == 200, found.text
    from archflow.spaces import NASBench201

    expected = load_predictor(folder).explain(cells.select([0]), space=NASBench201(), most=20).to_json()
    content = found.json()
    assert content["prediction"] == pytest.approx(expected["prediction"])
    assert [each["text"] for each in content["changes"]] == [each["text"] for each in expected["changes"]]


def test_a_predictor_without_encoders_cannot_embed(service, graphs):
    assert "has no encoder" in error_of(service.post("/embed", json={"architectures": graphs}), 422)["message"]


def test_what_is_served_is_listed(service):
    (model,) = service.get("/models").json()["models"]
    assert model["name"] == "score"
    assert model["metrics"] == ["score"]
    assert "nor_conv_3x3" in model["operations"]


def test_a_wrong_token_is_refused_and_health_needs_none(service):
    for given in ("", "Bearer ", "Bearer wrong-token-0123456789", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
        response = service.get("/models", headers={"Authorization": given})
        assert "token" in error_of(response, 401)["message"]
        assert response.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in response.text
    assert service.get("/health", headers={"Authorization": ""}).json()["status"] == "ok"
    assert service.get("/openapi.json", headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize("name", ["../score", "/etc/passwd", "score/../score", "scor", "os:system", "\0", "x" * 150])
def test_a_name_leads_to_no_file(service, graphs, name):
    message = error_of(service.post("/predict", json={"architectures": graphs, "model": name}), 404)["message"]
    assert "there are: score" in message
    assert ("did you mean 'score'" in message) == (name in ("scor", "../score"))


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"space": "os:system", "architectures": ["x"]}, "space"),
        ({"space": "nasbench", "architectures": ["x"]}, "space"),
        ({"architectures": ["x"]}, "architectures.0"),
        ({"architectures": ["x"], "space": "nasbench201"}, "architectures.0"),
        ({"architectures": []}, "architectures"),
        ({"architectures": [3]}, "architectures.0"),
        ({"architectures": [{"ops": ["input"], "edges": [], "more": 1}]}, "architectures.0.more"),
        ({"architectures": [{"ops": ["a", "b"], "edges": [[0, 1, 2]]}]}, "architectures.0.edges.0"),
        ({"architectures": [{"ops": ["a", "b"], "edges": [[0, -1]]}]}, "architectures.0.edges.0.1"),
        ({"architectures": [{"ops": ["a", "b"], "edges": [[0, 7]]}]}, ""),
        ({"architectures": [{"ops": ["a", "b"], "edges": [[0, 1], [1, 0]]}]}, ""),
        ({"architectures": [{"ops": ["a"], "edges": [], "attributes": {"k": [1, 2]}}]}, "architectures.0.attributes.k"),
        ({"architectures": [{"ops": ["a"], "edges": [], "attributes": {"k": [1e300]}}]}, ""),
        ({"architectures": [{"ops": ["a"], "edges": []}], "columns": {"x": [1, 2]}}, "columns.x"),
        ({"architectures": [{"ops": ["a"], "edges": []}], "interval": 1.0}, "interval"),
        ({"architectures": [{"ops": ["a"], "edges": []}], "interval": 0.999}, ""),
        ({}, "architectures"),
        ([], ""),
    ],
)
def test_what_cannot_be_read_is_refused(service, body, where):
    assert error_of(service.post("/predict", json=body), 422)["where"] == where


def test_unknown_operations_get_the_nearest(service):
    body = {"architectures": [{"ops": ["input", "nor_conv_3x4", "output"], "edges": [[0, 1], [1, 2]]}]}
    assert "did you mean 'nor_conv_3x3'" in error_of(service.post("/predict", json=body), 422)["message"]


def test_an_unknown_metric_gets_the_nearest(service, graphs):
    message = error_of(service.post("/rank", json={"architectures": graphs, "metric": "scores"}), 422)["message"]
    assert "did you mean 'score'" in message


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"architectures":' * 5000,
        b'{"architectures": [], "interval": NaN}',
        b'{"interval": Infinity}',
        b'"\\ud800"',
        b"\xff",
    ],
)
def test_what_is_not_json_is_refused(service, text):
    response = service.post("/predict", content=text, headers={"Content-Type": "application/json"})
    error_of(response, 400 if text else 422)


def test_a_form_of_a_web_page_is_not_read(service, graphs):
    text = json.dumps({"architectures": graphs})
    error_of(service.post("/predict", content=text, headers={"Content-Type": "text/plain"}), 422)


def test_too_much_is_refused(service, graphs):
    assert error_of(service.post("/predict", json={"architectures": graphs * 2}), 413)["where"] == "architectures"
    wide = {"ops": ["input"] * 401, "edges": []}
    assert "401 nodes" in error_of(service.post("/predict", json={"architectures": [wide]}), 413)["message"]
    assert "200,000 bytes" in error_of(service.post("/predict", content=b" " * 200_001), 413)["message"]
    chunks = service.post("/predict", content=iter([b" " * 100_000] * 3))  # without a content-length
    error_of(chunks, 413)


def test_other_paths_and_methods_have_the_same_shape(service):
    error_of(service.get("/nowhere"), 404)
    error_of(service.get("/predict"), 405)
    refused = service.options("/search/0123456789abcdef")
    error_of(refused, 405)
    assert refused.headers["allow"] == "DELETE, GET"
    error_of(service.get("/search/../../etc/passwd"), 404)
    error_of(service.get("/search/..%2f..%2fetc"), 404)


def test_numbers_are_finite_or_null(service, graphs):
    def refuse(name):
        raise AssertionError(name)

    text = service.post("/rank", json={"architectures": graphs[:1]}).text
    json.loads(text, parse_constant=refuse)


def test_requests_are_counted(service, graphs):
    service.post("/predict", json={"architectures": graphs})
    lines = dict(line.rsplit(" ", 1) for line in service.get("/metrics").text.splitlines() if line[0] != "#")
    assert float(lines['archflow_requests_total{path="/predict",status="200"}']) >= 1
    assert float(lines['archflow_architectures_total{path="/predict"}']) >= 30
    assert float(lines["process_resident_memory_bytes"]) > 1e6
    assert all(math.isfinite(float(value)) for value in lines.values())


def test_a_damaged_predictor_does_not_replace_the_served_one(service, folder, graphs):
    first = service.get("/models").json()
    description = folder / "predictor.json"
    text = description.read_text()
    try:
        description.write_text("{")
        assert "predictor.json" in error_of(service.post("/reload"), 422)["message"]
        assert service.post("/predict", json={"architectures": graphs}).status_code == 200
        assert service.get("/models").json() == first
    finally:
        description.write_text(text)
    assert service.post("/reload").status_code == 200
