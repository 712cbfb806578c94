"""What models are shown of a lesson: encodings that are the same for all lessons of a space, and standard labels."""

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
"""Up to so many architectures a whole space shows what is usual in it."""

DRAWN = 2_000
"""Architectures of a larger space that show it."""

_MADE: WeakKeyDictionary[SearchSpace, dict[Hashable, object]] = WeakKeyDictionary()


def once(space: SearchSpace, key: Hashable, make: Callable[[], Part]) -> Part:
    """What `make` gives, made once for a space under this key."""
    made = _MADE.setdefault(space, {})
    if key not in made:
        made[key] = make()
    return made[key]  # type: ignore[return-value]  # a key has one maker


def typical(space: SearchSpace) -> ArchitectureSet:
    """Architectures that show what is usual in a space; always the same."""
    if space.size <= TYPICAL:
        try:
            return space.enumerate()
        except ArchflowError:
            pass  # a space that cannot be listed, however small
    return space.sample(DRAWN, np.random.default_rng(0))


@dataclass(frozen=True)
class Encoding:
    """Architectures of one space as vectors.

    Attributes:
        features: What they are made of, side by side.
    """

    features: tuple[Features, ...]

    @classmethod
    def of(cls, space: SearchSpace, names: Sequence[str]) -> Encoding:
        """The encoding by the first of some features (`FEATURES`) that has columns in this space."""

        def make() -> Encoding:
            table = Table(typical(space))
            for name in names:
                features = FEATURES.get(name).of(table)
                if features.names:
                    return cls((features,))
            return cls(())

        return once(space, ("encoding", *names), make)

    def __call__(self, architectures: ArchitectureSet) -> NDArray[np.float32]:
        """(N, F) vectors, 0 where an entry does not apply; one column of ones where nothing tells them apart."""
        table = Table(architectures)
        columns = [features(table) for features in self.features]
        return np.nan_to_num(np.concatenate(columns, 1)) if columns else np.ones((len(table), 1), np.float32)


@dataclass(frozen=True)
class Scale:
    """Labels of a lesson as standard scores, and back.

    Attributes:
        centre: Their mean.
        spread: Their standard deviation; 1 if they are all equal.
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
    """Whether there are so many labels, and not all of them equal."""
    return len(lesson.y) >= least and float(np.ptp(lesson.y)) > 0


def constant(lesson: Lesson) -> Model:
    """The model of a lesson with nothing to learn: the mean of its labels for every architecture."""
    mean = float(lesson.y.mean())

    def model(architectures: ArchitectureSet) -> tuple[Values, Values]:
        return np.full(len(architectures), mean), np.zeros(len(architectures))

    return model


def fit_alike(
    lessons: Sequence[Lesson], keys: Sequence[Hashable], fit: Callable[[Sequence[int]], Sequence[Model]]
) -> list[Model]:
    """A model for each lesson; those with equal keys are fitted together.

    Args:
        lessons: Those with nothing to learn get their `constant` model.
        keys: Of each lesson.
        fit: Numbers of lessons with equal keys -> a model for each of these.
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
