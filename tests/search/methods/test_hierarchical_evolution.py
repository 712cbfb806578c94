import numpy as np

from archflow.search.methods.hierarchical_evolution import HierarchicalEvolution
from archflow.search.problem import Problem
from archflow.spaces.hierarchical import Hierarchical
from archflow.testing.searcher import SearcherContract


class TestHierarchicalEvolution(SearcherContract):
    def searcher(self, problem, seed=0):
        return HierarchicalEvolution(problem, seed, initial=6, tournament=3)


def parents_of(searcher, n):
    asked = searcher.ask(n)
    origins = [trial.origin for trial in searcher.history.trials[-len(asked) :]]
    return [int(origin.removeprefix("mutant of ")) for origin in origins]


def test_the_best_is_a_parent_however_old():
    case = TestHierarchicalEvolution()
    searcher = HierarchicalEvolution(case.large(), initial=80, tournament=80)
    asked = searcher.ask(80)
    searcher.tell(asked, -np.arange(80.0))
    assert parents_of(searcher, 3) == [0, 0, 0]


def test_a_tournament_is_of_five_per_cent():
    case = TestHierarchicalEvolution()
    searcher = HierarchicalEvolution(case.large(), initial=200)
    searcher.tell(searcher.ask(200), np.arange(200.0))
    # The best of ten of 200 is never among the nine worst, and on average the 182nd of them.
    parents = parents_of(searcher, 100)
    assert min(parents) >= 9
    assert 175 < np.mean(parents) < 189


def test_with_a_tournament_of_one_every_parent_is_as_likely():
    case = TestHierarchicalEvolution()
    searcher = HierarchicalEvolution(case.large(), initial=10, tournament=1)
    searcher.tell(searcher.ask(10), np.arange(10.0))
    assert set(parents_of(searcher, 100)) == set(range(10))


def test_it_searches_its_own_space_while_results_are_pending():
    space = Hierarchical()
    searcher = HierarchicalEvolution(Problem(space, "score"), initial=4, tournament=2)
    first = searcher.ask(4)
    searcher.tell(first.select(np.arange(3)), [1.0, 2.0, 3.0])
    mutants = searcher.ask(2)
    assert len(searcher.history.pending) == 3
    parents = [int(trial.origin.removeprefix("mutant of ")) for trial in searcher.history.trials[4:]]
    assert all(m in list(space.neighbours(first[p])) for m, p in zip(mutants, parents, strict=True))
