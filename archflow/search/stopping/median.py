"""The median rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from archflow.search.stopping.base import STOPPING, Curve, StoppingRule


@STOPPING.register("median")
class Median(StoppingRule):
    """Stops an evaluation whose best value so far is below the median of the others' running means at the same epoch.

    Args:
        least: Number of other evaluations that must have reached the epoch.

    Source: Golovin et al., "Google Vizier: a service for black-box optimization", KDD 2017, section 3.2.2.
    """

    bounds: ClassVar = {"least": (1,)}

    def __init__(self, least: int = 5) -> None:
        self.least = least

    def stops(self, curve: Curve, others: Sequence[Curve], epochs: Sequence[int]) -> bool:
        now = max(curve)
        as_far = [each for each in others if max(each) >= now]
        if len(as_far) < self.least:
            return False
        means = [np.mean([value for epoch, value in each.items() if epoch <= now]) for each in as_far]
        return max(curve.values()) < float(np.median(means))
