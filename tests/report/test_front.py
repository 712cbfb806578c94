import json

import numpy as np

from archflow.report.front import Candidates, front_chart, front_report


def candidates(**more) -> Candidates:
    rng = np.random.default_rng(0)
    latency = rng.uniform(1, 9, 50)
    accuracy = 90 + latency
    return Candidates(
        accuracy, latency, latency * 1.2, np.array([3, 5]), {3: "<b>a</b>", 5: "b"}, ("acc", "latency_ms"), **more
    )


def test_the_chart_has_candidates_front_and_limit():
    drawn = json.dumps(front_chart(candidates(limit=4.0)).to_dict())
    assert "predicted latency_ms" in drawn
    assert drawn.count('"x2"') == 1
    assert '"x": 4.0' in drawn


def test_the_page_is_one_file(tmp_path):
    path = tmp_path / "front.html"
    front_report(path, "acc against latency_ms", ["2 of 50 candidates are on the front."], candidates())
    text = path.read_text()
    assert "2 of 50 candidates are on the front." in text
    assert "<b>a</b>" not in text.split("<script")[0]


def test_an_empty_front_is_drawn(tmp_path):
    none = Candidates(np.ones(3), np.ones(3), np.ones(3), np.zeros(0, int), {}, ("a", "b"))
    front_report(tmp_path / "none.html", "nothing", [], none)
