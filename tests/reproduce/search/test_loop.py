"""The loop of a user: informative architectures first, then those that a fitted encoder predicts to be best."""

import numpy as np
import pytest

from archflow.encoders.create import create
from archflow.predict.choose import choose
from archflow.predict.network_predictor import NetworkPredictor
from archflow.search.lessons import typical
from archflow_reproduce.search.lockstep import asked_rows, run_together
from archflow_reproduce.search.loop import Loop, encoder_for
from archflow_reproduce.search.tasks import tasks

(DIGITS,) = tasks(["digits201"])


@pytest.fixture(scope="module")
def searched() -> Loop:
    searcher = Loop(DIGITS.problem, seed=3, each=8)
    run_together([searcher], 16)
    return searcher


def test_it_takes_the_shipped_encoder_of_the_operations():
    found = encoder_for(DIGITS.problem)
    shipped = create("gated_gcn.fgp-nasbench201")
    some = typical(DIGITS.problem.space).select(np.arange(20))
    np.testing.assert_array_equal(found.embed(some), shipped.embed(some))


def test_the_first_batch_is_the_most_informative(searched):
    everything, _ = searched.listed
    chosen = choose(encoder_for(DIGITS.problem).embed(everything), 8, seed=3)
    assert asked_rows(searched)[:8].tolist() == DIGITS.problem.space.rows[chosen].tolist()


def test_the_second_is_predicted_best_by_an_encoder_fitted_on_the_first(searched):
    rows, value = asked_rows(searched), DIGITS.table.metric("validation_accuracy")
    everything = DIGITS.table.architectures
    predictor = NetworkPredictor(encoder_for(DIGITS.problem), seed=3)
    predictor.fit(everything.select(rows[:8]), value[rows[:8]])
    predicted = predictor.predict(everything).mean
    predicted[rows[:8]] = -np.inf
    least = np.sort(predicted)[-8]
    assert (predicted[rows[8:]] >= least - 1e-4).mean() >= 0.75, "isomorphic rows count once"


def test_it_ends_with_the_space():
    problem = DIGITS.problem
    searcher = Loop(problem, each=8)
    everything, keys = searcher.listed
    rows = np.array(list(keys.values()))[:-3]
    searcher.tell(everything.select(rows), np.zeros(len(rows)))
    assert len(searcher.ask(8)) == 3
    assert len(searcher.ask(8)) == 0
