import pytest

from archflow.errors import ArchflowError
from archflow.search.methods.brp_nas import BRPNAS
from archflow.search.pool import ranked_pool
from archflow.testing.searcher import SearcherContract
from tests.search.methods.cheap import Convolutions, cheap


class TestBRPNAS(SearcherContract):
    def searcher(self, problem, seed=0):
        return BRPNAS(problem, seed, cheap(), schedule="flan")


def test_rounds_of_flan_double_the_labels():
    case = TestBRPNAS()
    searcher, ends = BRPNAS(case.large(), 0, Convolutions(), schedule="flan"), []
    while len(searcher.history) < 96:
        case.run(searcher, len(searcher.history) + searcher.batch)
        ends.append(len(searcher.history))
    assert ends == [4, 8, 16, 32, 64, 96]


def test_half_are_the_best_and_half_of_the_upper_half():
    case = TestBRPNAS()
    searcher = BRPNAS(case.small(), 1, Convolutions(), schedule="flan")
    case.run(searcher, 4)
    model = searcher.surrogate.fit([searcher.lesson()])[0]
    pool = ranked_pool(searcher, model, None)
    best = [row + 1 for row in range(len(pool.new)) if pool.new[row]][:2]
    searcher.ask(4)
    ranks = [int(trial.origin.removeprefix("rank ")) for trial in searcher.history.trials[4:]]
    assert ranks[:2] == best
    assert max(ranks) <= 20


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ArchflowError, match="brp, flan"):
        BRPNAS(TestBRPNAS().small(), schedule="brb")
