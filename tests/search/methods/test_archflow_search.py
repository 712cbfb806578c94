import numpy as np
import pytest

from archflow.graph.table import Table
from archflow.search.methods.archflow_search import ArchflowSearch
from archflow.search.methods.random_search import RandomSearch
from archflow.search.problem import Constraint, Problem
from archflow.spaces import NASBench201
from archflow.testing.searcher import SearcherContract


class TestArchflowSearch(SearcherContract):
    def searcher(self, problem, seed=0):
        return ArchflowSearch(problem, seed, initial=6, each=4, pretraining="none", listed=100)


def test_it_finds_better_than_chance():
    case = TestArchflowSearch()
    found = {}
    for kind in ("archflow", "random"):
        best = []
        for seed in range(3):
            searcher = case.searcher(case.large(), seed) if kind == "archflow" else RandomSearch(case.large(), seed)
            case.run(searcher, 24, 4)
            best.append(searcher.history.fitness.max())
        found[kind] = np.mean(best)
    assert found["archflow"] > found["random"] + 0.5


def test_beliefs_are_in_the_unit_of_the_metric():
    case = TestArchflowSearch()
    searcher = case.searcher(case.large(), 1)
    case.run(searcher, 40, 4)
    trials = [trial for trial in searcher.history.trials if trial.belief and trial.metrics]
    values = [trial.metrics["score"] for trial in searcher.history.trials if trial.metrics]
    believed = np.array([trial.belief for trial in trials])
    assert len(trials) >= 30
    assert min(values) <= believed[:, 0].min() <= believed[:, 0].max() <= max(values)
    assert (believed[:, 1] >= 0).all()


def test_what_breaks_a_constraint_is_avoided():
    case = TestArchflowSearch()
    problem = Problem(case.large().space, "score", [Constraint.parse("pools<=0")])  # about a quarter of the space
    column = problem.space.vocabulary.index("avg_pool_3x3")
    searcher = case.searcher(problem, 2)
    while len(searcher.history) < 40:
        asked = searcher.ask(4)
        pools = asked.op_counts[:, column].astype(float)
        searcher.tell(asked, np.stack([case.score(problem, asked) + 2 * pools, pools], 1))
    assert (searcher.history.violation[-12:] == 0).mean() > 0.6


def test_searchers_share_what_they_have_learnt_of_a_space():
    case = TestArchflowSearch()
    first, second = case.searcher(case.small()), case.searcher(case.small(), 1)
    second.share(first)
    assert second._known_space is first._known_space


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_tiny_table_is_searched_to_its_end(count):
    table = Table(NASBench201().sample(3, np.random.default_rng(0)).select(np.arange(count)), {"score": np.ones(count)})
    searcher = ArchflowSearch(Problem.in_table(table, "score"), pretraining="none")
    asked = searcher.ask(20)
    assert len(asked) == count
    searcher.tell(asked, np.ones(count))
    assert len(searcher.ask(1)) == 0
