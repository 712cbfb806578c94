"""The proxy from the activity of rectifiers: do images fall into different linear regions of the network?"""

from __future__ import annotations

import math

import torch

from archflow.networks.zero_cost.passes import PROXIES, Passes


@PROXIES.register("nwot")
def nwot(passes: Passes) -> float:
    """Log-determinant of the images' agreement: K_ij is in how many ReLUs images i and j are both active or both not.

    NaN where images cannot be told apart by their codes, and for a network without ReLUs. Source: Mellor et al.,
    "Neural Architecture Search without Training", ICML 2021.
    """
    batch = len(passes.forward.scores)
    agreement = torch.zeros(batch, batch, dtype=torch.float64)
    for code in passes.forward.codes:
        # Of signs, a product counts agreements less disagreements: exact in float32 up to 2^24 units.
        signs = code.to(torch.float32).mul_(2).sub_(1)
        agreement += ((signs @ signs.T).double().cpu() + code.shape[1]) / 2
    sign, logarithm = torch.linalg.slogdet(agreement)
    return float(logarithm) if sign > 0 else math.nan
