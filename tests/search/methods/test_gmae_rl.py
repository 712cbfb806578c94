import numpy as np
import pytest

from archflow.search.lessons import Encoding
from archflow.search.methods.gmae_rl import ENCODINGS, GMAEReinforce, MovingAverage
from archflow.testing.searcher import SearcherContract
from tests.search.methods.cheap import Convolutions, cheap


class TestGMAEReinforce(SearcherContract):
    def searcher(self, problem, seed=0):
        return GMAEReinforce(problem, seed, cheap(), initial=6, each=6, candidates=12)


def test_published_settings():
    searcher = GMAEReinforce(TestGMAEReinforce().small())
    assert (searcher.initial, searcher.each, searcher.candidates) == (20, 10, 100)
    assert searcher.surrogate.kind == "gmae"


def test_operations_that_are_rewarded_are_drawn_more_often():
    case = TestGMAEReinforce()
    problem = case.large()
    encoding = Encoding.of(problem.space, ENCODINGS)
    convolutions = np.array(["conv" in name for name in encoding.features[0].names])
    everything = encoding(problem.space.enumerate()).astype(float)
    searcher = GMAEReinforce(problem, 3, Convolutions(), initial=10, each=10, candidates=40, learning_rate=0.1)
    assert (searcher.policy() == 0).all()
    case.run(searcher, 60)
    probability = np.exp(everything @ searcher.policy())
    counts = everything[:, convolutions].sum(1)
    assert np.average(counts, weights=probability) > counts.mean() + 0.2


def test_a_round_in_progress_does_not_move_the_policy():
    case = TestGMAEReinforce()
    searcher = case.searcher(case.large())
    case.run(searcher, 18)
    before = searcher.policy().copy()
    asked = searcher.ask(5)
    searcher.tell(asked, case.score(searcher.problem, asked))
    assert (searcher.policy() == before).all()
    assert (before != 0).any()


def test_the_moving_average_starts_at_the_first_value():
    average = MovingAverage(0.9)
    assert average.updated(4.0) == pytest.approx(4.0)
    assert average.updated(5.0) == pytest.approx((0.9 * 0.1 * 4 + 0.1 * 5) / 0.19)
