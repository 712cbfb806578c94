import numpy as np

from archflow.graph.table import Table
from archflow.search.known_space import SAMPLE, KnownSpace
from archflow.search.problem import Problem
from archflow.spaces import NASBench201


def test_a_small_space_is_shown_whole_and_each_architecture_once(monkeypatch):
    shown = []
    monkeypatch.setattr(KnownSpace, "__init__", lambda self, problem, embedders, features, usual: shown.append(usual))
    cells = NASBench201().enumerate()
    for count in (3, SAMPLE + 1):
        KnownSpace.of(Problem.in_table(Table(cells.select(np.arange(count)), {}), "score"), "none", 0)
    assert shown[0].hashes.tolist() == cells.hashes[:3].tolist()
    assert len(shown[1]) == SAMPLE


def test_there_is_a_column_even_where_nothing_tells_architectures_apart():
    single = NASBench201().sample(1, np.random.default_rng(0))
    known = KnownSpace.of(Problem.in_table(Table(single, {}), "score"), "none", 0)
    assert [columns.tolist() for columns in known(single).columns] == [[[0.0]]]
