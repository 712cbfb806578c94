import numpy as np

from archflow.search.methods.bananas import Bananas
from archflow.search.surrogates.path_mlp import PathMLP
from archflow.testing.searcher import SearcherContract
from tests.search.methods.cheap import Convolutions, cheap


class TestBananas(SearcherContract):
    def searcher(self, problem, seed=0):
        return Bananas(problem, seed, cheap(), initial=6, each=6, mutants=12)


def test_defaults_are_published():
    searcher = Bananas(TestBananas().small())
    assert isinstance(searcher.surrogate, PathMLP)
    assert (searcher.initial, searcher.each, searcher.mutants) == (10, 10, 100)


def test_parents_are_the_best_few():
    case = TestBananas()
    searcher = Bananas(case.large(), 1, Convolutions(), initial=8, each=4, patience=2)
    case.run(searcher, 8)
    best = searcher.best_first()[:2]
    searcher.ask(4)
    origins = [trial.origin for trial in searcher.history.trials[8:]]
    assert set(origins) <= {f"mutant of {number}" for number in best}


def test_without_doubt_the_best_predicted_are_measured_and_with_doubt_others():
    case, found = TestBananas(), []
    for std in (0.0, 50.0):
        searcher = Bananas(case.large(), 1, Convolutions(std), initial=8, each=4)
        case.run(searcher, 12)
        found.append(np.mean([trial.belief[0] for trial in searcher.history.trials[8:]]))
    assert found[0] > found[1]
