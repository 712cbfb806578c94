import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.search.methods.regularized_evolution import RegularizedEvolution
from archflow.testing.searcher import SearcherContract


class TestRegularizedEvolution(SearcherContract):
    def searcher(self, problem, seed=0):
        return RegularizedEvolution(problem, seed, population=6, tournament=3, initial=4)


def test_a_parent_is_of_the_population():
    case = TestRegularizedEvolution()
    searcher = case.searcher(case.large())
    for step in range(20):
        asked = searcher.ask(1)
        origin = searcher.history.trials[-1].origin
        if step >= 4:
            parent = int(origin.removeprefix("mutant of "))
            assert parent >= step - 6
            parents = searcher.history.architectures.select(np.array([parent]))
            assert searcher.space.keys(asked)[0] in searcher.space.keys(searcher.space.neighbours(parents[0]))
        searcher.tell(asked, case.score(searcher.problem, asked))


def test_google_draws_all_of_a_tournament_different():
    case = TestRegularizedEvolution()
    searcher = RegularizedEvolution(case.large(), protocol="google", population=6, tournament=6, initial=6)
    asked = searcher.ask(6)
    searcher.tell(asked, np.arange(6.0))
    searcher.ask(10)
    assert {trial.origin for trial in searcher.history.trials[6:]} == {"mutant of 5"}


def test_a_protocol_brings_its_settings():
    problem = TestRegularizedEvolution().small()
    google, usual = RegularizedEvolution(problem, protocol="google"), RegularizedEvolution(problem)
    assert (google.population, google.tournament, google.initial) == (50, 10, 50)
    assert (usual.population, usual.tournament, usual.initial) == (30, 10, 10)
    with pytest.raises(ArchflowError, match="no protocol is called 'Google'; there are: naszilla, google"):
        RegularizedEvolution(problem, protocol="Google")
