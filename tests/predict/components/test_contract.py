"""The contract test of components catches what breaks the contract, and says what it is."""

import numpy as np
import pytest

from archflow.predict.components.base import Guess
from archflow.predict.components.fitted_linear import ridge
from archflow.predict.components.ridge import FittedRidge, Ridge
from archflow.predict.standard import Standard
from archflow.testing import check_component
from tests.predict.described import scores, seen


class Short(FittedRidge):
    def __call__(self, seen, on_batch=None):
        return Guess(*(part[:1] for part in super().__call__(seen)))


class Infinite(FittedRidge):
    def __call__(self, seen, on_batch=None):
        mean, std = super().__call__(seen)
        return Guess(np.where(mean > 0, np.inf, mean), std)


class TooSure(FittedRidge):
    def __call__(self, seen, on_batch=None):
        mean, _ = super().__call__(seen)
        return Guess(mean, np.zeros_like(mean))


class ReadsBatchMates(FittedRidge):
    def __call__(self, seen, on_batch=None):
        mean, std = super().__call__(seen)
        return Guess(mean - mean.mean(1, keepdims=True), std)


class Peeks(FittedRidge):
    @classmethod
    def of(cls, lesson):
        fitted = super().of(lesson)
        fitted.weights[:, -1] += lesson.targets.mean()
        return fitted


class PeeksAtTheScale(FittedRidge):
    @classmethod
    def of(cls, lesson):
        fitted = super().of(lesson)
        return cls(fitted.standard, fitted.weights * np.abs(lesson.targets).max())


class LearnsNothing(FittedRidge):
    @classmethod
    def of(cls, lesson):
        fitted = super().of(lesson)
        return cls(fitted.standard, 0 * fitted.weights)


class Moody(FittedRidge):
    @classmethod
    def of(cls, lesson):
        fitted = super().of(lesson)
        return cls(fitted.standard, fitted.weights + np.random.default_rng().normal())


class Forgets(FittedRidge):
    @classmethod
    def restored(cls, arrays, usual, folds):
        fitted = super().restored(arrays, usual, folds)
        return cls(fitted.standard, fitted.weights + 1)


class Gullible(FittedRidge):
    @classmethod
    def restored(cls, arrays, usual, folds):
        standard = Standard.restored(arrays, usual.plain.shape[1])
        return cls(standard, np.asarray(arrays.get("weights")))


class LeavesNothingOut(FittedRidge):
    @classmethod
    def of(cls, lesson):
        standard = Standard.of(lesson.usual.plain)
        weights = ridge(standard(lesson.known.plain), lesson.targets)
        return cls(standard, np.stack([weights] * len(lesson.folds)))


class Broken(Ridge):
    fitted: type[FittedRidge] = FittedRidge

    def fit(self, lesson):
        return self.fitted.of(lesson)


@pytest.mark.parametrize(
    ("fitted", "message"),
    [
        (Short, "its mean has the shape"),
        (Infinite, "a mean is not finite"),
        (TooSure, "a std is positive"),
        (ReadsBatchMates, "no row depends on the others"),
        (Peeks, "does not depend on its held-out targets"),
        (PeeksAtTheScale, "does not depend on its held-out targets"),
        (LeavesNothingOut, "does not depend on its held-out targets"),
        (LearnsNothing, "no model depends on the targets"),
        (Moody, "the same seed gives the same component"),
        (Forgets, "a restored component predicts the same"),
        (Gullible, "arrays are accepted"),
    ],
)
def test_a_broken_component_is_caught(fitted, message, monkeypatch):
    monkeypatch.setattr(Broken, "fitted", fitted)
    known = seen(30)
    with pytest.raises(AssertionError, match=message):
        check_component(Broken(), known, scores(known))


def test_a_sound_component_passes():
    known = seen(30)
    check_component(Broken(), known, scores(known))


@pytest.mark.parametrize(
    ("odds", "message"),
    [
        (lambda self, lesson: 0.0, "not positive"),
        (lambda self, lesson: float("nan"), "not positive"),
        (lambda self, lesson: 2.0 + np.tanh(lesson.targets[0]), "do not depend on the targets"),
    ],
)
def test_odds_that_cannot_be_are_caught(odds, message, monkeypatch):
    monkeypatch.setattr(Broken, "odds", odds)
    known = seen(30)
    with pytest.raises(AssertionError, match=message):
        check_component(Broken(), known, scores(known))


def test_a_component_that_cannot_be_pickled_is_caught(monkeypatch):
    class HoldsALocalClass(FittedRidge):
        pass

    monkeypatch.setattr(Broken, "fitted", HoldsALocalClass)
    known = seen(30)
    with pytest.raises(AttributeError, match="local"):
        check_component(Broken(), known, scores(known))
