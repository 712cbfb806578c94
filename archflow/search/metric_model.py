"""The model of one metric in archflow's own search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archflow.predict.components import Component
from archflow.predict.labels import LEAST
from archflow.predict.rank_scale import RankScale
from archflow.predict.seen import Seen
from archflow.search.fitted_blend import FittedBlend
from archflow.search.known_space import Known
from archflow.search.posterior import Posterior

Values = NDArray[np.float64]


class MetricModel(NamedTuple):
    """What is believed of one metric, as normal scores of its values.

    Only a Gaussian process has joint draws. With a blend of components, draws are the deviations of the process from
    its own mean, scaled to the blend's deviations, around the blend's mean.

    Attributes:
        scores: (D,) normal scores of the measured values.
        scale: Values -> scores; None while all values are equal.
        process: Gaussian process of the scores.
        blend: Blend of components that predicts the scores; None if the process does.
    """

    scores: Values
    scale: RankScale | None
    process: Posterior
    blend: FittedBlend | None

    @classmethod
    def of(
        cls,
        known: Known,
        values: Values,
        components: Sequence[Component],
        usual: Seen,
        seed: int,
        start: Values | None = None,
    ) -> MetricModel:
        """Fit a model.

        Args:
            known: The D measured architectures.
            values: (D,) their values.
            components: Components to blend; the process alone predicts if there are none, or too few values.
            usual: Typical architectures of the space.
            seed: Random seed.
            start: Where the process's hyperparameters start.
        """
        scale = RankScale.of(values)
        scores = np.zeros(len(values)) if scale is None else scale(values)
        process, blend = Posterior(known.columns, scores, start), None
        if components and scale is not None and len(values) >= LEAST:
            blend = FittedBlend(components, known.seen, scores, usual, seed)
        return cls(scores, scale, process, blend)

    def __call__(self, known: Known) -> tuple[Values, Values]:
        """(N,) mean and (N,) standard deviation of the scores of N architectures."""
        return self.process(known.columns) if self.blend is None else self.blend(known.seen)

    def draws(self, known: Known, count: int, generator: np.random.Generator) -> Values:
        """(count, N) joint draws of the scores of N architectures."""
        draws = self.process.draws(known.columns, count, generator)
        if self.blend is None:
            return draws
        (centre, width), (mean, std) = self.process(known.columns), self.blend(known.seen)
        return mean + (draws - centre) * (std / width)

    def in_unit(self, mean: Values, std: Values) -> Values:
        """Convert mean and deviation (N,) of scores to the metric's unit (N, 2), clipped to the measured range."""
        if self.scale is None:
            return np.full((len(mean), 2), np.nan)
        low, centre, high = (np.interp(mean + z * std, self.scale.scores, self.scale.values) for z in (-1, 0, 1))
        return np.stack([centre, (high - low) / 2], 1)
