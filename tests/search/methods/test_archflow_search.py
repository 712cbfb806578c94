import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.recipes.stacks import Recipe
from archflow.search.methods.archflow_search import MODELS, ArchflowSearch
from archflow.search.methods.random_search import RandomSearch
from archflow.search.posterior import Posterior
from archflow.search.problem import Constraint, Problem
from archflow.spaces import NASBench201
from archflow.testing.searcher import SearcherContract


class TestArchflowSearch(SearcherContract):
    def searcher(self, problem, seed=0):
        return ArchflowSearch(problem, seed, initial=6, each=4, pretraining="none", listed=100)


def test_a_blend_of_components_chooses_and_resumes(monkeypatch):
    monkeypatch.setitem(MODELS, "plain", Recipe({"line": {}, "ridge": {}}))  # the fastest components
    case = TestArchflowSearch()
    case.budget = 16
    case.searcher = lambda problem, seed=0: ArchflowSearch(  # pyright: ignore[reportAttributeAccessIssue]
        problem, seed, initial=6, each=4, pretraining="none", model="plain"
    )
    case.test_a_new_searcher_with_the_old_history_resumes()
    searcher = case.searcher(case.large())
    case.run(searcher, case.budget)
    assert [model.blend is not None for model in searcher._models().values()] == [True]
    assert all(trial.belief for trial in searcher.history.trials[6:])


def test_fits_start_from_those_to_fewer_results(monkeypatch):
    starts = []

    def fitted(known, targets, start):
        starts.append((len(targets), start is not None))
        return Posterior(known, targets, start)

    monkeypatch.setattr("archflow.search.metric_model.Posterior", fitted)
    case = TestArchflowSearch()
    case.run(case.searcher(case.large()), 26)
    assert starts == [(6, False), (6, False), (10, True), (12, True), (14, True), (18, True), (22, True)]


def test_an_unknown_model_is_refused():
    with pytest.raises(ArchflowError, match=r"no model is called 'plian'; did you mean 'plain'"):
        ArchflowSearch(TestArchflowSearch().large(), model="plian")


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
