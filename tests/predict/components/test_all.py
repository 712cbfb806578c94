"""Every component that needs no network keeps the contract."""

import numpy as np
import pytest

from archflow.predict.components import COMPONENTS, Lesson
from archflow.predict.components.base import fit_timed
from archflow.predict.components.boosted import Boosted
from archflow.predict.components.forest import Forest
from archflow.predict.components.line import Line
from archflow.predict.components.process import Process
from archflow.predict.components.ridge import Ridge
from archflow.predict.folds import Folds
from archflow.predict.metrics import kendall_tau
from archflow.testing import check_component
from tests.predict.described import lesson, scores, seen

PARTS = (Boosted(trees=15), Forest(trees=10), Line(), Process(), Ridge())

each = pytest.mark.parametrize("component", PARTS, ids=lambda component: component.name)


@each
def test_it_keeps_the_contract(component):
    known = seen(40)
    assert COMPONENTS.get(component.name) is type(component)
    check_component(component, known, scores(known), seen(50, seed=5))


@each
def test_it_learns(component):
    known, others = seen(80), seen(100, seed=9)
    guess = component.fit(lesson(known))(others)
    assert kendall_tau(guess.mean.mean(0), scores(others)) > 0.4


@each
def test_it_does_not_apply_to_architectures_that_are_all_alike(component):
    one = seen(3).select(np.zeros(20, np.int64))
    assert not component.applies(lesson(one))


@each
@pytest.mark.parametrize("count", [3, 5])
def test_a_handful_of_labels_is_enough(component, count):
    known = seen(count)
    guess = component.fit(lesson(known))(seen(30, seed=4))
    assert guess.mean.shape == (count, 30)
    assert np.isfinite(guess.mean).all()


@each
def test_equal_labels_give_an_equal_guess(component):
    known = seen(30)
    guess = component.fit(lesson(known, np.zeros(30)))(seen(30, seed=4))
    np.testing.assert_allclose(guess.mean, 0, atol=1e-6)


@each
def test_no_architectures_have_no_guess(component):
    known = seen(20)
    guess = component.fit(lesson(known))(known.select(np.zeros(0, np.int64)))
    assert guess.mean.shape == guess.std.shape == (10, 0)


@each
def test_a_predictor_of_other_features_is_refused(component):
    from archflow.errors import ArchflowError

    known = seen(30)
    fitted = component.fit(lesson(known))
    for other in (seen(30, features=False), seen(30, embeddings=False)):
        same = type(fitted).restored(fitted.arrays(), known, 10)
        assert np.isfinite(same(known).mean).all()
        if component.name == "process" or (component.name != "line" and not other.described):
            with pytest.raises(ArchflowError):
                type(fitted).restored(fitted.arrays(), other, 10)


@each
def test_labels_of_ten_orders_of_magnitude_are_learnt(component):
    known = seen(40)
    targets = scores(known)
    targets[0] = 1e4
    guess = component.fit(Lesson(known, targets, Folds.of(40, 0), known))(known)
    assert np.isfinite(guess.mean).all()


def test_seconds_and_settings_are_details_of_the_log(caplog):
    given = lesson(seen(12))
    with caplog.at_level("DEBUG", "archflow"):
        fit_timed(Forest(trees=3), given)
    (line,) = caplog.messages
    assert line.startswith("component forest: fitted in ")
    assert "'trees': 3" in line
