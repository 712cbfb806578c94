"""The study that compares ways to learn from other columns."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.results.experts_report import experts_report
from archflow_reproduce.results.page import results_page
from archflow_reproduce.travel import experts as study
from archflow_reproduce.travel.experts import METHODS, SOURCES, Comparison, known_in, run_experts
from archflow_reproduce.travel.pool import PARTS, Pool, drawn
from tests.reproduce.results.records import write

DIGITS = SOURCES[-1]


@pytest.fixture(scope="module")
def pool():
    return Pool.of(DIGITS, PARTS[0])


def test_sources_are_hidden_from_isomorphic_architectures_together(pool):
    partly = known_in(pool, 0.3)
    there = np.isfinite(next(iter(partly.table.metrics.values())))
    assert 0.2 < there.mean() < 0.4
    by_hash = dict(zip(pool.table.architectures.hashes.tolist(), there.tolist(), strict=True))
    assert [by_hash[each] for each in pool.table.architectures.hashes.tolist()] == there.tolist()
    assert np.isfinite(next(iter(known_in(pool, 1.0).table.metrics.values()))).all()


def test_the_best_source_counts_down_where_less_is_better(pool, tmp_path):
    task = drawn(pool, 30, 0, 21, tmp_path)
    rising = study.source_alone(task).scores
    pool_of_losses = Pool(pool.entry, pool.table, -pool.labels, pool.whole)
    falling = study.source_alone(drawn(pool_of_losses, 30, 0, 21, tmp_path)).scores
    np.testing.assert_array_equal(rising, -falling)


def test_finished_draws_are_kept_and_shown(tmp_path, monkeypatch):
    quick = {name: METHODS[name] for name in ("best source", "xgboost")}
    monkeypatch.setattr(study, "METHODS", quick)
    chosen = Comparison(("digits201-proxies",), ("30",), 2)
    result = run_experts(chosen, tmp_path / "runs")
    cell = result["tables"]["digits201-proxies"]["cells"]["30%"]["30"]
    assert list(cell) == list(quick)
    assert all(len(taus) == 2 for taus in cell.values())
    monkeypatch.setattr(study, "METHODS", dict.fromkeys(quick, None))  # nothing is measured again
    assert run_experts(chosen, tmp_path / "runs") == result
    assert "**30 labels, sources known for 30%**" in experts_report(result)
    write(tmp_path / "results" / "experts.json", "experts", result)
    assert "| xgboost" in results_page(tmp_path / "results", tmp_path / "page.md")


@pytest.mark.parametrize("name", ["experts", "network that ranked all sources"])
def test_methods_learn_from_sources(name, pool, tmp_path):
    rows = np.arange(0, len(pool), 60)
    small = Pool(pool.entry, pool.table.select(rows), pool.labels[rows], pool.whole)
    partly = known_in(small, 0.5)
    answer = METHODS[name](drawn(partly, 10, 0, 21, tmp_path))
    assert np.isfinite(answer.scores).all()
    assert len(np.unique(answer.scores)) > 10


def test_an_unknown_table_is_refused():
    with pytest.raises(ArchflowError, match="digits201-proxies"):
        Comparison(("digits",))
