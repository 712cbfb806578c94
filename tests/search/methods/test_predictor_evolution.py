from archflow.search.methods.gmae import GMAEBayesian, GMAEEvolution
from archflow.search.methods.predictor_evolution import CARLEvolution, PredictorEvolution
from archflow.search.surrogates.fine_tuned import FineTuned
from archflow.testing.searcher import SearcherContract
from tests.search.methods.cheap import Convolutions, cheap


class TestPredictorEvolution(SearcherContract):
    def searcher(self, problem, seed=0):
        return PredictorEvolution(problem, seed, cheap(), initial=6, each=6, population=6, tournament=3, mutants=12)


class TestCARLEvolution(SearcherContract):
    def searcher(self, problem, seed=0):
        return CARLEvolution(problem, seed, cheap(), initial=6, each=6, population=6, mutants=8, generations=3)


class TestGMAEEvolution(SearcherContract):
    def searcher(self, problem, seed=0):
        return GMAEEvolution(problem, seed, FineTuned("gmae", epochs=2, objective="bpr"), initial=12, each=12)


def test_published_settings():
    small = TestPredictorEvolution().small()
    cap, carl = PredictorEvolution(small), CARLEvolution(small)
    ae, bo = GMAEEvolution(small), GMAEBayesian(small)
    assert [each.initial for each in (cap, carl, ae, bo)] == [20] * 4
    assert [each.surrogate.kind for each in (cap, carl, ae, bo)] == ["gin", "carl", "gmae", "gmae"]
    assert (cap.surrogate.settings.epochs, cap.surrogate.batches, bo.surrogate.members) == (250, 2, 5)


def test_parents_are_of_the_latest():
    case = TestPredictorEvolution()
    searcher = PredictorEvolution(case.large(), 1, Convolutions(), initial=10, each=4, population=5)
    case.run(searcher, 10)
    searcher.ask(4)
    parents = {int(trial.origin.removeprefix("mutant of ")) for trial in searcher.history.trials[10:]}
    assert min(parents) >= 5


def test_further_generations_find_what_the_model_prefers():
    case, found = TestPredictorEvolution(), []
    for generations in (1, 6):
        searcher = PredictorEvolution(case.large(), 1, Convolutions(), initial=4, each=4, generations=generations)
        case.run(searcher, 8)
        found.append(max(trial.belief[0] for trial in searcher.history.trials[4:]))
    assert found[1] > found[0]
