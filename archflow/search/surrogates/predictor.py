"""archflow's predictors as surrogates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from archflow.graph import ArchitectureSet
from archflow.predict.base import Predictor
from archflow.predict.labels import LEAST
from archflow.recipes.stacks import recipe_of
from archflow.search.lessons import constant, learnable, typical
from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate, Values


@SURROGATES.register("predictor")
class PredictorSurrogate(Surrogate):
    """Any `archflow.predict.Predictor`, constructed and fitted from scratch for every lesson.

    With fewer than five labels, or equal ones, it predicts their mean.

    Args:
        make: Seed -> an unfitted predictor of one metric that is better when higher. None takes the recipe.
        recipe: A recipe that needs no encoders (`archflow.recipes`).

    Raises:
        ArchflowError: If there is no such recipe.
    """

    given = ("make",)

    def __init__(self, make: Callable[[int], Predictor] | None = None, recipe: str = "plain") -> None:
        self.make = make or (lambda seed: recipe_of(recipe).predictor(seed=seed))

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        return [self._fit(lesson) if learnable(lesson, LEAST) else constant(lesson) for lesson in lessons]

    def _fit(self, lesson: Lesson) -> Model:
        predictor, problem = self.make(lesson.seed), lesson.problem
        usual = None if problem.columns else typical(problem.space)  # their columns may take hours to compute
        predictor.fit(lesson.table, lesson.y, reference=usual)

        def model(architectures: ArchitectureSet) -> tuple[Values, Values]:
            mean, std = predictor.predict(problem.table(architectures))
            return mean, np.nan_to_num(std)

        return model
