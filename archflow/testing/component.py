"""The contract of a component of a stacked predictor."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.predict.components import Component, FittedComponent, Lesson
from archflow.predict.components.base import Guess
from archflow.predict.folds import Folds
from archflow.predict.seen import Seen
from archflow.testing.comparison import sent

CLOSE = 1e-4
"""Tolerance of predictions whose sums are computed in a different order."""


def check_component(
    component: Component,
    known: Seen,
    targets: NDArray[np.float64],
    usual: Seen | None = None,
    seed: int = 21,
    log_spread: float | None = None,
) -> None:
    """Check a component against its contract.

    Args:
        component: A component that applies to these architectures. It is fitted several times.
        known: n labelled architectures, at least 20.
        targets: (n,) finite, with mean about 0 and variance about 1.
        usual: A representative sample of architectures; the labelled ones by default.
        seed: Determines the folds and the component's random draws.
        log_spread: As in `Lesson`, for a component that learns positive labels such as latencies.

    Raises:
        AssertionError: With the violated clause of the contract.
    """
    usual = known if usual is None else usual
    lesson = Lesson(known, targets, Folds.of(len(targets), seed), usual, seed, log_spread=log_spread)
    assert type(component)(**component.config).config == component.config, "its config builds the component again"
    assert component.applies(lesson), "a component that does not apply to the lesson cannot be checked"
    odds = component.odds(lesson)
    assert 0 < odds < np.inf, f"its odds are {odds}, not positive and finite"
    other = dataclasses.replace(lesson, targets=-lesson.targets)
    assert component.odds(other) == odds, "its odds do not depend on the targets"
    fitted = component.fit(lesson)
    guess = fitted(known)
    _check_shape(guess, len(lesson.folds), len(known))
    few = np.arange(len(known))[::-3]
    _close(fitted(known.select(few)), Guess(*(part[:, few] for part in guess)), "no row depends on the others")
    _same(component.fit(lesson)(known), guess, "the same seed gives the same component")
    _check_honesty(component, lesson, guess)
    restored = type(fitted).restored(fitted.arrays(), lesson.usual, len(lesson.folds))
    _same(restored(known), guess, "a restored component predicts the same")
    for how, other in sent(fitted):
        _same(other(known), guess, f"a component that is {how} predicts the same")
    for how, other in sent(component):
        assert other.config == component.config, f"a component that is {how} keeps its config"
    _check_damage(fitted, lesson)


def _check_shape(guess: Guess, folds: int, count: int) -> None:
    for name, part in guess._asdict().items():
        assert part.shape == (folds, count), f"its {name} has the shape {part.shape}, not {(folds, count)}"
    assert np.isfinite(guess.mean).all(), "a mean is not finite"
    assert (np.isnan(guess.std) | (np.isfinite(guess.std) & (guess.std > 0))).all(), "a std is positive, or NaN"


def _check_honesty(component: Component, lesson: Lesson, guess: Guess) -> None:
    """Change the held-out targets of one model: its predictions must not change, and those of some other model must."""
    for fold in (0, len(lesson.folds) - 1):
        held = lesson.folds.held[fold]
        planted = np.where(held, 50.0 - 10 * lesson.targets, lesson.targets)
        changed = component.fit(dataclasses.replace(lesson, targets=planted))(lesson.known)
        own = Guess(*(part[fold : fold + 1] for part in changed))
        expected = Guess(*(part[fold : fold + 1] for part in guess))
        _close(own, expected, "a model does not depend on its held-out targets")
        assert not np.allclose(changed.mean, guess.mean, CLOSE, CLOSE), "no model depends on the targets"


def _check_damage(fitted: FittedComponent, lesson: Lesson) -> None:
    arrays, folds = fitted.arrays(), len(lesson.folds)

    def refused(what: str, changed: dict[str, NDArray]) -> None:
        try:
            type(fitted).restored(changed, lesson.usual, folds)
        except ArchflowError:
            return
        raise AssertionError(f"arrays are accepted {what}")

    refused("of other folds", _cut(arrays, folds))
    for name, array in arrays.items():
        assert array.dtype.kind in "fiu", f"array {name!r} holds no numbers"
        others = {key: each for key, each in arrays.items() if key != name}
        refused(f"without {name!r}", others)
        refused(f"with {name!r} of another shape", {**others, name: array[None]})
        refused(f"with {name!r} of texts", {**others, name: array.astype(str)})
        if array.size == 0:
            continue
        for bad in (np.nan, np.inf, -np.inf) if array.dtype.kind == "f" else (np.iinfo(array.dtype).max,):
            damaged = array.copy()
            damaged.flat[array.size // 2] = bad
            refused(f"with {bad} in {name!r}", {**others, name: damaged})


def _cut(arrays: dict[str, NDArray], folds: int) -> dict[str, NDArray]:
    """The arrays without the last model, where the first axis is that of models."""
    return {name: array[:-1] if array.ndim and len(array) == folds else array for name, array in arrays.items()}


def _same(found: Guess, expected: Guess, clause: str) -> None:
    for part, asked in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part, asked, clause)


def _close(found: Guess, expected: Guess, clause: str) -> None:
    for part, asked in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, asked, CLOSE, CLOSE, err_msg=clause)
