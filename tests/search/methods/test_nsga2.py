import numpy as np

from archflow.search.methods.nsga2 import NSGA2, survival_order
from archflow.search.problem import Problem
from archflow.testing.searcher import SearcherContract


class TestNSGA2(SearcherContract):
    def searcher(self, problem, seed=0):
        return NSGA2(problem, seed, population=6)


def test_fronts_come_before_crowding_and_broken_constraints_last():
    rising = np.array([[0, 4], [4, 0], [2, 2], [2.1, 1.9], [1, 1], [9, 9], [8, 8]], float)
    violation = np.array([0, 0, 0, 0, 0, 0.2, 0.1])
    order = survival_order(rising, violation).tolist()
    assert set(order[:2]) == {0, 1}
    assert set(order[2:4]) == {2, 3}
    assert order[4:] == [4, 6, 5]


def test_it_finds_more_of_a_front_than_chance():
    case = TestNSGA2()
    problem = Problem(case.large().space, ("score", "-pools"))
    skip = problem.space.vocabulary.index("avg_pool_3x3")

    def volume(searcher) -> float:
        from archflow.predict.pareto import hypervolume

        while len(searcher.history) < 120:
            asked = searcher.ask(searcher.batch)
            pools = asked.op_counts[:, skip]
            searcher.tell(asked, np.stack([case.score(problem, asked) + 2 * pools, pools], 1))
        return hypervolume(searcher.history.rising, [-1, -7])

    from archflow.search.methods.random_search import RandomSearch

    ours = np.mean([volume(NSGA2(problem, seed, population=10)) for seed in range(3)])
    chance = np.mean([volume(RandomSearch(problem, seed)) for seed in range(3)])
    assert ours > chance
