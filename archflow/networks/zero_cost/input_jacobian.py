"""Proxies from the gradient of the scores with respect to the images: do images have different gradients?"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from archflow.networks.zero_cost.passes import PROXIES, Passes

EPSILON = 1e-5
"""Added to eigenvalues and correlations before the logarithm."""

MANY_CLASSES = 100
"""Number of classes above which `epe_nas` compares classes with each other."""


@PROXIES.register("jacov")
def jacov(passes: Passes) -> float:
    """-sum over v of log(v + eps) + 1 / (v + eps), for the eigenvalues v of the correlations between images' gradients.

    Source: Mellor et al., "Neural Architecture Search without Training", first version (2020).
    """
    correlations = _correlations(passes.input_jacobian)
    if not correlations.isfinite().all():
        return math.nan
    shifted = torch.linalg.eigvalsh(correlations) + EPSILON
    return -float((shifted.log() + 1 / shifted).sum())


@PROXIES.register("epe_nas")
def epe_nas(passes: Passes) -> float:
    """Sum over the classes of |sum of log(|correlations within the class| + eps)|.

    With over 100 classes the inner sum is divided by the number of the class's images, and the score is the mean over
    the classes of their distances to all others.

    Source: Lopes et al., "EPE-NAS: Efficient Performance Estimation Without Training for Neural Architecture Search",
    ICANN 2021.
    """
    gradients, labels = passes.input_jacobian, passes.labels
    groups = [_correlations(gradients[labels == label]) for label in labels.unique()]
    sums = torch.stack([(group.abs() + EPSILON).log().sum() for group in groups])
    if passes.forward.scores.shape[1] <= MANY_CLASSES:
        return float(sums.abs().sum())
    sums = sums / sums.new_tensor([len(group) for group in groups])
    return float((sums[:, None] - sums).abs().sum()) / len(sums)


def _correlations(rows: Tensor) -> Tensor:
    """(B, d) -> (B, B) correlations in double precision; NaN where a row is constant."""
    centred = rows.double() - rows.double().mean(dim=1, keepdim=True)
    directions = centred / centred.norm(dim=1, keepdim=True)
    return directions @ directions.T
