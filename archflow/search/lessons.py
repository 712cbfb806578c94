"""Model inputs of a lesson: encodings shared by all lessons of a space, and standardised labels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from archflow.errors import ArchflowError
from archflow.features.base import FEATURES, Features
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.search.model_based import Lesson, Model
from archflow.spaces.base import SearchSpace

Values = NDArray[np.float64]
Part = TypeVar("Part")

TYPICAL = 2_000
"""Spaces of at most this size are used whole as the typical sample."""

DRAWN = 2_000
"""Sample size for larger spaces."""

_MADE: WeakKeyDictionary[SearchSpace, dict[Hashable, object]] = WeakKeyDictionary()


def once(space: SearchSpace, key: Hashable, make: Callable[[], Part]) -> Part:
    """Return `make()`, computed once per space and key."""
    made = _MADE.setdefault(space, {})
    if key not in made:
        made[key] = make()
    return made[key]  # type: ignore[return-value]  # a key has one maker


def typical(space: SearchSpace) -> ArchitectureSet:
    """A fixed sample of typical architectures of a space."""
    if space.size <= TYPICAL:
        try:
            return space.enumerate()
        except ArchflowError:
            pass  # the space cannot be listed, whatever its size
    return space.sample(DRAWN, np.random.default_rng(0))


@dataclass(frozen=True)
class Encoding:
    """Encodes architectures of one space as vectors.

    Attributes:
        features: The features whose columns are concatenated.
    """

    features: tuple[Features, ...]

    @classmethod
    def of(cls, space: SearchSpace, names: Sequence[str]) -> Encoding:
        """Build an encoding from the first of the given features (`FEATURES`) that has columns in this space."""

        def make() -> Encoding:
            table = Table(typical(space))
            for name in names:
                features = FEATURES.get(name).of(table)
                if features.names:
                    return cls((features,))
            return cls(())

        return once(space, ("encoding", *names), make)

    def __call__(self, architectures: ArchitectureSet) -> NDArray[np.float32]:
        """(N, F) vectors, 0 where an entry does not apply; a single column of ones if no column varies."""
        table = Table(architectures)
        columns = [features(table) for features in self.features]
        return np.nan_to_num(np.concatenate(columns, 1)) if columns else np.ones((len(table), 1), np.float32)


@dataclass(frozen=True)
class Scale:
    """Standardises labels of a lesson, and maps scores back.

    Attributes:
        centre: Mean of the labels.
        spread: Standard deviation of the labels; 1 if they are all equal.
    """

    centre: float
    spread: float

    @classmethod
    def of(cls, y: Values) -> Scale:
        spread = float(y.std())
        return cls(float(y.mean()), spread if spread > 0 else 1.0)

    def down(self, y: Values) -> Values:
        """Labels -> standard scores."""
        return (y - self.centre) / self.spread

    def up(self, scores: Values) -> Values:
        """Standard scores -> labels."""
        return self.centre + self.spread * scores


def learnable(lesson: Lesson, least: int = 2) -> bool:
    """Whether there are at least `least` labels that are not all equal."""
    return len(lesson.y) >= least and float(np.ptp(lesson.y)) > 0


def constant(lesson: Lesson) -> Model:
    """The fallback model of a lesson that cannot be learnt: the mean of its labels for every architecture."""
    mean = float(lesson.y.mean())

    def model(architectures: ArchitectureSet) -> tuple[Values, Values]:
        return np.full(len(architectures), mean), np.zeros(len(architectures))

    return model


def fit_alike(
    lessons: Sequence[Lesson], keys: Sequence[Hashable], fit: Callable[[Sequence[int]], Sequence[Model]]
) -> list[Model]:
    """Fit a model per lesson; lessons with equal keys are fitted together.

    Args:
        lessons: Lessons that cannot be learnt get their `constant` model.
        keys: One key per lesson.
        fit: Indices of lessons with equal keys -> one model each.
    """
    models = [constant(lesson) for lesson in lessons]
    groups: dict[Hashable, list[int]] = {}
    for number, (lesson, key) in enumerate(zip(lessons, keys, strict=True)):
        if learnable(lesson):
            groups.setdefault(key, []).append(number)
    for group in groups.values():
        for number, model in zip(group, fit(group), strict=True):
            models[number] = model
    return models
