"""Early stopping by extrapolated learning curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from archflow.search.curves import CurvePredictor
from archflow.search.stopping.base import STOPPING, Curve, StoppingRule


@STOPPING.register("extrapolation")
class Extrapolation(StoppingRule):
    """Stops an evaluation that is unlikely to become the best, according to a model of the full curves so far.

    Args:
        least: Number of full curves required.
        deviations: An evaluation is stopped if its predicted end is this many standard deviations below the best end so
            far.
    """

    bounds: ClassVar = {"least": (4,), "deviations": (0,)}

    def __init__(self, least: int = 8, deviations: float = 2.0) -> None:
        self.least, self.deviations = least, deviations

    def stops(self, curve: Curve, others: Sequence[Curve], epochs: Sequence[int]) -> bool:
        full = [[each[epoch] for epoch in epochs] for each in others if all(epoch in each for epoch in epochs)]
        if len(full) < self.least:
            return False
        curves = np.array(full, np.float64)
        seen = np.array([[curve[epoch] for epoch in epochs if epoch in curve]], np.float64)
        mean, deviation = CurvePredictor(curves).end(seen)
        return bool(mean[0] + self.deviations * deviation < curves[:, -1].max())
