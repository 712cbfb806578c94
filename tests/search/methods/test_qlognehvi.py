import numpy as np
import pytest

from archflow.predict.pareto import hypervolume
from archflow.search.methods.qlognehvi import QLogNEHVI
from archflow.search.methods.random_search import RandomSearch
from archflow.search.problem import Constraint, Problem
from archflow.testing.searcher import SearcherContract
from tests.search.methods.embedded import embed


class TestQLogNEHVI(SearcherContract):
    budget = 16

    @pytest.fixture(autouse=True)
    def _needs_botorch(self):
        pytest.importorskip("botorch", reason="the extra botorch is not installed")

    def searcher(self, problem, seed=0):
        return QLogNEHVI(problem, seed, embed=embed(problem), initial=6, each=3, shortlist=20, samples=8)

    def test_it_finds_more_of_a_front_than_chance(self):
        problem = Problem(self.large().space, ("score", "-pools"))
        pool = problem.space.vocabulary.index("avg_pool_3x3")

        def volume(searcher) -> float:
            while len(searcher.history) < 24:
                asked = searcher.ask(3)
                pools = asked.op_counts[:, pool]
                searcher.tell(asked, np.stack([self.score(problem, asked) + 2 * pools, pools], 1))
            return hypervolume(searcher.history.rising, [-1, -7])

        ours = np.mean([volume(self.searcher(problem, seed)) for seed in range(2)])
        assert ours > np.mean([volume(RandomSearch(problem, seed)) for seed in range(2)])

    @pytest.mark.parametrize(
        ("objectives", "constraint"),
        [
            (("convs", "-nodes", "thirds"), "nodes<=99"),
            (("convs", "same"), "nodes<=99"),
            (("convs", "-nodes"), "same<=1"),
        ],
        ids=["three", "one that is always equal", "none keeps the constraint"],
    )
    def test_fronts_with_little_to_learn(self, objectives, constraint):
        problem = Problem(self.small().space, objectives, [Constraint.parse(constraint)])
        searcher = self.searcher(problem)
        while len(searcher.history) < 10:
            asked = searcher.ask(min(searcher.batch, 10 - len(searcher.history)))
            nodes, columns = asked.node_counts, [i for i, op in enumerate(asked.vocabulary.ops) if "conv" in op]
            metrics = {"convs": asked.op_counts[:, columns].sum(1), "nodes": nodes, "thirds": nodes % 3}
            searcher.tell(asked, {**metrics, "same": np.full(len(asked), 2.0)})
        assert len(searcher.history.done) == 10
        assert searcher.history.trials[-1].origin == "acquisition"
