from archflow.recipes.ranking.candidates import CHUNK
from archflow_reproduce.speed import ranking


def test_a_ranking_is_timed_against_its_parts(monkeypatch):
    monkeypatch.setattr(ranking, "REPEATS", 1)
    monkeypatch.setattr(ranking, "LABELS", 12)
    monkeypatch.setattr(ranking, "CHUNK", 64)
    found = ranking.run_speed_ranking(200, encoder="gin", top=10)
    assert (found["count"], found["distinct"]) == (200, 200)
    assert CHUNK == 4096, "the ranking has its own"
    parts = ("embed_us", "predict_us", "sample_us", "digest_us", "distinct_us")
    assert all(found[name] > 0 for name in (*parts, "rank_us", "wall_us", "peak_gib"))
    assert found["share"] == round(found["share"], 3)
