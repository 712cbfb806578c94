import numpy as np
import pytest

from archflow.predict.components import COMPONENTS
from archflow.search.metric_model import MetricModel
from tests.search.known_cells import known_cells

MEASURED = np.arange(40)


def model(names=(), values=None):
    space, known, score = known_cells()
    parts = [COMPONENTS.get(name)() for name in names]
    values = score[MEASURED] if values is None else values
    return MetricModel.of(known.select(MEASURED[: len(values)]), values, parts, space.usual, 0)


@pytest.mark.parametrize("names", [(), ("ridge", "forest")])
def test_draws_are_spread_around_the_mean_as_it_says(names):
    fitted, known = model(names), known_cells()[1].select(np.arange(40, 60))
    mean, std = fitted(known)
    draws = fitted.draws(known, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(0), mean, atol=6 * std.max() / np.sqrt(4000))
    np.testing.assert_allclose(draws.std(0), std, rtol=0.1)


def test_equal_candidates_are_drawn_alike_in_a_blend():
    fitted, known = model(("ridge", "forest")), known_cells()[1].select(np.array([50, 50, 120]))
    first, same, _ = fitted.draws(known, 50, np.random.default_rng(0)).T
    np.testing.assert_allclose(first, same, atol=0.1 * first.std())


@pytest.mark.parametrize("values", [np.ones(40), np.arange(4.0)])
def test_too_little_to_learn_from_is_left_to_the_process(values):
    assert model(("ridge",), values).blend is None


def test_beliefs_stay_within_what_was_measured():
    score = known_cells()[2]
    fitted = model()
    believed = fitted.in_unit(np.array([-9.0, 0.0, 9.0]), np.ones(3))
    assert score[MEASURED].min() <= believed[:, 0].min() <= believed[:, 0].max() <= score[MEASURED].max()
    assert np.isnan(model(values=np.ones(40)).in_unit(np.zeros(2), np.ones(2))).all()
