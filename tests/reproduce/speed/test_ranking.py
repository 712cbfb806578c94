import pytest

from archflow.recipes.ranking.candidates import CHUNK
from archflow.recipes.ranking.precision import has_bfloat16
from archflow_reproduce.results.scale_report import scale_tables
from archflow_reproduce.speed import ranking
from tests.reproduce.results.records import MACHINE


def test_a_ranking_is_timed_against_its_parts(monkeypatch):
    for name, value in {"REPEATS": 1, "LABELS": 12, "EPOCHS": 1, "CHUNK": 64}.items():
        monkeypatch.setattr(ranking, name, value)
    steps = []
    found = ranking.run_speed_ranking(ranking.Stream(200, top=10), ("mlp",), steps.append)
    assert (found["distinct"], found["distinct_is_exact"], found["precision"]) == (200, True, "float32")
    assert CHUNK == 4096, "the ranking has its own"
    assert set(found["parts"]) == {"embed_us", "predict_us", "sample_us", "digest_us", "distinct_us"}
    assert all(value > 0 for value in (*found["parts"].values(), found["rank_us"], found["wall_s"], found["peak_gib"]))
    if has_bfloat16():
        assert found["precisions"]["mlp"]["candidates"] == 64
        assert steps == ["ranking", "its parts", "mlp"]
    else:
        assert (found["precisions"], steps) == ({}, ["ranking", "its parts"])
    assert "200 DARTS cells (200 distinct)" in scale_tables(found)[0]


def test_the_tables_say_what_was_measured_and_what_follows():
    parts = {"embed_us": 90.0, "predict_us": 60.0, "sample_us": 1.0, "digest_us": 3.0, "distinct_us": 2.0}
    result = {
        "machine": MACHINE,
        "config": {"count": 3_000_000, "processes": 2, "encoder": "gin"},
        "distinct": 2_999_999,
        "distinct_is_exact": False,
        "precision": "bfloat16",
        "parts": parts,
        "rank_us": 64.0,
        "wall_s": 600.0,
        "peak_gib": 0.5,
        "precisions": {"gin": {"tau": 0.9992, "shared": 0.998, "faster": 1.5, "candidates": 4096}},
    }
    lead, measured, follows, computed, _, compared = scale_tables(result)
    assert "3,000,000 DARTS cells (2,999,999 at most distinct) in 10 minutes by the clock" in lead
    assert "in 2 processes, matrix products in bfloat16" in lead
    assert "**64**" in measured
    assert "more than about 32 cores do not help" in follows
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in computed.splitlines()[2:]]
    assert rows[0] == ["10⁷", "10.67 minutes", "5.333 minutes", "20 seconds"]
    assert rows[2][0] == "10¹²"
    assert rows[2][3] == f"{2e-6 * 10**12 / 86400:.2f} days"
    assert [cell.strip() for cell in compared.splitlines()[-1].split("|")[1:-1]] == [
        "`gin`",
        "1.50",
        "0.99920",
        "99.8 %",
    ]


def test_an_unknown_encoder_is_refused():
    from archflow.errors import ArchflowError

    with pytest.raises(ArchflowError, match="gni"):
        ranking.run_speed_ranking(ranking.Stream(10, encoder="gni"))
