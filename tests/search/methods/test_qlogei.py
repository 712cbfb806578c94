import sys

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.methods.qlogei import QLogEI
from archflow.search.methods.random_search import RandomSearch
from archflow.search.problem import Constraint, Problem
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class TestQLogEI(SearcherContract):
    budget = 16

    @pytest.fixture(autouse=True)
    def _needs_botorch(self):
        pytest.importorskip("botorch", reason="the extra botorch is not installed")

    def searcher(self, problem, seed=0):
        return QLogEI(problem, seed, embed=embed(problem), initial=6, each=3, shortlist=20, samples=16)

    def test_it_learns_what_to_measure(self):
        best = {kind: np.mean([self._best(kind, seed) for seed in range(2)]) for kind in (self.searcher, RandomSearch)}
        assert best[self.searcher] > best[RandomSearch]

    def _best(self, kind, seed) -> float:
        searcher = kind(self.large(), seed)
        self.run(searcher, 24, 3)
        return searcher.history.fitness.max()

    def test_what_breaks_a_constraint_is_avoided(self):
        problem = Problem(self.large().space, "score", [Constraint.parse("convs<=3")])
        searcher = self.searcher(problem)
        columns = [i for i, op in enumerate(problem.space.vocabulary.ops) if "conv" in op]
        while len(searcher.history) < 24:
            asked = searcher.ask(searcher.batch)
            convs = asked.op_counts[:, columns].sum(1)
            searcher.tell(asked, np.stack([convs + 0.0, convs], 1))
        assert (searcher.history.violation[-6:] > 0).mean() < 0.5
        assert searcher.history.best[0].metrics == {"score": 3, "convs": 3}


def test_a_missing_botorch_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "botorch", None)
    monkeypatch.setitem(sys.modules, "botorch.models", None)
    with pytest.raises(ArchflowError, match=r"pip install 'archflow\[botorch\]'"):
        QLogEI(TestQLogEI().small())
