"""Upper bounds of metrics."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from archflow.predict.direction import usually_lower

ACCURACIES = frozenset(("accuracy", "accuracies", "acc", "accs"))
"""Words in the names of metrics that are fractions or percentages by definition."""


def greatest_possible(labels: NDArray[np.float64], metric: str = "") -> float | None:
    """The upper bound of a metric, or None if it has no known one.

    It is 1 if all labels are 0 or 1, and 1 or 100 if the name says that it is an accuracy and its labels are fractions
    or percentages. The lower bound of these metrics is 0. Labels alone show no bound, however close together they are:
    others may be larger.

    Args:
        labels: (n,) all known labels.
        metric: Its name.
    """
    if np.isin(labels, (0.0, 1.0)).all():
        return 1.0
    if not _is_accuracy(metric) or labels.min() < 0 or labels.max() > 100:
        return None
    return 1.0 if labels.max() <= 1 else 100.0


def _is_accuracy(metric: str) -> bool:
    words = {*map(str.lower, re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", metric)), *re.split("[^a-z]+", metric.lower())}
    found = words & ACCURACIES or any(word.endswith(("acc", "accuracy")) for word in words)
    return bool(found) and not usually_lower(metric)
