from archflow.search.methods.weaknas import WeakNAS
from archflow.search.surrogates.mlp import MLP
from archflow.testing.searcher import SearcherContract
from tests.search.methods.cheap import Convolutions


class TestWeakNAS(SearcherContract):
    def searcher(self, problem, seed=0):
        return WeakNAS(problem, seed, MLP(width=16, depth=1, epochs=2), initial=6, each=6, top=15)


def ranks(searcher, first):
    return [int(trial.origin.removeprefix("rank ")) for trial in searcher.history.trials[first:]]


def test_the_measured_are_of_the_top():
    case = TestWeakNAS()
    searcher = WeakNAS(case.small(), 1, Convolutions(), initial=5, each=6, top=12)
    case.run(searcher, 5)
    searcher.ask(4)
    assert max(ranks(searcher, 5)) <= 12


def test_the_next_in_rank_follow_where_the_top_is_measured():
    case = TestWeakNAS()
    searcher = WeakNAS(case.small(), 1, Convolutions(), initial=5, each=6, top=2)
    case.run(searcher, 5)
    searcher.ask(6)
    new = ranks(searcher, 5)
    assert new == sorted(new)
    assert max(new) <= 11
