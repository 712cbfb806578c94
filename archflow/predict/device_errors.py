"""The errors of latency predictions within one device and between devices, and calibration by a few measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.devices.units import checked_latencies
from archflow.errors import ArchflowError
from archflow.predict.context import without_settings
from archflow.predict.stack import Stack

Values = NDArray[np.float64]

LEAST = 0.01
"""The least standard deviation of a logarithm that is assumed: measurements repeat no better."""

ASSUMED = 1.0
"""The assumed standard deviation between devices if all labels are of one device: a factor of e."""

PRIOR = 8.0
"""The weight of the errors of learnt devices, in measurements on the user's device."""


@dataclass(frozen=True)
class DeviceErrors:
    """Standard deviations of log(measured / predicted) in a random-effects model.

    The model has an error of the device, which all its networks share, and an error of each network.

    Attributes:
        between: Standard deviation of the error that all networks on a device share.
        within: Standard deviation of the remaining error of a network.
        devices: The number of devices that they were estimated from.
    """

    between: float
    within: float
    devices: int

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """Estimate them by the method of moments from a predictor's held-out predictions.

        Raises:
            ArchflowError: If it has no context, or does not predict positive values.
        """
        held = stack.held_out
        if stack.plan.context is None or not stack.scale.objective.positive:
            raise ArchflowError(
                "the predictor does not predict positive values of devices; fit one with --context and --objective log"
            )
        measured, predicted = (stack.scale.ends(each) for each in (held.targets, held.predicted))
        errors = np.log(measured / predicted)
        bare = [without_settings(text) for text in held.contexts]
        if len(set(bare)) == 1:
            return cls(ASSUMED, cls.between_groups(errors, held.context).within, 1)
        group = np.unique(bare if stack.plan.context.unseen else held.contexts, return_inverse=True)[1][held.context]
        return cls.between_groups(errors, group)

    @classmethod
    def between_groups(cls, errors: Values, group: NDArray[np.int64]) -> Self:
        """Estimate them from errors (n,) and the numbers of their devices (n,)."""
        counts = np.bincount(group)
        means = np.bincount(group, errors) / np.maximum(counts, 1)
        present = counts > 0
        freedom = max(1, len(errors) - int(present.sum()))
        within = float(np.square(errors - means[group]).sum() / freedom)
        noise = within * float(np.mean(1 / counts[present]))
        between = float(np.square(means[present]).mean()) - noise
        return cls(float(np.sqrt(max(between, LEAST**2))), float(np.sqrt(max(within, LEAST**2))), int(present.sum()))

    def calibrated(self, predicted: ArrayLike, measured: ArrayLike) -> Calibration:
        """Learn the error of a device from n of its measurements.

        The device's factor is shrunk towards 1: the less, the more factors differ between the devices that were learnt
        from. The spread within a device starts at theirs, and is updated from the second measurement on.

        Args:
            predicted: (n,) predictions for the measured networks; n may be 0.
            measured: (n,) their latencies, in the same unit.

        Raises:
            ArchflowError: If a latency is not positive, or there is not one for each prediction.
        """
        given = np.asarray(predicted, np.float64)
        if not len(given):
            return Calibration(0.0, float(np.hypot(self.between, self.within)), 0)
        errors = np.log(checked_latencies("measured", measured)) - np.log(given)
        n, mean = len(errors), float(errors.mean())
        own = float(np.square(errors - mean).sum())
        within = (PRIOR * self.within**2 + own) / (PRIOR + n - 1)
        precision = n / within + 1 / self.between**2
        shift = mean * (n / within) / precision
        return Calibration(shift, float(np.sqrt(1 / precision + within)), n)


@dataclass(frozen=True)
class Calibration:
    """The result of calibrating a device by measurements.

    Attributes:
        shift: Expected log(latency / prediction).
        spread: Its standard deviation for a further network.
        measured: n, the number of measurements.
    """

    shift: float
    spread: float
    measured: int

    @property
    def factor(self) -> float:
        """The factor by which predictions are multiplied."""
        return float(np.exp(self.shift))

    def interval(self, predicted: ArrayLike, coverage: float) -> tuple[Values, Values, Values]:
        """(N,) calibrated latencies, and the ends of intervals that hold this fraction of them.

        A t distribution allows for the errors being heavy-tailed and their spread being estimated.
        """
        from scipy.stats import t

        if not 0 < coverage < 1:
            raise ArchflowError(f"coverage {coverage:g}: give a fraction between 0 and 1, such as 0.9")
        centre = np.log(np.asarray(predicted, np.float64)) + self.shift
        reach = float(t.ppf((1 + coverage) / 2, PRIOR)) * self.spread
        return np.exp(centre), np.exp(centre - reach), np.exp(centre + reach)
