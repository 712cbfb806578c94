"""The proxy based on ReLU activation patterns: do images fall into different linear regions of the network?"""

from __future__ import annotations

import math

import torch

from archflow.networks.zero_cost.passes import PROXIES, Passes


@PROXIES.register("nwot")
def nwot(passes: Passes) -> float:
    """Log-determinant of the agreement matrix K of the images.

    K_ij is the number of ReLUs with the same state for images i and j.

    NaN if some images have equal codes, and for a network without ReLUs.

    Source: Mellor et al., "Neural Architecture Search without Training", ICML 2021.
    """
    batch = len(passes.forward.scores)
    agreement = torch.zeros(batch, batch, dtype=torch.float64)
    for code in passes.forward.codes:
        # A product of signs counts agreements minus disagreements, exactly in float32 up to 2^24 units.
        signs = code.to(torch.float32).mul_(2).sub_(1)
        agreement += ((signs @ signs.T).double().cpu() + code.shape[1]) / 2
    sign, logarithm = torch.linalg.slogdet(agreement)
    return float(logarithm) if sign > 0 else math.nan
