import numpy as np

from archflow.search import pool
from archflow.search.methods.random_search import RandomSearch
from archflow.search.problem import Problem
from archflow.spaces.nasbench201 import NASBench201
from archflow.spaces.table_space import TableSpace
from tests.tables import scored_cells


def test_a_small_listed_space_is_ranked_whole_but_for_what_was_asked():
    table = scored_cells(40)
    searcher = RandomSearch(Problem(TableSpace(table), "score"))
    asked = searcher.ask(7)
    found = pool.pool_of(searcher, np.random.default_rng(0))
    assert sorted([*found.hashes, *asked.hashes]) == sorted(set(table.architectures.hashes))


def test_of_a_large_space_some_are_drawn(monkeypatch):
    monkeypatch.setattr(pool, "POOL", 20)
    monkeypatch.setattr(pool, "WHOLE", 10)
    searcher = RandomSearch(Problem(NASBench201(), "score"))
    searcher.ask(5)
    found = pool.pool_of(searcher, np.random.default_rng(0))
    keys = {searcher.space.canonical(each) for each in found}
    assert len(found) == len(keys) == 20
    assert not any(key in searcher.history for key in keys)
