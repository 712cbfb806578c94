import pytest

from archflow.errors import ArchflowError
from archflow.search.methods.npenas import NPENAS
from archflow.search.surrogates.gin import GINSurrogate
from archflow.testing.searcher import SearcherContract
from tests.search.methods.cheap import Convolutions, cheap


class TestNPENAS(SearcherContract):
    def searcher(self, problem, seed=0):
        return NPENAS(problem, seed, GINSurrogate(width=8, epochs=2), initial=8, each=8)


class TestNPENASBayesian(SearcherContract):
    def searcher(self, problem, seed=0):
        return NPENAS(problem, seed, GINSurrogate(True, width=8, epochs=2), variance=True, initial=8, each=8)


class TestNPENASOfFGP(SearcherContract):
    def searcher(self, problem, seed=0):
        return NPENAS(problem, seed, cheap(), protocol="fgp", initial=8, each=8)


def test_defaults_are_published():
    small = TestNPENAS().small()
    each = [NPENAS(small), NPENAS(small, variance=True), NPENAS(small, protocol="fgp")]
    assert [(s.initial, s.each, type(s.surrogate).__name__) for s in each] == [
        (10, 10, "GINSurrogate"),
        (10, 10, "GINSurrogate"),
        (20, 20, "FineTuned"),
    ]
    assert [s.surrogate.config["variance"] for s in each[:2]] == [False, True]


def test_fgp_has_five_mutants_of_each_of_the_twenty_best():
    case = TestNPENAS()
    searcher = NPENAS(case.large(), 1, Convolutions(), protocol="fgp", initial=30)
    case.run(searcher, 30)
    best = searcher.best_first()[:20]
    searcher.ask(20)
    origins = [trial.origin for trial in searcher.history.trials[30:]]
    assert set(origins) <= {f"mutant of {number}" for number in best}
    assert max(map(origins.count, origins)) <= 5


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ArchflowError, match="published, fgp"):
        NPENAS(TestNPENAS().small(), protocol="fpg")


def test_protocol_fgp_starts_from_a_given_encoder():
    searcher = NPENAS(TestNPENAS().small(), protocol="fgp", encoder="gated_gcn.fgp-nasbench201")
    assert searcher.surrogate.kind == "gated_gcn.fgp-nasbench201"
    assert searcher.each == 20


def test_the_published_protocol_takes_no_encoder():
    with pytest.raises(ArchflowError, match="protocol 'fgp'"):
        NPENAS(TestNPENAS().small(), encoder="gated_gcn")
